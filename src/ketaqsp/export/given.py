"""Doses and experiments in SBML: named parameters for what is given and when, and their events."""

from dataclasses import dataclass
from functools import cached_property

import libsbml

from ketaqsp.export import annotate, mathml
from ketaqsp.export.elements import done, math, parameter
from ketaqsp.parameters import rows
from ketaqsp.patient.simulate import describe

AMOUNT, RATE, TIME = 361, 48, 584  # SBO: amount, constant rate of entry, time counted from 0 h


@dataclass(frozen=True)
class Given:
    """Writes the events of one model: out (libSBML's), model (ours), written (its Equations)."""

    out: object
    model: object
    written: object

    @cached_property
    def about(self):
        return describe(self.model)

    @cached_property
    def units(self):
        return {r.symbol: r.unit for r in rows() if r.role == "default"}

    def _number(self, key, unit, label, value, term, pointers=()):
        """A reference to a new parameter, so that no equation holds a number with a dimension."""
        made = parameter(self.out, key, unit, label, value, constant=True)
        annotate.mark(made, term, pointers)
        return mathml.name(key)

    def entering(self, event, when, key):
        """{state: [trees of what an event adds to it]}, from a steady state and from doses."""
        added = {}
        for state, value in event.added.items():
            label, unit = f"{state} of a steady state, added {when}", self.about[state][0]
            term, pointers = annotate.sbo(state, unit), annotate.identifiers(state)
            node = self._number(f"{key}_added_{state}", unit, label, value, term, pointers)
            added[state] = [node]
        for name, amount in event.amounts.items():
            label, pointers = f"amount of {name} given {when}", annotate.identifiers(name)
            amount_key = f"{key}_amount_{name}"
            self._number(amount_key, "umol", label, amount, AMOUNT, pointers)
            for state, gain in self.written.entry[name].items():
                node = mathml.name(amount_key)
                if gain != 1:
                    node = mathml.apply(libsbml.AST_TIMES, mathml.tree(gain), node)
                added.setdefault(state, []).append(node)
        return added

    def event(self, event):
        """One SBML event; what belongs to 0 h and is in the initial values is left out."""
        key = f"event_{self.out.getNumEvents() + 1}"
        sets = self._rates(event, key) | self._states(event, key) if event.time > 0 else {}
        for name, value in event.values.items():
            label, unit = f"{name} from {key} on", self.units[name]
            term = annotate.sbo(name, unit)
            sets[name] = self._number(f"{key}_{name}", unit, label, value, term)
        if not sets:
            return
        created = self.out.createEvent()
        created.setId(key)
        created.setUseValuesFromTriggerTime(True)
        annotate.mark(created, annotate.OCCURRING)
        trigger = created.createTrigger()
        trigger.setPersistent(True)
        trigger.setInitialValue(event.time > 0)  # False lets an event at 0 h fire
        now = self._number(f"{key}_time", "h", f"time of {key}", event.time, TIME)
        after = mathml.apply(libsbml.AST_RELATIONAL_GEQ, mathml.time(), now)
        done(trigger.setMath(after), "trigger")
        for variable, node in sets.items():
            math(created.createEventAssignment(), "Variable", variable, node)

    def _rates(self, event, key):
        sets = {}
        for name, rate in event.rates.items():
            label = f"rate at which {name} is given from {key} on"
            pointers = annotate.identifiers(name)
            node = self._number(f"{key}_input_{name}", "umol/h", label, rate, RATE, pointers)
            sets[f"input_{name}"] = node
        return sets

    def _states(self, event, key):
        """{state: tree of its value after an event}, of those that it moves."""
        entering = self.entering(event, f"at {key}", key)
        linear = {state for system in self.model.linear for state in system.states}
        sets = {}
        for state, value in self.written.starts.items():
            before = [] if event.cleared else [mathml.name(state)]
            if state in linear and (state in entering or event.cleared):
                parts = before + entering.get(state, []) or [_none(state)]
                sets[state] = mathml.plus(parts)
            elif state not in linear and event.rested:
                sets[state] = mathml.tree(value) if value != 0 else _none(state)
        return sets


def _none(state):
    """0 x: zero in the unit of the state."""
    return mathml.apply(libsbml.AST_TIMES, mathml.number(0), mathml.name(state))
