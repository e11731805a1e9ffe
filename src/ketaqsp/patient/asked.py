"""What simulate() is asked, checked before any work: every message names value and remedy."""

from functools import lru_cache
from importlib.util import find_spec
from numbers import Real

import numpy as np

from ketaqsp.blocks import terms
from ketaqsp.dose.quantity import even_step, number, parse_time
from ketaqsp.dose.regimen import Regimen
from ketaqsp.errors import BadInput, unknown
from ketaqsp.patient.cohort import Cohort, typical
from ketaqsp.patient.given import check_range, listed
from ketaqsp.patient.summary import TOPS
from ketaqsp.solve import Intervention

MOST_DAYS = 730
LEAST_STEP_H = 1 / 60
SOLVERS = ("default", "numpy", "jax", "reference")
EXITS = ("slow", "split")
SAME_H = 1e-9  # times are kept to this
NEAR = 1e-12  # of two lengths that are one: a few roundings


def regimens(regimen, declared=None):
    """Raises BadInput unless it is a Regimen, or a list of them, one a patient.

    declared: a Regimen too, or None.
    """
    if declared is not None and not isinstance(declared, Regimen):
        raise BadInput(
            f"declared is {declared!r}; allowed: a Regimen of every dose, or None.",
            field="declared",
        )
    if isinstance(regimen, Regimen):
        return
    remedy = "Write infusion(mg_per_kg=0.5), or nothing() for no drug."
    if isinstance(regimen, dict):
        remedy = "Of {ID: Regimen} pass list(regimens.values()), with cohort(ids=list(regimens))."
    allowed = "allowed: a Regimen, or a list of them, one a patient"
    if not isinstance(regimen, list | tuple):
        said = type(regimen).__name__ if isinstance(regimen, dict) else repr(regimen)
        raise BadInput(f"regimen is {said}; {allowed}. {remedy}", field="regimen")
    for place, one in enumerate(regimen):
        if not isinstance(one, Regimen):
            raise BadInput(
                f"regimen of patient {place} is {one!r}; {allowed}. {remedy}", field="regimen"
            )


def span(days, every):
    """(days, step in h) as numbers. days: a number, or text such as "28 d"; every: text, or h."""
    if isinstance(days, str):
        days = parse_time(days, "days") / 24
    remedy = "Write for example days=28, or '28 d'."
    days = number(
        *(_plain(days), "days"), low=0.0, low_allowed=False, high=MOST_DAYS, unit="d",
        remedy=remedy, field="days",
    )  # fmt: skip
    until = 24 * days
    step = parse_time(every, "every") if isinstance(every, str) else _plain(every)
    longest = until + SAME_H  # the run itself, which days and back may have rounded
    if not isinstance(step, Real) or isinstance(step, bool) or not LEAST_STEP_H <= step <= longest:
        said = f"{step:g} h" if isinstance(step, Real) else repr(step)
        raise BadInput(
            f"every is {said}; allowed: 1 min to the length of the run, {until:g} h. Write for "
            f"example every='{min(1.0, until):g} h'.",
            field="every",
        )
    return days, min(even_step(float(step)), until)


def further_times(extra, until_h):
    """`extra_times` as a tuple of floats: hours within the run."""
    allowed = f"allowed: a list of hours from 0 to the end of the run, {until_h:g} h"
    try:
        found = tuple(_plain(t) for t in ([extra] if isinstance(extra, Real) else extra))
    except TypeError:
        found = (extra,)
    for t in found:
        if not isinstance(t, Real) or not -SAME_H <= t <= until_h + SAME_H:
            said = f"{t:g} h" if isinstance(t, Real) else repr(t)
            raise BadInput(
                f"extra_times holds {said}; {allowed}. Leave it out, or make days longer.",
                field="extra_times",
            )
    return tuple(map(float, found))


def _plain(x):
    """A number that came as an array without dimensions is that number."""
    return x.item() if isinstance(x, np.ndarray | np.generic) and x.ndim == 0 else x


def names(wanted, model, rater_noise=False):
    """`wanted` as a tuple of variables of the model, or None; one may be named by itself.

    Raises BadInput for an unknown name, and if a rater is asked for and would have no scale.
    """
    flags(rater_noise=rater_noise)
    if wanted is None:
        return None
    wanted = listed(wanted, "wanted", "variables, such as ['madrs']")
    known = {*model.states, *model.signals}
    for name in wanted:
        if not isinstance(name, str) or name not in known:
            raise unknown("variable", name, sorted(known), field="wanted")
    if rater_noise and not set(wanted) & set(TOPS):
        raise BadInput(
            f"rater_noise has nothing to rate in wanted={list(wanted)}; allowed: at least one of "
            f"{', '.join(TOPS)}. Add one to wanted, or leave rater_noise out.",
            field="rater_noise",
        )
    return wanted


@lru_cache(maxsize=32)
def changeable(model):
    """Parameters that may change during a run: the linear systems are solved with theirs kept.

    What the sweep reads by way of a constant (the spines before any dose) is as it was, too.
    """
    blocks = (*model.sweep, *model.readouts)
    read = {name for block in blocks for _, term in terms(block) for name in term.names}
    return tuple(name for name in model.parameters if name in read)


def experiments(interventions, parameters, model, until_h):
    """`interventions` as a tuple of Intervention, each with its hours, on what the model reads.

    until_h: the end of the run.
    """
    some = (interventions,) if isinstance(interventions, Intervention) else interventions
    example = "Write for example Intervention('ampa_block', 23.0, 25.0, 1.0)."
    try:
        some = tuple(some)
    except TypeError:
        raise BadInput(f"interventions is {some!r}, no list. {example}") from None
    for one in some:
        if not isinstance(one, Intervention):
            raise BadInput(f"{one!r} is no Intervention. {example}", field="interventions")
        if not isinstance(one.name, str) or one.name not in parameters:
            raise unknown("parameter", one.name, sorted(parameters), field="interventions")
        what = f"Intervention on {one.name}"
        if one.name not in model.parameters:
            raise BadInput(
                f"{what}: no equation reads {one.name} with these drugs and routes, so nothing "
                f"would change; allowed: the {len(model.parameters)} that are read. {example}",
                field="interventions",
            )
        if one.name not in changeable(model):
            raise BadInput(
                f"{what}: the rates of plasma hold for a whole run, so nothing would change; "
                f"allowed: the {len(changeable(model))} parameters of what lies behind it. For a "
                f"whole run write cohort.replace({one.name}=...).",
                field="interventions",
            )
        hours = (_plain(one.start_h), _plain(one.stop_h))
        for which, t in zip(("start_h", "stop_h"), hours, strict=True):
            if isinstance(t, bool) or not isinstance(t, Real) or not 0 <= t < np.inf:
                raise BadInput(
                    f"{what}: {which} is {t!r}; allowed: hours from 0. {example}",
                    field="interventions",
                )
        if not hours[0] < hours[1]:
            raise BadInput(
                f"{what}: stop_h {hours[1]:g} is not after start_h {hours[0]:g} h. {example}",
                field="interventions",
            )
        if hours[0] > until_h + SAME_H:
            raise BadInput(
                f"{what}: start_h {hours[0]:g} is after the end of the run, {until_h:g} h, so "
                "nothing would change. Leave it out, or make days longer.",
                field="interventions",
            )
        value = _plain(one.value)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise BadInput(f"{what}: value is {value!r}, no number. {example}")
        check_range(one.name, value)
    return some


def patients(cohort):
    """The Cohort: one typical patient for None."""
    if cohort is None:
        return typical()
    if not isinstance(cohort, Cohort):
        raise BadInput(f"cohort is {type(cohort).__name__}; make one with ketaqsp.cohort(...).")
    return cohort


def flags(**given):
    """Raises BadInput for an option that is neither True nor False: "no" would count as yes."""
    for name, value in given.items():
        if not isinstance(value, bool | np.bool_):
            raise BadInput(f"{name} is {value!r}; allowed: True or False.", field=name)


def means(solver, rescue, workers, exit, between_occasions=True):
    """Raises BadInput for a solver that is unknown or not installed, workers, or an exit."""
    flags(rescue=rescue, between_occasions=between_occasions)
    if solver not in SOLVERS:
        raise unknown("solver", solver, SOLVERS, field="solver")
    needs = "jax" if solver == "jax" else "diffrax" if solver == "reference" or rescue else None
    if needs and find_spec(needs) is None:
        which = 'solver="jax"' if needs == "jax" else "the reference solver"
        raise BadInput(
            f"{which} needs {needs}, which is not installed. Run: pip install 'ketaqsp[jax]'",
            field="solver",
        )
    if exit not in EXITS:
        raise unknown("exit", exit, EXITS, field="exit")
    whole = isinstance(workers, int | np.integer) and not isinstance(workers, bool)
    if workers is not None and not (whole and workers >= 1):
        raise BadInput(
            f"workers is {workers!r}; allowed: a whole number from 1, or None for every core.",
            field="workers",
        )
