"""simulate(): a regimen given to patients, as an xarray Dataset with units and status."""

import json
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec

import numpy as np

from ketaqsp import NOTICE
from ketaqsp.blocks import Algebra, Amount, Competition, Flow
from ketaqsp.chain import PLACES, build, drugs_beside_ketamine
from ketaqsp.dose.quantity import parse_time
from ketaqsp.dose.schedule import schedule
from ketaqsp.errors import BadInput, unknown
from ketaqsp.patient import failures, occasions, store, summary
from ketaqsp.patient.cohort import Cohort, typical
from ketaqsp.patient.covariates import derived
from ketaqsp.patient.populations import ANCESTRIES, covariates
from ketaqsp.solve import STATUS, Intervention, Result, run
from ketaqsp.solve.grid import merged

MOST_DAYS = 730
PARTS = 1e-6  # a step this near to a part of an hour, relative, is that part
SOLVERS = ("default", "numpy", "reference")
# Own pre-dose value = 1: what a patient's curve is usually read against.
INTERNAL = ("input",)


def model_for(regimen, exit="slow", declared=None):
    """The chain with the companions that this regimen (or these regimens) need.

    For the doses that a protocol declares it has every place once anything but ketamine by vein is
    among them: protocols then share a few programs, where each would compile its own.
    """
    from ketaqsp.dose.drugs import drug
    from ketaqsp.dose.routes import places

    regimens = list(regimen) if isinstance(regimen, list | tuple) else [regimen]
    regimens += [] if declared is None else [declared]
    regimens = {id(r): r for r in regimens}.values()
    names = {name for r in regimens for d in r.drugs for name, _ in drug(d).analytes}
    beside = places(dose for r in regimens for dose in r.doses)
    own = tuple(name for name in beside if name in PLACES)
    others = drugs_beside_ketamine(names)
    if declared is not None and (own or any(others)):
        own = PLACES
    return _built(*others, exit, own)


# A model never changes, and what is derived from it (its names, its native code) is then shared.
_built = lru_cache(maxsize=32)(build)


def inhibited(name, regimen):
    """{symbol: factor} of an inhibitor for the ketamine of this regimen (or regimens); {} if None.

    Raises BadInput for an unknown name (with the nearest), or a route of which nothing is known.
    """
    if name is None:
        return {}
    from ketaqsp.dose.drugs import drug
    from ketaqsp.plasma import KETAMINE, inhibitors

    regimens = regimen if isinstance(regimen, list | tuple) else [regimen]
    doses = {(d.drug, d.route) for r in regimens for d in r.doses}
    routes = {route for which, route in doses if drug(which).analytes[0][0] in KETAMINE}
    return inhibitors.factors(name, routes)


def simulate(
    regimen,
    cohort=None,
    *,
    days,
    every="1 h",
    inhibitor=None,
    seed=0,
    rater_noise=False,
    between_occasions=True,
    solver="default",
    workers=None,
    rescue=False,
    out=None,
    interventions=(),
    wanted=None,
    exit="slow",
    extra_times=(),
    declared=None,
    progress=None,
):
    """Give `regimen` to `cohort` (default: one typical patient) and follow it for `days`.

    Returns an xarray Dataset with dims time (h) and patient, one variable per state and signal,
    each with units, long_name and source, and `status` per patient. every: output interval such
    as "6 h". inhibitor: a drug taken throughout that changes the enzymes of ketamine, such as
    "clarithromycin" (plasma/inhibitors.csv). wanted: only these variables. interventions:
    experiments such as Intervention("ampa_block", 23, 25, 1.0). The mechanism alone: no
    expectancy, and no rater noise unless rater_noise asks for it (drawn with `seed`).
    between_occasions: people who were drawn take up another share of each day's dose by nose, mouth
    or gut. solver: "default" is native code, "numpy" the same method in NumPy as a check,
    "reference" diffrax (slow; needs the extra jax). rescue: let the reference solver try whom finer
    grids did not help; without it such a patient is NaN with status 2, and the attribute `failures`
    (JSON: {number: {status, reason, parameters of the model}}) says why. workers: threads (default:
    every core); numbers do not depend on it. out: a new .zarr or .csv to write as well. declared: a
    Regimen of all doses that a protocol declares, given or not. Covariates are coordinates.
    At the time of a dose the value before it is given. Raises BadInput, MachineError.
    """
    _check_solver(solver, rescue)
    _check_workers(workers)
    people = cohort if cohort is not None else typical()
    if not isinstance(people, Cohort):
        raise BadInput(f"cohort is {type(people).__name__}; make one with ketaqsp.cohort(...).")
    outputs, model = _outputs(days, every, extra_times), model_for(regimen, exit, declared)
    _check_wanted(wanted, model)
    _check_interventions(interventions, people)
    plan = schedule(regimen, people.weight(), declared)
    if between_occasions and people.keys is not None:
        plan = occasions.applied(plan, people.seed, people.keys)
    values = {name: people.parameters[name] for name in model.parameters}
    values |= inhibited(inhibitor, regimen)
    path = store.check_target(out) if out is not None else None
    how = (interventions, progress, wanted, solver, workers, rescue)
    result = run(model, values, plan, outputs[-1], outputs, *how)
    found = _with_failures(_dataset(result, model, people), result, people, values)
    if rater_noise:
        found = summary.rated(found, people.parameters, seed)
    if path is not None:
        store.save(found, path)
    return found


def _with_failures(found, result, people, values):
    """The attribute `failures`: by numbers of patients, as a piece of a cohort tells its own."""
    if not result.reasons:
        return found
    told = {
        str(people.ids[place]): failures.record(why, values, place)
        for place, why in sorted(result.reasons.items())
    }
    return found.assign_attrs(failures=json.dumps(told))


def _check_interventions(interventions, people):
    for i in interventions:
        if not isinstance(i, Intervention) or i.name not in people.parameters:
            raise BadInput(f"{i!r} is no Intervention on a known parameter.")


def _check_solver(name, rescue):
    if name not in SOLVERS:
        raise unknown("solver", name, SOLVERS, field="solver")
    if (name == "reference" or rescue) and find_spec("diffrax") is None:
        raise BadInput(
            "the reference solver needs diffrax, which is not installed. Run: "
            "pip install 'ketaqsp[jax]'",
            field="solver",
        )


def _check_workers(workers):
    if workers is None:
        return
    if not isinstance(workers, int | np.integer) or isinstance(workers, bool) or workers < 1:
        raise BadInput(
            f"workers is {workers!r}; allowed: a whole number from 1, or None for every core.",
            field="workers",
        )


def blank(regimen, cohort, *, days, every="1 h", exit="slow", extra_times=()):
    """The Dataset that simulate() would return, of nobody: each variable with its attributes.

    For whoever makes room for a result before it is there. Raises BadInput.
    """
    times, model = _outputs(days, every, extra_times), model_for(regimen, exit)
    values = {name: np.empty((len(times), 0)) for name in (*model.states, *model.signals)}
    nobody = replace(cohort, ids=cohort.ids[:0])
    return _dataset(Result(times, values, np.empty(0, np.int8), 0), model, nobody)


def _outputs(days, every, extra):
    days = float(days) if np.ndim(days) == 0 else np.nan
    if not np.isfinite(days) or not 0 < days <= MOST_DAYS:
        raise BadInput(f"days is {days!r}; allowed: above 0, at most {MOST_DAYS} d.", field="days")
    step = parse_time(every, "every") if isinstance(every, str) else float(every)
    if not 1 / 60 <= step <= 24 * days:
        raise BadInput(
            f"every is {step:g} h; allowed: 1 min to the length of the run, {24 * days:g} h.",
            field="every",
        )
    parts = round(1 / step)  # of an hour: "1 min" is 1/60 and not 0.016666667
    if parts and abs(step * parts - 1) < PARTS:
        step = 1 / parts
    count = int(np.floor(24 * days / step + 1e-9))
    grid = np.arange(count + 1) * step
    return np.array(merged(np.round(np.concatenate([grid, [24 * days], extra]), 9)))


def _check_wanted(wanted, model):
    known = {*model.states, *model.signals}
    for name in wanted or ():
        if name not in known:
            raise unknown("variable", name, sorted(known), field="wanted")


@lru_cache(maxsize=32)
def describe(model):
    """{name: (unit, long_name)} of every state and signal."""
    out = {}
    for block in model.blocks:
        if isinstance(block, Flow):
            continue
        if isinstance(block, Competition):
            out[block.name] = (block.unit, block.long_name)
            pool = block.long_name.partition(", ")[2]
            for name in block.bound:
                ligand = name.removeprefix(f"{block.name}_").replace("_", " ")
                out[name] = (block.unit, f"NMDA receptors holding {ligand}, {pool}")
        else:
            out[block.name] = (block.unit, block.long_name)
    return out


@lru_cache(maxsize=32)
def link_of(model):
    """{name: link} of every state and signal, by the module whose function moves it."""
    out = {}
    for block in model.blocks:
        if isinstance(block, Amount | Flow):
            names, home = block.states, "plasma"
        else:
            term = getattr(block, "value", None) or getattr(block, "production", None)
            term = term or getattr(block, "rate", None) or block.on[0]
            home = term.function.__module__.split(".")[1]
            names = (block.name, *block.states) if not isinstance(block, Algebra) else (block.name,)
        out.update(dict.fromkeys(names, home))
    return out


def status_flags():
    """Attributes of the variable that says how a patient was solved."""
    return {
        "units": "1",
        "long_name": "how the patient was solved",
        "source": "solver",
        "flag_values": list(range(len(STATUS))),
        "flag_meanings": "; ".join(STATUS),
    }


def _dataset(result, model, people):
    import xarray as xr

    about, home = describe(model), link_of(model)
    variables = {
        name: (
            ("time", "patient"),
            x,
            {"units": about[name][0], "long_name": about[name][1], "source": f"{home[name]} link"},
        )
        for name, x in result.values.items()
    }
    variables["status"] = (("patient",), result.status, status_flags())
    time = {"units": "h", "long_name": "time from the start of day 0", "source": "time grid"}
    number = {"units": "1", "long_name": "patient number", "source": "cohort"}
    return xr.Dataset(
        variables,
        coords={
            "time": ("time", result.times, time),
            "patient": ("patient", people.ids, number),
            **_coordinates(people),
        },
        attrs={
            "notice": NOTICE,
            "population": people.preset,
            "seed": people.seed,
            "steps": result.steps,
        },
    )


def _coordinates(people):
    """Covariates along the patients, each with unit and long name; none of a typical patient."""
    if not people.covariates:
        return {}
    out = {}
    for name, about in covariates().items():
        attrs = {"units": about.unit, "long_name": about.long_name, "source": "cohort"}
        if about.kind == "ancestry":
            attrs |= {"flag_values": list(range(len(ANCESTRIES)))}
            attrs |= {"flag_meanings": "; ".join(ANCESTRIES)}
        out[name] = ("patient", people.covariates[name], attrs)
    for name, (x, long_name, unit) in derived(people.covariates).items():
        out[name] = ("patient", x, {"units": unit, "long_name": long_name, "source": "cohort"})
    return out
