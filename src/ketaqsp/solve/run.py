"""Run a model over a schedule: on one grid, and on finer ones for patients that fail."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from ketaqsp.solve import grid, memory, radau, reasons, ways
from ketaqsp.solve.native import engine as native
from ketaqsp.solve.sweep import NEGATIVE

CHUNK = 1024  # patients solved at once: what they need beside their results stays small
CARD = 16384  # the same in JAX: a card wants many
STATUS = ("solved", "solved on a finer grid", "failed", "solved by the reference solver")
FAILED, RESCUED = 2, 3


@dataclass(frozen=True)
class Intervention:
    """An added experiment: parameter `name` has `value` from start_h to stop_h, else its row's."""

    name: str
    start_h: float
    stop_h: float
    value: float


@dataclass(frozen=True)
class Result:
    """times (O,) h; states and signals {name: (O, n)}; status (n,) index into STATUS.

    reasons: {place of a failed patient: why}. level (n,): steps were halved so often. error (n,):
    largest error of a step, as estimated (radau.RTOL is aimed at), inf if failed.
    """

    times: np.ndarray
    values: dict
    status: np.ndarray
    steps: int
    reasons: dict = field(default_factory=dict)
    level: np.ndarray | None = None
    error: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Course:
    """A grid of times (K+1,) with its step lengths (K,).

    keep: points that are outputs; jumps: points where an input or a parameter jumps.
    """

    times: np.ndarray
    lengths: np.ndarray
    keep: np.ndarray
    jumps: np.ndarray

    @cached_property
    def per_step(self):
        """(K, 14), see radau.per_step: reckoned once a grid."""
        return radau.per_step(self.times, self.lengths, self.jumps)


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
    rescue=False,
):
    """Solve `model` for n patients.

    values: {parameter: number or (n,)}, every name of model.parameters. schedule: dose.Schedule.
    outputs: times in h at which results are kept. wanted: names to return (default all).
    solver: "default" is native code, "numpy" and "jax" the same method, "reference" diffrax.
    workers: threads of the native solver (default: every core). A patient's bits depend on neither
    workers nor company. The ladder: a patient with an error of a step above radau.RTOL, or that
    fails, is solved on finer grids, one after the other; who fails on the finest too by the
    reference solver, where `rescue` asks for it; else he is NaN with status 2 and a reason.
    progress: called now and then as progress(patients done, n).
    """
    n = schedule.n
    raw = np.ascontiguousarray(outputs, dtype=float).tobytes()
    jumps = [*schedule.edges_h, *(t for i in interventions for t in (i.start_h, i.stop_h))]
    asked = (tuple(map(float, jumps)), raw, float(until))
    outputs = _rounded(raw).copy()
    names = list(wanted if wanted is not None else (*model.states, *model.signals))
    solve = ways.of(solver)

    def attempt(rows, level, into, tell=None, how=solve, names=names):
        given = taken(values, rows, n)
        task = (model, given, schedule, rows, course(*asked, level), outputs, interventions)
        if into is not None:
            return how(task, names, into, workers, tell)
        into = np.empty((len(names), len(outputs), native.wide(len(rows))))
        return into, how(task, names, into, workers, tell)

    got = _Found.room(names, outputs, n)
    # Whole vectors, or one chunk would write over the next.
    chunk = native.wide(CARD if solver == "jax" else CHUNK)
    for first in range(0, n, chunk):
        rows = np.arange(first, min(first + chunk, n))
        here = got.out[:, :, first : first + native.wide(len(rows))]
        got.error[rows] = attempt(rows, 0, here, _within(progress, first, n))
        _finer(attempt, rows, here, got, grid.LEVELS if solver != "reference" else 1)
        got.error[rows[reasons.unsound(values, rows, n)]] = np.inf
        got.status[rows] = got.level[rows] > 0
        bad = rows[np.isinf(got.error[rows])]
        got.status[bad] = FAILED
        more = _last_rungs(attempt, model, values, schedule, bad, outputs, rescue, solver)
        got.take(more)
        got.out[:, :, rows[got.status[rows] == FAILED]] = np.nan
        if progress:
            progress(rows[-1] + 1, n)
    found = dict(zip(names, got.out[:, :, :n], strict=True))
    steps, error = len(course(*asked, 0).lengths), got.error**1.5
    return Result(outputs, found, got.status, steps, got.why, got.level, error)


@dataclass(frozen=True)
class _Found:
    """What is known of n patients so far: out (wanted, O, wide(n)), the rest as in Result.

    error: as estimated by the embedded method, not yet its power.
    """

    out: np.ndarray
    status: np.ndarray
    level: np.ndarray
    error: np.ndarray
    why: dict

    @classmethod
    def room(cls, names, outputs, n):
        out = memory.room(len(names), len(outputs), native.wide(n))
        return cls(out, np.zeros(n, np.int8), np.zeros(n, np.int8), np.zeros(n), {})

    def take(self, more):
        """What the last rungs of the ladder found."""
        for row, found in more.saved.items():
            self.out[:, :, row] = found
            self.status[row], self.error[row] = RESCUED, np.nan
        self.why.update(more.why)


def _finer(attempt, rows, here, got, levels):
    """Solve those of `rows` whose error is above the tolerance on finer grids.

    Who is above it on the finest grid too keeps what he has.
    """
    for finer in range(1, levels):
        again = rows[got.error[rows] > radau.LIMIT]
        if not again.size:
            return
        got.level[again] = finer
        into = np.empty((*here.shape[:2], native.wide(len(again))))
        got.error[again] = attempt(again, finer, into)
        got.out[:, :, again] = into[:, :, : len(again)]


@lru_cache(maxsize=8)
def course(jumps, outputs, until, level):
    """The Course through all jumps and outputs (bytes of an array of hours) on a level of grids."""
    outputs = _rounded(outputs)
    times = grid.steps(jumps, outputs, until, level)
    lengths, at = np.array(grid.sizes(times)), np.array(times)
    inside = np.array([t for t in jumps if t <= until])
    return Course(at, lengths, grid.places(times, outputs), np.searchsorted(at, inside - 1e-9))


@lru_cache(maxsize=8)
def _rounded(raw):
    """Output times (O,) as the grid has them, in order, from the bytes of an array of times."""
    return np.array(grid.merged({round(float(t), 9) for t in np.frombuffer(raw)}))


def _within(progress, first, n):
    """progress() from the start of a chunk, or None."""
    return progress and (lambda done: progress(first + done, n))


def taken(values, rows, n):
    """Parameter values of some patients; numbers stay numbers."""
    if len(rows) == n:
        return values
    return {k: v[rows] if np.ndim(v) and len(v) == n else v for k, v in values.items()}


@dataclass(frozen=True)
class _Rungs:
    """saved: {row: its values (wanted, O)} by the reference solver. why: {row: reason}."""

    saved: dict
    why: dict


def _last_rungs(attempt, model, values, schedule, rows, outputs, rescue, solver):
    """What becomes of patients whom finer grids did not help."""
    if not len(rows):
        return _Rungs({}, {})
    why = reasons.of_parameters(values, rows, schedule.n)
    rest = np.array([r for r in rows if int(r) not in why], dtype=int)
    saved = {}
    if rescue and rest.size and solver != "reference":
        found, still = attempt(rest, 0, None, how=ways.by_reference)
        still = np.isinf(still)
        saved = {int(r): found[:, :, i] for i, r in enumerate(rest) if not still[i]}
        rest = rest[still]
    why.update(_reasons(attempt, model, rest, outputs, solver))
    return _Rungs(saved, why)


def _reasons(attempt, model, rows, outputs, solver):
    """{row: why} of patients with sound parameters: what their curves do on the finest grid."""
    if solver == "reference":
        return dict.fromkeys(map(int, rows), "the reference solver does not arrive")
    names, found = list(model.states), {}
    for first in range(0, len(rows), reasons.AT_ONCE):
        some = rows[first : first + reasons.AT_ONCE]
        curves = np.empty((len(names), len(outputs), native.wide(some.size)))
        attempt(some, grid.LEVELS - 1, curves, names=names)
        for i, row in enumerate(some):
            found[int(row)] = reasons.of_curves(names, curves[:, :, i], outputs, NEGATIVE)
    return found
