"""Ways to solve one chunk of patients on one grid: native code, NumPy, JAX, diffrax.

Each takes (task, names, into, workers, tell). task: (model, values, schedule, places of the
patients, Course, outputs, interventions). into (names, outputs, wide(n)) is filled with the values
named. Each gives (n,): the largest estimate of a step's error, inf where a patient failed.
"""

import numpy as np

from ketaqsp.solve import plain
from ketaqsp.solve.native import engine as native
from ketaqsp.solve.plain import observe
from ketaqsp.solve.steady import starts
from ketaqsp.solve.sweep import NEGATIVE


def of(solver):
    """The way that a solver's name stands for."""
    known = {"default": by_native, "numpy": by_numpy, "jax": by_jax, "reference": by_reference}
    return known[solver]


def by_native(task, names, into, workers, tell):
    model, values, schedule, rows, course, _, interventions = task
    given = _entering(model, schedule, rows)
    changes = _changes(interventions, course.times)
    again = restarts(model, values, schedule, rows, course)
    plan = native.Grid(course, schedule.edges_h, changes, again)
    workers = workers or native.default_workers()
    solver = native.engine(model)
    return solver.solve(values, len(rows), given, plan, into, names, NEGATIVE, workers, tell)


def _entering(model, schedule, rows):
    """({input: (edges, n)} in umol/h, the same in umol at once) of the inputs that are used."""
    used = [name for name in model.inputs if name in schedule.rate]
    rates = {name: schedule.rate[name][:, rows] for name in used}
    amounts = {name: schedule.bolus[name][:, rows] for name in used}
    return rates, amounts


def restarts(model, values, schedule, rows, course):
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


def by_numpy(task, names, into, _workers, tell):
    model, values, schedule, rows, course, _, interventions = task
    share = tell and (lambda part: tell(part * len(rows)))
    again = restarts(model, values, schedule, rows, course)
    kept, error = plain.solve(model, values, schedule, rows, course, interventions, share, again)
    _fill(into, task, kept, names)
    return np.where(_failed(kept), np.inf, error)


def by_jax(task, names, into, _workers, tell):
    from ketaqsp.solve.gradient.solve import solve

    model, _, schedule, rows, *_ = task
    error = solve(task, _entering(model, schedule, rows), names, into)
    if tell:
        tell(len(rows))
    return error


def by_reference(task, names, into, _workers, tell):
    from ketaqsp.solve import reference

    model, values, schedule, rows, _, outputs, interventions = task
    rates, amounts = _entering(model, schedule, rows)
    jumps = [t for i in interventions for t in (i.start_h, i.stop_h)]
    edges = schedule.edges_h
    marks = np.unique([*edges, *(round(t, 9) for t in jumps if 0 < t < outputs[-1])])
    place = np.searchsorted(edges, marks + 1e-9, side="right") - 1
    at_edge = np.abs(edges[place] - marks) < 1e-9
    kept = {name: np.empty((len(outputs), len(rows))) for name in model.states}
    again = starts(model, values, schedule, rows)
    for i in range(len(rows)):
        one = {k: float(v[i]) if np.ndim(v) else float(v) for k, v in values.items()}
        given = (
            {k: x[place, i] for k, x in rates.items()},
            {k: x[place, i] * at_edge for k, x in amounts.items()},
        )
        changes = _changes_at(interventions)
        mine = [
            (x.time_h, x.keep[i], x.rest[i], {k: a[i] for k, a in x.add.items()}) for x in again
        ]
        found = reference.solve(model, one, given, marks, outputs, changes, mine)
        for name, x in found.items():
            kept[name][:, i] = x
        if tell:
            tell(i + 1)
    _fill(into, task, kept, names)
    return np.where(_failed(kept), np.inf, 0.0)


def _changes_at(interventions):
    """f(time) -> {parameter: value} of the experiments in force from then on."""

    def at(time):
        return {
            i.name: i.value for i in interventions if i.start_h - 1e-9 <= time < i.stop_h - 1e-9
        }

    return at


def _fill(into, task, kept, names):
    """The named values at the outputs, from the states there {name: (O, n)}."""
    model, values, _, rows, _, outputs, interventions = task
    with np.errstate(all="ignore"):
        seen = observe(model, values, kept, outputs, interventions, names)
    for row, name in enumerate(names):
        into[row, :, : len(rows)] = seen[name]


def _failed(kept):
    """(n,): has a state that is not finite, or negative."""
    bad = False
    for x in kept.values():
        with np.errstate(invalid="ignore"):
            bad = bad | ~np.isfinite(x).all(axis=0) | (x < NEGATIVE).any(axis=0)
    return bad
