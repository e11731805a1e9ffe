"""The whole chain for one patient as SBML Level 3 Version 2, doses and experiments included.

Every name is an SBML parameter: states have rate rules, signals assignment rules, what depends on
parameters alone initial assignments. There is no compartment or species, for the plasma amounts
and the scaled states of the brain share no volume.
"""

import libsbml
import numpy as np

import ketaqsp
from ketaqsp import NOTICE
from ketaqsp.errors import BadInput, KetaqspError
from ketaqsp.export import annotate, mathml
from ketaqsp.export.events import events
from ketaqsp.export.symbols import equations
from ketaqsp.export.unit_definitions import define
from ketaqsp.parameters import rows
from ketaqsp.patient.simulate import describe

NAMESPACE = "urn:ketaqsp:about"
XHTML = "http://www.w3.org/1999/xhtml"


def to_sbml(model, values, schedule, interventions=()):
    """SBML text of `model` for one patient; the same input gives the same bytes.

    values: {parameter: number}, every name of model.parameters (others are left out). schedule:
    dose.schedule.Schedule of one patient. interventions: solve.Intervention. Time in h, amounts
    in umol. A dose or an experiment is an event at the edge where it begins or ends; what is given
    at 0 h is in the initial values. Raises BadInput for a missing or non-finite value, a schedule
    of several patients, or a drug or parameter that the model does not have.
    """
    numbers = _numbers(model, values)
    plan = events(model, numbers, schedule, interventions)
    written = equations(model)
    document = libsbml.SBMLDocument(3, 2)
    out = document.createModel("ketaqsp")
    out.setName("ketamine from dose to mood, one patient")
    out.setTimeUnits(define(out, "h"))
    out.setSubstanceUnits(define(out, "umol"))
    out.setExtentUnits(define(out, "umol"))
    out.setVolumeUnits(define(out, "L"))
    _about(out)
    first = plan[0] if plan and plan[0].time == 0 else None
    _parameters(out, model, numbers, plan)
    _inputs(out, model, plan, first)
    _unknowns(out, model, written)
    _starts(out, model, written, first)
    for key, value in written.rules.items():
        _math(out.createAssignmentRule(), "Variable", key, mathml.tree(value))
    for key, value in written.rates.items():
        _math(out.createRateRule(), "Variable", key, mathml.tree(value))
    for event in plan:
        _event(out, event, model, written)
    return libsbml.writeSBMLToString(document)


def _numbers(model, values):
    """{parameter: float}, checked."""
    out = {}
    for name in model.parameters:
        if name not in values:
            raise BadInput(f"parameter {name} has no value; give every name of model.parameters.")
        value = np.asarray(values[name], dtype=float)
        if value.size != 1 or not np.isfinite(value).all():
            raise BadInput(f"parameter {name} is {values[name]!r}; give one finite number.")
        out[name] = value.item()
    return out


def _unit_of_parameters():
    return {r.symbol: r.unit for r in rows() if r.role == "default"}


def _about(out):
    said = f"Written by ketaqsp {ketaqsp.__version__}. {NOTICE}"
    _done(out.setNotes(f'<body xmlns="{XHTML}"><p>{said}</p></body>'), "notes")
    about = f'version="{ketaqsp.__version__}" notice="{NOTICE}"'
    annotate.mark(out, annotate.FRAMEWORK, annotate.identifiers(annotate.MODEL))
    _done(out.appendAnnotation(f'<k:about xmlns:k="{NAMESPACE}" {about}/>'), "annotation")


def _parameters(out, model, numbers, plan):
    known = {r.symbol: r for r in rows() if r.role == "default"}
    moved = {name for event in plan for name in event.values}
    for name in model.parameters:
        if name not in known:
            raise BadInput(f"parameter {name} is a row of no table; add it to the link's table.")
        row = known[name]
        fixed = name not in moved
        made = _parameter(out, name, row.unit, row.meaning, numbers[name], constant=fixed)
        annotate.mark(made, annotate.sbo(name, row.unit), annotate.paper(row.source))


def _inputs(out, model, plan, first):
    moved = {name for event in plan if event.time > 0 for name in event.rates}
    for name in model.inputs:
        rate = first.rates.get(name, 0.0) if first else 0.0
        label = f"rate at which {name} is given"
        made = _parameter(out, f"input_{name}", "umol/h", label, rate, constant=name not in moved)
        annotate.mark(made, annotate.PARAMETER, annotate.identifiers(name))


def _unknowns(out, model, written):
    """Signals that are fixed, signals that vary, states."""
    for name, (unit, label) in describe(model).items():
        made = _parameter(out, name, unit, label, constant=name in written.constants)
        annotate.mark(made, annotate.sbo(name, unit), annotate.identifiers(name))


def _starts(out, model, written, first):
    """Values at 0 h: numbers where they are numbers, else initial assignments."""
    for key, value in written.constants.items():
        _math(out.createInitialAssignment(), "Symbol", key, mathml.tree(value))
    entering = _entering(out, first, model, written) if first else {}
    for state, value in written.starts.items():
        parts = entering.get(state, [])
        if value.is_Integer and not parts:
            _done(out.getParameter(state).setValue(int(value)), state)
            continue
        nodes = [] if value == 0 else [mathml.tree(value)]
        _math(out.createInitialAssignment(), "Symbol", state, _plus(nodes + parts))


def _entering(out, event, model, written):
    """{state: [trees of what an event adds to it]}, from a steady state and from doses."""
    about, added = describe(model), {}
    for state, value in event.added.items():
        added[state] = [mathml.number(value, define(out, about[state][0]))]
    for name, amount in event.amounts.items():
        for state, gain in written.entry[name].items():
            node = mathml.number(amount, "umol")
            if gain != 1:
                node = mathml.apply(libsbml.AST_TIMES, mathml.tree(gain), node)
            added.setdefault(state, []).append(node)
    return added


def _states(out, event, model, written):
    """{state: tree of its value after an event}, of those that it moves."""
    entering = _entering(out, event, model, written)
    linear = {state for system in model.linear for state in system.states}
    about, sets = describe(model), {}
    for state, value in written.starts.items():
        before = [] if event.cleared else [mathml.name(state)]
        if state in linear and (state in entering or event.cleared):
            nothing = [mathml.number(0.0, define(out, about[state][0]))]
            sets[state] = _plus(before + entering.get(state, []) or nothing)
        elif state not in linear and event.rested:
            unit = define(out, about[state][0])
            number = value.is_Integer or value.is_Float
            sets[state] = mathml.number(float(value), unit) if number else mathml.tree(value)
    return sets


def _plus(nodes):
    return nodes[0] if len(nodes) == 1 else mathml.apply(libsbml.AST_PLUS, *nodes)


def _event(out, event, model, written):
    """One SBML event; what belongs to 0 h and is in the initial values is left out."""
    sets = {}
    if event.time > 0:
        per_hour = define(out, "umol/h")
        for name, rate in event.rates.items():
            sets[f"input_{name}"] = mathml.number(rate, per_hour)
        sets.update(_states(out, event, model, written))
    units = _unit_of_parameters()
    for name, value in event.values.items():
        sets[name] = mathml.number(value, define(out, units[name]))
    if not sets:
        return
    created = out.createEvent()
    created.setId(f"event_{out.getNumEvents()}")
    created.setUseValuesFromTriggerTime(True)
    annotate.mark(created, annotate.OCCURRING)
    trigger = created.createTrigger()
    trigger.setPersistent(True)
    trigger.setInitialValue(event.time > 0)  # False lets an event at 0 h fire
    now = mathml.number(event.time, define(out, "h"))
    _done(trigger.setMath(mathml.apply(libsbml.AST_RELATIONAL_GEQ, mathml.time(), now)), "trigger")
    for variable, node in sets.items():
        _math(created.createEventAssignment(), "Variable", variable, node)


def _parameter(out, name, unit, label, value=None, constant=False):
    made = out.createParameter()
    _done(made.setId(name), name)
    made.setName(label)
    made.setUnits(define(out, unit))
    made.setConstant(constant)
    if value is not None:
        made.setValue(value)
    return made


def _math(element, attribute, target, node):
    """Point an element at its variable and give it its equation."""
    annotate.mark(element, annotate.EXPRESSION)
    _done(getattr(element, f"set{attribute}")(target), target)
    _done(element.setMath(node), target)


def _done(code, what):
    if code != libsbml.LIBSBML_OPERATION_SUCCESS:
        said = libsbml.OperationReturnValue_toString(code)
        raise KetaqspError(f"{what} cannot be written to SBML: {said}")
