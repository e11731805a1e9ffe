"""The whole chain for one patient as SBML Level 3 Version 2, doses and experiments included.

Every name is an SBML parameter: states have rate rules, signals assignment rules, what depends on
parameters alone initial assignments. There is no compartment or species, for the plasma amounts
and the scaled states of the brain share no volume.
"""

import libsbml
import numpy as np

import ketaqsp
from ketaqsp import NOTICE
from ketaqsp.errors import BadInput
from ketaqsp.export import annotate, mathml
from ketaqsp.export.elements import done, math, parameter
from ketaqsp.export.events import events
from ketaqsp.export.given import RATE, Given
from ketaqsp.export.symbols import equations
from ketaqsp.export.unit_definitions import DIMENSIONLESS, define, unit_id
from ketaqsp.parameters import rows
from ketaqsp.patient.simulate import describe

NAMESPACE = "urn:ketaqsp:about"
XHTML = "http://www.w3.org/1999/xhtml"
# Per hour, in the unit of the state: nothing beside any dose or tolerance, but never zero.
TRICKLE = 1e-20


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
    given = Given(out, model, written)
    first = plan[0] if plan and plan[0].time == 0 else None
    _parameters(out, model, numbers, plan)
    _inputs(out, model, plan, first)
    _unknowns(out, model, written)
    _starts(out, written, first, given)
    for key, value in written.rules.items():
        math(out.createAssignmentRule(), "Variable", key, mathml.tree(value))
    _rates(out, model, written)
    for event in plan:
        given.event(event)
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


def _about(out):
    said = f"Written by ketaqsp {ketaqsp.__version__}. {NOTICE}"
    done(out.setNotes(f'<body xmlns="{XHTML}"><p>{said}</p></body>'), "notes")
    about = f'version="{ketaqsp.__version__}" notice="{NOTICE}"'
    annotate.mark(out, annotate.FRAMEWORK, annotate.identifiers(annotate.MODEL))
    done(out.appendAnnotation(f'<k:about xmlns:k="{NAMESPACE}" {about}/>'), "annotation")


def _parameters(out, model, numbers, plan):
    known = {r.symbol: r for r in rows() if r.role == "default"}
    moved = {name for event in plan for name in event.values}
    for name in model.parameters:
        if name not in known:
            raise BadInput(f"parameter {name} is a row of no table; add it to the link's table.")
        row = known[name]
        fixed = name not in moved
        made = parameter(out, name, row.unit, row.meaning, numbers[name], constant=fixed)
        pointers = annotate.identifiers(name) + annotate.paper(row.source)
        annotate.mark(made, annotate.sbo(name, row.unit), pointers)


def _inputs(out, model, plan, first):
    moved = {name for event in plan if event.time > 0 for name in event.rates}
    for name in model.inputs:
        rate = first.rates.get(name, 0.0) if first else 0.0
        label = f"rate at which {name} is given"
        made = parameter(out, f"input_{name}", "umol/h", label, rate, constant=name not in moved)
        annotate.mark(made, RATE, annotate.identifiers(name))


def _unknowns(out, model, written):
    """Signals that are fixed, signals that vary, states."""
    for name, (unit, label) in describe(model).items():
        made = parameter(out, name, unit, label, constant=name in written.constants)
        annotate.mark(made, annotate.sbo(name, unit), annotate.identifiers(name))


def _rates(out, model, written):
    """Rate rules. A state at rest at zero gets a trickle, so that it never decays to nothing.

    A solver with one absolute tolerance may multiply it by each state as it is (libRoadRunner does,
    at events and at outputs): a state of 1e-60 that starts to rise would then stop the run, and one
    of 1e-310 would have no tolerance at all.
    """
    about = describe(model)
    for key, value in written.rates.items():
        node = mathml.tree(value)
        if written.starts[key] == 0:
            node = mathml.plus([node, _trickle(out, about[key][0])])
        math(out.createRateRule(), "Variable", key, node)


def _trickle(out, unit):
    """A reference to the trickle of this unit per hour."""
    per_hour = "1/h" if unit_id(unit) == DIMENSIONLESS else f"{unit}/h"
    key = f"trickle_{unit_id(per_hour)}"
    if out.getParameter(key) is None:
        label = "keeps states from decaying to nothing, for solvers that scale their tolerance"
        annotate.mark(parameter(out, key, per_hour, label, TRICKLE, constant=True), RATE)
    return mathml.name(key)


def _starts(out, written, first, given):
    """Values at 0 h: numbers where they are numbers, else initial assignments."""
    for key, value in written.constants.items():
        math(out.createInitialAssignment(), "Symbol", key, mathml.tree(value))
    entering = given.entering(first, "at 0 h", "start") if first else {}
    for state, value in written.starts.items():
        parts = entering.get(state, [])
        if value.is_Integer and not parts:
            done(out.getParameter(state).setValue(int(value)), state)
            continue
        nodes = [] if value == 0 else [mathml.tree(value)]
        math(out.createInitialAssignment(), "Symbol", state, mathml.plus(nodes + parts))
