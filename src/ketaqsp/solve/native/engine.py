"""A compiled model and its runs: plans, memory and threads. Patients go by vectors of lanes."""

import ctypes
import os
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ketaqsp.solve.native import cache, compiler
from ketaqsp.solve.native.march import FIELDS
from ketaqsp.solve.native.program import program

MOST_LANES = 8
_KNOWN, _LOCK = {}, threading.Lock()


@dataclass(frozen=True)
class Grid:
    """What all patients of a run share.

    course: times, step lengths, outputs (solve.run.Course). edges: dose edges in h. changes:
    sorted (point, parameter, value, or None for the patient's own). restarts: (point, Start of
    solve.steady) in order.
    """

    course: object
    edges: np.ndarray
    changes: tuple
    restarts: tuple = ()


class Engine:
    """The machine code of one model. machine: another than the best this computer has."""

    entry, reverse = "march", False
    task = 8  # vectors a worker takes at a time: milliseconds, so that an interrupt is heard

    def __init__(self, model, machine=None):
        self.machine = machine or compiler.host()
        self.program = program(model, self.machine, self.reverse)
        name = cache.key(compiler.identity(), self.program.text)
        code = cache.load(name)
        if code is None:
            code = compiler.compiled(self.program.text)
            cache.keep(name, code)
        self._library, addresses = compiler.linked(code, [self.entry])
        three = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        self._march = ctypes.CFUNCTYPE(None, *three)(addresses[self.entry])
        self._rows = {name: i for i, name in enumerate(self.program.parameters)}

    def solve(self, values, n, given, grid, out, wanted, negative, workers, tell=None):
        """Run n patients over a Grid.

        values: {parameter: number or (n,)}. given: (rates, amounts), each {input: (edges, n)} in
        umol/h and umol. out (len(wanted), outputs, wide(n)) is filled with the values named
        `wanted`. Returns (n,): the largest estimate of a step's error (radau.SPREAD), inf where an
        output is not finite or a state was below `negative`.
        workers: threads. tell: called with the number of patients done.
        """
        plan = _Plan(self, values, given, grid, n, out, wanted, negative)
        self._all(plan, n, workers, tell)
        return np.where(plan.bad[:n] > 0, np.inf, plan.error[:n])

    def _all(self, plan, n, workers, tell=None):
        """Run a plan, in pieces, on so many threads."""
        lanes, groups = self.machine.lanes, plan.groups
        pieces = [range(i, min(i + self.task, groups)) for i in range(0, groups, self.task)]
        if workers == 1 or len(pieces) == 1:
            for piece in pieces:
                self._run(plan, piece)
                if tell:
                    tell(min(piece.stop * lanes, n))
            return
        with ThreadPoolExecutor(min(workers, len(pieces))) as pool:
            waiting = [pool.submit(self._run, plan, piece) for piece in pieces]
            try:
                for done, future in enumerate(as_completed(waiting), 1):
                    future.result()
                    if tell:
                        tell(min(done * self.task * lanes, n))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _run(self, plan, groups):
        memory = _aligned((self._room(plan), self.machine.lanes))
        for group in groups:
            self._march(memory.ctypes.data, plan.fields.ctypes.data, group)

    def _room(self, plan):
        """Vectors of memory that a worker needs."""
        return self.program.memory + self.program.table * plan.sizes


def engine(model, kind=Engine):
    """The Engine of a model (or another kind of it), made once a process."""
    with _LOCK:
        found = _KNOWN.get((kind, model))
        if found is None:
            found = _KNOWN[kind, model] = kind(model)
        return found


def wide(n):
    """Columns of the results of n patients: whole vectors, whatever the machine's, or one alone.

    Eight times the room for one patient costs more than his equations do.
    """
    return 1 if n == 1 else _whole(n)


def _whole(n):
    return -(-n // MOST_LANES) * MOST_LANES


def default_workers():
    """Threads used when nobody says: the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _aligned(shape):
    """Uninitialised doubles at an address that any vector may start from."""
    count = int(np.prod(shape))
    raw = np.empty(count + 8)
    first = (-raw.ctypes.data // 8) % 8
    return raw[first : first + count].reshape(shape)


class _Plan:
    """The fields of ketaqsp.solve.native.march, and the arrays they point to."""

    def __init__(self, engine, values, given, grid, n, out, wanted, negative):
        made, lanes = engine.program, engine.machine.lanes
        columns = _whole(n)
        # Whoever makes the vectors full needs no run: a patient alone is one vector, not two of 4.
        self.groups, self.kept = -(-n // lanes), []
        course = grid.course
        shared = _of_grid(course, grid.edges.tobytes())
        self.sizes = shared["n_sizes"]
        rates, amounts, used = self._given(made, given, grid, n, columns)
        again = self._restarts(made, grid, n, columns, used)
        self.steps = shared["steps"]
        self.bad, self.error = np.zeros(columns), np.zeros(columns)
        active = used[:, : self.groups * lanes].reshape(len(used), self.groups, lanes).any(axis=2)
        fields = {
            "parameters": _padded([values[name] for name in made.parameters], n, columns),
            "columns": columns,
            "rates": rates,
            "amounts": amounts,
            "used": used,
            "active": active,
            "groups": self.groups,
            "per_step": course.per_step,
            **shared,
            **again,
            **self._changes(engine, grid, shared["steps"]),
            "n_wanted": len(wanted),
            "wanted": np.array([made.slots[name] for name in wanted], dtype=np.int64),
            "out": out,
            "outputs": out.shape[1],
            "wide": out.strides[1] // 8,
            "alone": int(out.shape[2] == 1),
            "bad": self.bad,
            "error": self.error,
            "negative": int(np.float64(negative).view(np.int64)),
        }
        self.fields = np.array([self._field(fields[name]) for name in FIELDS], dtype=np.int64)

    def _field(self, x):
        if isinstance(x, int):
            return x
        if x.dtype.kind != "f":
            x = np.ascontiguousarray(x, dtype=np.int64)
        self.kept.append(x)
        return x.ctypes.data

    def _given(self, made, given, grid, n, columns):
        shape = (len(made.inputs), len(grid.edges), columns)
        rates, amounts = np.zeros(shape), np.zeros(shape)
        for target, source in zip((rates, amounts), given, strict=True):
            for name, x in source.items():
                row = target[made.inputs.index(name)]
                row[:, :n] = x
                row[:, n:] = x[:, -1:]
        used = np.zeros((len(made.systems), columns))
        for i, inputs in enumerate(made.systems):
            for name in inputs:
                j = made.inputs.index(name)
                used[i] += ((rates[j] != 0) | (amounts[j] != 0)).any(axis=0)
        return rates, amounts, (used > 0).astype(float)

    def _restarts(self, made, grid, n, columns, used):
        """Fields of what starts again; marks as used what a patient has from a steady state."""
        states = [name for some in made.states for name in some]
        count = len(grid.restarts)
        held, rested = np.ones((count, columns)), np.zeros((count, columns))
        added = np.zeros((count, len(states), columns))
        point = np.full(len(grid.course.lengths) + 1, -1)
        for row, (k, start) in enumerate(grid.restarts):
            point[k] = row
            for target, x in ((held[row], start.keep), (rested[row], start.rest)):
                target[:n], target[n:] = x, x[-1]
            for name, x in start.add.items():
                place = states.index(name)
                added[row, place, :n], added[row, place, n:] = x, x[-1]
        first = 0
        for i, some in enumerate(made.states):
            given = added[:, first : first + len(some)]
            used[i] = np.maximum(used[i], (given != 0).any(axis=(0, 1)))
            first += len(some)
        return {"restart": point, "held": held, "added": added, "rested": rested}

    def _changes(self, engine, grid, steps):
        points = np.array([c[0] for c in grid.changes], dtype=np.int64)
        return {
            "event_from": np.searchsorted(points, np.arange(steps + 2)),
            "event_row": np.array([engine._rows[c[1]] for c in grid.changes], dtype=np.int64),
            "event_back": np.array([c[2] is None for c in grid.changes], dtype=np.int64),
            "event_value": np.array([c[2] or 0.0 for c in grid.changes], dtype=float),
        }


@lru_cache(maxsize=8)
def _of_grid(course, edges):
    """Fields that follow from a Course and dose edges (bytes): the same for all who share them."""
    edges = np.frombuffer(edges)
    steps = len(course.lengths)
    sizes, size_of = np.unique(course.lengths, return_inverse=True)
    place = {round(x * 1e10): i for i, x in enumerate(sizes)}
    looks = np.full(steps + 1, -1)
    looks[course.keep] = np.arange(len(course.keep))
    jump = np.full(steps, -1)
    for edge, time in enumerate(edges):
        point = int(np.searchsorted(course.times, time - 1e-9))
        if point < steps:
            jump[point] = edge
    return {
        "edges": len(edges),
        "steps": steps,
        "lengths": course.lengths,
        "size_of": size_of,
        "interval": np.searchsorted(edges, course.times[:-1] + 1e-9, side="right") - 1,
        "jump": jump,
        "sizes": sizes,
        "halves": np.array([place.get(round(x / 2 * 1e10), -1) for x in sizes]),
        "n_sizes": len(sizes),
        "looks": looks,
    }


def _padded(rows, n, columns):
    """(rows, columns): numbers for everybody, and the last patient again to the end."""
    numbers = np.array([row if isinstance(row, float) else np.nan for row in rows])
    out = np.repeat(numbers[:, None], columns, axis=1)
    for i, row in enumerate(rows):
        if not isinstance(row, float):
            out[i, :n] = row
            out[i, n:] = out[i, n - 1]
    return out
