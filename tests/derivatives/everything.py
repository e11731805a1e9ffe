"""One cohort in which every route and drug is given: every parameter has something to do."""

from functools import lru_cache

import numpy as np

import ketaqsp as kq
from ketaqsp.dose.schedule import schedule
from ketaqsp.errors import BadInput
from ketaqsp.patient import occasions
from ketaqsp.patient.simulate import model_for
from ketaqsp.solve.run import run

HOURS = (2.0, 30.0)
STEP = 3e-5  # relative, of a central difference


def regimens():
    """Infusion, nasal spray, tablets, both and more beside ketamine, and nothing at all."""
    drug = kq.infusion(mg_per_kg=0.5, minutes=40)
    return [
        drug,
        kq.bolus("esketamine", mg=84, route="in"),
        kq.bolus(mg=100, route="po"),
        kq.bolus(mg=120, route="po_er"),
        kq.bolus(mg=50, route="im"),
        kq.bolus(mg=50, route="sl"),
        both(drug, kq.infusion("midazolam", mg_per_kg=0.045, minutes=40)),
        kq.bolus("midazolam", mg=5, route="in"),
        kq.bolus("midazolam", mg=5, route="po"),
        kq.bolus("midazolam", mg=5, route="im"),
        both(drug, kq.oral("memantine", mg=20, days=(0,))),
        kq.infusion("lanicemine", mg=100, minutes=60),
        kq.infusion("mk801", mg=1, minutes=60),
        kq.oral("oral_antidepressant", mg=20, days=(0,)),
        kq.bolus(mg=50, route="sc"),
        kq.nothing(),
    ]


def both(one, other):
    return kq.Regimen((*one.doses, *other.doses))


def people():
    return kq.cohort("trd", n=len(regimens()), seed=1)


@lru_cache(maxsize=1)
def names():
    model = model_for(regimens())
    return (*model.states, *model.signals)


def seen(cohort):
    """{read-out: (T, n)} by the solver: what simulate() shows, without its Dataset."""
    model, outputs = model_for(regimens()), np.array([0.0, *HOURS])
    values = {name: cohort.parameters[name] for name in model.parameters}
    plan = _plan(cohort.seed, tuple(cohort.keys), tuple(cohort.weight()))
    out = run(model, values, plan, HOURS[-1], outputs, wanted=names())
    return {name: x[1:] for name, x in out.values.items()}


@lru_cache(maxsize=4)
def _plan(seed, keys, weight):
    return occasions.applied(schedule(regimens(), np.array(weight)), seed, np.array(keys))


def moved(cohort, name):
    """{read-out: (T, n)} central differences by one parameter, and the step (n,)."""
    value = np.broadcast_to(np.asarray(cohort.parameters[name], float), (cohort.n,))
    step = STEP * np.maximum(np.abs(value), 1e-3)
    sides = [seen(with_value(cohort, name, value + way)) for way in (step, -step)]
    return {x: (sides[0][x] - sides[1][x]) / (2 * step) for x in names()}


def with_value(cohort, name, value):
    """The cohort with another value, beyond what a user may ask for too: a share just above 1."""
    try:
        return cohort.replace(**{name: value})
    except BadInput:
        other = cohort.replace()
        other.parameters[name] = value
        return other
