"""simulate(): a regimen given to patients, as an xarray Dataset with units and status."""

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ketaqsp import NOTICE
from ketaqsp.blocks import Algebra, Amount, Competition, Flow
from ketaqsp.chain import PLACES, build, drugs_beside_ketamine
from ketaqsp.dose.schedule import schedule
from ketaqsp.patient import asked, failures, occasions, store, summary
from ketaqsp.patient.covariates import derived
from ketaqsp.patient.populations import ANCESTRIES, covariates
from ketaqsp.patient.random import checked_seed
from ketaqsp.solve import STATUS, Result, run
from ketaqsp.solve.grid import apart, merged

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
    piece_of=None,
    progress=None,
):
    """Give `regimen` to `cohort` (default: one typical patient) and follow it for `days`.

    Returns an xarray Dataset with dims time (h) and patient, one variable per state and signal,
    each with units, long_name and source, and `status` per patient. days: a number, or text such
    as "28 d". every: output interval such as "6 h". extra_times: further hours, within the run.
    inhibitor: a drug taken throughout that changes the enzymes of ketamine, such as
    "clarithromycin" (plasma/inhibitors.csv). wanted: only these variables, or this one.
    interventions: experiments such as Intervention("ampa_block", 23, 25, 1.0). The mechanism alone:
    no expectancy, and no rater noise unless rater_noise asks for it (drawn with `seed`).
    between_occasions: people who were drawn take up another share of each day's dose by nose, mouth
    or gut. solver: "default" is native code, "numpy" and "jax" the same method as a check and for a
    card, "reference" diffrax (slow; the last two need the extra jax). rescue: let the reference
    solver try whom finer grids did not help; else he is NaN, status 2, and the attribute `failures`
    (JSON: {number: {status, reason, parameters of the model}}) says why. workers: threads (default:
    every core); numbers do not depend on it. out: a new .zarr or .csv to write as well. declared: a
    Regimen of all doses that a protocol declares, given or not. piece_of: the regimens (a tuple) of
    all of whom these are some: model and grid are theirs. Covariates are coordinates.
    At the time of a dose stands the value before it is given. Raises BadInput, MachineError.
    """
    asked.means(solver, rescue, workers, exit, between_occasions)
    asked.regimens(regimen, declared)
    seed, people = checked_seed(seed), asked.patients(cohort)
    among = regimen if piece_of is None else piece_of
    outputs, model = _outputs(days, every, extra_times), model_for(among, exit, declared)
    wanted = asked.names(wanted, model, rater_noise)
    interventions = asked.experiments(interventions, people.parameters, model, outputs[-1])
    plan = schedule(regimen, people.weight(), piece_of or declared)
    if between_occasions and people.keys is not None:
        plan = occasions.applied(plan, people.seed, people.keys)
    values = {n: people.parameters[n] for n in model.parameters} | inhibited(inhibitor, among)
    path = store.check_target(out) if out is not None else None
    how = (interventions, progress, wanted, solver, workers, rescue)
    result = run(model, values, plan, outputs[-1], outputs, *how)
    found = _with_failures(_dataset(result, model, people), result, people, values)
    found = summary.rated(found, people, seed) if rater_noise else found
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


def blank(regimen, cohort, *, days, every="1 h", exit="slow", extra_times=()):
    """The Dataset that simulate() would return, of nobody: each variable with its attributes.

    For whoever makes room for a result before it is there. Raises BadInput.
    """
    times, model = _outputs(days, every, extra_times), model_for(regimen, exit)
    values = {name: np.empty((len(times), 0)) for name in (*model.states, *model.signals)}
    nobody = replace(cohort, ids=cohort.ids[:0])
    return _dataset(Result(times, values, np.empty(0, np.int8), 0), model, nobody)


def _outputs(days, every, extra):
    days, step = asked.span(days, every)
    extra = asked.further_times(extra, 24 * days)
    return output_times(days, step, tuple(map(float, extra)))


@lru_cache(maxsize=8)
def output_times(days, step, extra=()):
    """Times (O,) in h: every `step` (h), at the end, and those of `extra` that none stands for.

    A time of `extra` that rounding sets beside one of the grid must not take its place: whoever
    asked for the grid would find that time missing.
    """
    count = int(np.floor(24 * days / step + 1e-9))
    grid = merged(np.round(np.append(np.arange(count + 1) * step, 24 * days), 9).tolist())
    times = np.array(sorted({*grid, *apart(np.round(extra, 9).tolist(), grid)}))
    times.flags.writeable = False
    return times


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
    """The result as a Dataset: the numbers put into a copy of an empty one, attributes copied."""
    names, times, ids = tuple(result.values), result.times, people.ids
    empty = _empty(model, names, times.tobytes(), (ids.dtype.str, ids.tobytes()))
    found = empty.copy(data={**result.values, "status": result.status})
    # A copy takes the attributes, not what they hold: a list is made anew.
    found.variables["status"].attrs.update(status_flags())
    found.attrs = {
        "notice": NOTICE,
        "population": people.preset,
        "seed": people.seed,
        "steps": result.steps,
    }
    return found.assign_coords(_coordinates(people)) if people.covariates else found


@lru_cache(maxsize=8)
def _empty(model, names, times, ids):
    """A Dataset of these variables, times and patients (as bytes) that holds no numbers.

    xarray spends milliseconds on comparing what 172 variables say of their dimensions; on a copy it
    need not.
    """
    import xarray as xr

    about, home = describe(model), link_of(model)
    times, ids = np.frombuffer(times), np.frombuffer(ids[1], ids[0])
    room = np.broadcast_to(np.nan, (len(times), len(ids)))
    variables = {
        name: (
            ("time", "patient"),
            room,
            {"units": about[name][0], "long_name": about[name][1], "source": f"{home[name]} link"},
        )
        for name in names
    }
    variables["status"] = (("patient",), np.zeros(len(ids), np.int8), status_flags())
    time = {"units": "h", "long_name": "time from the start of day 0", "source": "time grid"}
    number = {"units": "1", "long_name": "patient number", "source": "cohort"}
    coords = {"time": ("time", times, time), "patient": ("patient", ids, number)}
    return xr.Dataset(variables, coords=coords)


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
        out[name] = ("patient", people.covariates[name].copy(), attrs)
    for name, (x, long_name, unit) in derived(people.covariates).items():
        out[name] = ("patient", x, {"units": unit, "long_name": long_name, "source": "cohort"})
    return out
