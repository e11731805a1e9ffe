"""The same solver in plain NumPy, patients on the last axis: a cross-check of the native one."""

import numpy as np

from ketaqsp.blocks import Algebra, Competition, terms
from ketaqsp.solve import linear, radau
from ketaqsp.solve.sweep import Sweep

BATCH = 128  # patients whose propagators are held at once: they stay in the cache
TELL_EVERY = 25  # steps between two reports of progress


def with_constants(model, values):
    """values with the signals that depend on parameters alone."""
    values = dict(values)
    for block in model.constants:
        values[block.name] = block.value(values)
    return values


def solve(model, values, schedule, rows, course, interventions, tell=None, starts=()):
    """({name: (O, n)} states at the outputs of a Course, (n,) error) of the patients `rows`.

    starts: {grid point: steady.Start}. error: the largest estimate of a step's error (see
    radau.SPREAD), inf where a state was negative.
    """
    starts = dict(starts)
    n = len(rows)
    p = with_constants(model, values)
    times, lengths, keep = course.times, list(map(float, course.lengths)), course.keep
    with np.errstate(all="ignore"):
        nodes, kept = _linear_pass(model, p, schedule, rows, times, lengths, keep, starts)
    varying = tuple({i.name for i in interventions})
    sweep = Sweep(model, p, n, varying)
    state = sweep.start()
    for name in state:
        kept[name] = np.empty((len(keep), n))
    memory = {name: np.tile(state[name], (4, 1)) for name in model.feedback}
    place = {int(k): i for i, k in enumerate(keep)}
    with np.errstate(all="ignore"):  # a failure shows as NaN and is dealt with by `run`
        for k, h in enumerate(lengths):
            if tell and k % TELL_EVERY == 0:
                tell(k / len(lengths))
            if k in starts:
                state, memory = _rested(starts[k], sweep, state, memory)
            if k in place:
                for name, x in state.items():
                    kept[name][place[k]] = x
            now = {name: x[k] for name, x in nodes.items()}
            now.update(_in_force(interventions, p, times[k]))
            weights = course.per_step[k, : radau.KEPT].reshape(3, 4)
            guess = {name: weights @ four for name, four in memory.items()}
            before = state
            state, found = sweep.step(state, now, h, guess, course.per_step[k, radau.JUDGED])
            if course.per_step[k, radau.KEPT]:
                memory = {m: np.concatenate([before[m][None], x]) for m, x in found.items()}
    if len(lengths) in starts:
        state, _ = _rested(starts[len(lengths)], sweep, state, memory)
    if len(lengths) in place:
        for name, x in state.items():
            kept[name][place[len(lengths)]] = x
    return kept, sweep.error


def _rested(restart, sweep, state, memory):
    """State and memory of the feedback with the brain of some patients as before any dose."""
    first, rests = sweep.start(), restart.rest > 0
    state = {name: np.where(rests, first[name], x) for name, x in state.items()}
    return state, {name: np.where(rests, first[name], x) for name, x in memory.items()}


def _in_force(interventions, values, time):
    """Values of the intervened parameters on the step that starts at `time`."""
    out = {i.name: values[i.name] for i in interventions}
    for i in interventions:
        if i.start_h - 1e-9 <= time < i.stop_h - 1e-9:
            out[i.name] = i.value
    return out


def _linear_pass(model, p, schedule, rows, times, lengths, keep, starts=()):
    """Node values of the linear states that the sweep reads, and all linear states at outputs."""
    read = {name for b in model.sweep for _, term in terms(b) for name in term.names}
    parts = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
    nodes, kept = {}, {}
    interval = np.searchsorted(schedule.edges_h, np.array(times[:-1]) + 1e-9, side="right") - 1
    for system in model.linear:
        wanted = [i for i, s in enumerate(system.states) if s in read]
        done = []
        for first, part in enumerate(parts):
            inside = slice(first * BATCH, first * BATCH + len(part))
            values = {k: v[inside] if np.ndim(v) else v for k, v in p.items()}
            given = _given(system, schedule, part, times, interval)
            g = linear.generator(system, values, len(part))
            again = {k: _restart(system, x, inside) for k, x in dict(starts).items()}
            points = list(map(int, keep))
            done.append(linear.march(system, g, lengths, given, wanted, points, again))
        at = np.concatenate([nodes_of for nodes_of, _ in done], axis=-1)
        states = np.concatenate([states_of for _, states_of in done], axis=-1)
        nodes.update({system.states[i]: at[:, :, j] for j, i in enumerate(wanted)})
        kept.update({name: states[:, i] for i, name in enumerate(system.states)})
    return nodes, kept


def _restart(system, start, inside):
    """(keep (n,), add (m, n)) of one system for some of the patients."""
    keep = start.keep[inside]
    none = np.zeros(len(keep))
    add = [start.add[name][inside] if name in start.add else none for name in system.states]
    return keep, np.array(add)


def _given(system, schedule, rows, times, interval):
    """Rates on each step (K, k, n) and amounts given at once {step: (k, n)}, in umol."""
    k, n = len(system.inputs), len(rows)
    rates = np.zeros((len(interval), k, n))
    jumps = {}
    for j, (name, _) in enumerate(system.inputs):
        if name not in schedule.rate:
            continue
        rates[:, j] = schedule.rate[name][interval][:, rows]
        amounts = schedule.bolus[name][:, rows]
        for edge in np.flatnonzero(amounts.any(axis=1)):
            step = int(np.searchsorted(times, schedule.edges_h[edge] - 1e-9))
            jumps.setdefault(step, np.zeros((k, n)))[j] += amounts[edge]
    return rates, jumps


def observe(model, values, kept, times, interventions=(), wanted=None):
    """Every state and signal at the output times, {name: (O, n)}, from the states alone."""
    n = next(iter(kept.values())).shape[1]
    env = {**with_constants(model, values), **kept}
    for name in {i.name for i in interventions}:
        env[name] = np.array(np.broadcast_to(env[name], (len(times), n)), dtype=float)
    for i in interventions:
        inside = (times >= i.start_h - 1e-9) & (times < i.stop_h - 1e-9)
        env[i.name][inside] = i.value
    for block in (*model.sweep, *model.readouts):
        if isinstance(block, Algebra):
            env[block.name] = block.value(env)
        elif isinstance(block, Competition):
            env[block.name] = sum(env[name] for name in block.bound)
    names = wanted if wanted is not None else (*model.states, *model.signals)
    shape = (len(times), n)
    return {name: np.array(np.broadcast_to(env[name], shape), dtype=float) for name in names}
