"""Run a model over a schedule: on one grid, and on finer ones for patients that fail."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ketaqsp.solve import grid, plain, radau
from ketaqsp.solve.native import engine as native
from ketaqsp.solve.plain import _linear_pass, observe, with_constants  # noqa: F401
from ketaqsp.solve.steady import starts

CHUNK = 1024  # patients solved at once: what they need beside their results stays small
LEVELS = 3  # a patient that fails is solved again on halved steps, this many grids in all
NEGATIVE = -1e-6  # a state below this (relative to rest = 1) is a failure of the step
STATUS = ("solved", "solved on a finer grid", "failed")


@dataclass(frozen=True)
class Intervention:
    """An added experiment: parameter `name` has `value` from start_h to stop_h, else its row's."""

    name: str
    start_h: float
    stop_h: float
    value: float


@dataclass(frozen=True)
class Result:
    """times (O,) h; states and signals {name: (O, n)}; status (n,) index into STATUS."""

    times: np.ndarray
    values: dict
    status: np.ndarray
    steps: int


@dataclass(frozen=True, eq=False)
class Course:
    """A grid of times (K+1,) with its step lengths (K,); keep: points that are outputs."""

    times: np.ndarray
    lengths: np.ndarray
    keep: np.ndarray

    @cached_property
    def weights(self):
        """(K, 12), see radau.all_weights: reckoned once a grid."""
        return radau.all_weights(self.lengths)


def run(
    model,
    values,
    schedule,
    until,
    outputs,
    interventions=(),
    progress=None,
    wanted=None,
    solver="default",
    workers=None,
):
    """Solve `model` for n patients.

    values: {parameter: number or (n,)}, every name of model.parameters. schedule: dose.Schedule.
    outputs: times in h at which results are kept. wanted: names to return (default all).
    solver: "default" is native code, "numpy" the same method in NumPy. workers: threads of the
    native solver (default: every core). A patient's bits depend on neither workers nor company.
    A patient that cannot be solved is NaN with status 2. progress: called now and then as
    progress(patients done, n).
    """
    n = schedule.n
    raw = np.ascontiguousarray(outputs, dtype=float).tobytes()
    jumps = [*schedule.edges_h, *(t for i in interventions for t in (i.start_h, i.stop_h))]
    asked = (tuple(map(float, jumps)), raw, float(until))
    outputs = _rounded(raw).copy()
    names = list(wanted if wanted is not None else (*model.states, *model.signals))
    solve = _native if solver == "default" else _plain

    def attempt(rows, level, into, tell=None):
        given = _take(values, rows, n)
        task = (model, given, schedule, rows, _course(*asked, level), outputs, interventions)
        return solve(task, names, into, workers, tell)

    status = np.zeros(n, dtype=np.int8)
    out = np.empty((len(names), len(outputs), native.wide(n)))
    chunk = native.wide(CHUNK)  # whole vectors, or one chunk would write over the next
    for first in range(0, n, chunk):
        rows = np.arange(first, min(first + chunk, n))
        here = out[:, :, first : first + native.wide(len(rows))]
        bad = np.array(attempt(rows, 0, here, _within(progress, first, n)))
        for level in range(1, LEVELS):
            if not bad.any():
                break
            again = rows[bad]
            status[again] = 1
            finer = np.empty((*here.shape[:2], native.wide(len(again))))
            still = attempt(again, level, finer)
            out[:, :, again] = finer[:, :, : len(again)]
            bad[bad] = still
        status[rows[bad]] = 2
        out[:, :, rows[bad]] = np.nan
        if progress:
            progress(rows[-1] + 1, n)
    found = {name: out[i, :, :n] for i, name in enumerate(names)}
    return Result(outputs, found, status, len(_course(*asked, 0).lengths))


@lru_cache(maxsize=8)
def _course(jumps, outputs, until, level):
    outputs = _rounded(outputs)
    times = grid.steps(jumps, outputs, until, level)
    lengths = np.array(grid.sizes(times))
    return Course(np.array(times), lengths, grid.places(times, outputs))


@lru_cache(maxsize=8)
def _rounded(raw):
    """Output times (O,) as the grid has them, in order, from the bytes of an array of times."""
    return np.array(grid.merged({round(float(t), 9) for t in np.frombuffer(raw)}))


def _within(progress, first, n):
    """progress() from the start of a chunk, or None."""
    return progress and (lambda done: progress(first + done, n))


def _take(values, rows, n):
    """Parameter values of some patients; numbers stay numbers."""
    return {k: v[rows] if np.ndim(v) and len(v) == n else v for k, v in values.items()}


def _native(task, names, into, workers, tell):
    model, values, schedule, rows, course, _, interventions = task
    given = _given(model, schedule, rows)
    changes = _changes(interventions, course.times)
    restarts = _restarts(model, values, schedule, rows, course)
    plan = native.Grid(course, schedule.edges_h, changes, restarts)
    workers = workers or native.default_workers()
    solver = native.engine(model)
    return solver.solve(values, len(rows), given, plan, into, names, NEGATIVE, workers, tell)


def _given(model, schedule, rows):
    """({input: (edges, n)} in umol/h, the same in umol at once) of the inputs that are used."""
    used = [name for name in model.inputs if name in schedule.rate]
    rates = {name: schedule.rate[name][:, rows] for name in used}
    amounts = {name: schedule.bolus[name][:, rows] for name in used}
    return rates, amounts


def _restarts(model, values, schedule, rows, course):
    """((grid point, steady.Start), ...) of what lies on the grid."""
    found = starts(model, values, schedule, rows)
    points = [int(np.searchsorted(course.times, start.time_h - 1e-9)) for start in found]
    return tuple((k, x) for k, x in zip(points, found, strict=True) if k < len(course.times))


def _changes(interventions, times):
    """What is in force changes at these points: sorted (point, parameter, value or None)."""
    now, out = dict.fromkeys({i.name for i in interventions}), []
    edges = sorted({t for i in interventions for t in (i.start_h, i.stop_h)})
    for edge in edges:
        point = int(np.searchsorted(times, edge - 1e-9))
        if point == len(times):
            continue
        time = times[point]
        for name in now:
            value = None
            for i in interventions:
                if i.name == name and i.start_h - 1e-9 <= time < i.stop_h - 1e-9:
                    value = float(i.value)
            if value != now[name]:
                out.append((point, name, value))
                now[name] = value
    return tuple(out)


def _plain(task, names, into, _workers, tell):
    model, values, schedule, rows, course, outputs, interventions = task
    share = tell and (lambda part: tell(part * len(rows)))
    again = _restarts(model, values, schedule, rows, course)
    kept = plain.solve(model, values, schedule, rows, course, interventions, share, again)
    with np.errstate(all="ignore"):
        seen = observe(model, values, kept, outputs, interventions, names)
    for row, name in enumerate(names):
        into[row, :, : len(rows)] = seen[name]
    return _failed(kept)


def _failed(kept):
    bad = False
    for x in kept.values():
        with np.errstate(invalid="ignore"):
            bad = bad | ~np.isfinite(x).all(axis=0) | (x < NEGATIVE).any(axis=0)
    return bad
