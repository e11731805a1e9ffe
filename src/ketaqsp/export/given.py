"""Doses and experiments in SBML: named parameters for what is given and when, and their events.

An event that begins something also sets to zero what has decayed to nothing. A solver with one
absolute tolerance may multiply it by each state as it is when an event restarts it (CVODE in
libRoadRunner does), and a state that starts to rise from 1e-60 would then stop the run.
"""

from dataclasses import dataclass
from functools import cached_property

import libsbml

from ketaqsp.export import annotate, mathml
from ketaqsp.export.elements import done, math, parameter
from ketaqsp.export.unit_definitions import define
from ketaqsp.parameters import rows
from ketaqsp.patient.simulate import describe

# In the unit of the state. Far below any solver's tolerance, far above where the trouble begins.
NOTHING = 1e-20
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
        """{state: tree of its value after an event}, of those that it moves or tidies."""
        entering = self.entering(event, f"at {key}", key)
        linear = {state for system in self.model.linear for state in system.states}
        begins = any(event.rates.values()) or event.amounts or event.values or event.cleared
        sets = {}
        for state, value in self.written.starts.items():
            before = [] if event.cleared else [mathml.name(state)]
            if state in linear and (state in entering or event.cleared):
                parts = before + entering.get(state, []) or [_none(state)]
                sets[state] = mathml.plus(parts)
            elif state not in linear and event.rested:
                sets[state] = mathml.tree(value) if value != 0 else _none(state)
            elif value == 0 and begins:
                sets[state] = self._tidied(state)
        return sets

    def _tidied(self, state):
        """x piecewise(1 if |x| > nothing, otherwise 0)."""
        unit = self.about[state][0]
        key = f"nothing_{define(self.out, unit)}"
        if self.out.getParameter(key) is None:
            label = "a state nearer to zero than this is set to zero where something begins"
            self._number(key, unit, label, NOTHING, annotate.PARAMETER)
        size = mathml.apply(libsbml.AST_FUNCTION_ABS, mathml.name(state))
        there = mathml.apply(libsbml.AST_RELATIONAL_GT, size, mathml.name(key))
        one, zero = mathml.number(1), mathml.number(0)
        kept = mathml.apply(libsbml.AST_FUNCTION_PIECEWISE, one, there, zero)
        return mathml.apply(libsbml.AST_TIMES, mathml.name(state), kept)


def _none(state):
    """0 x: zero in the unit of the state."""
    return mathml.apply(libsbml.AST_TIMES, mathml.number(0), mathml.name(state))
