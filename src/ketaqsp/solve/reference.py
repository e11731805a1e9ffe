"""The reference solver: diffrax's Kvaerno5 on the same equations, one patient at a time.

Adaptive, of order 5, stiff, and ignorant of grid and sweep. Slow: seconds a patient after half a
minute of compiling. Needs the extra (pip install 'ketaqsp[jax]'); imported only when asked for.
"""

from functools import lru_cache

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from ketaqsp.blocks import Algebra, Competition, Flow, Follow, Turnover
from ketaqsp.solve.plain import with_constants

RTOL, ATOL = 1e-8, 1e-10
MOST_STEPS = 100_000  # between two edges


def solve(model, values, given, edges, outputs, changes, restarts=()):
    """States of one patient at the outputs, {name: (O,)}; NaN from where the solver gives up.

    values: {parameter: number}. given: (rates, amounts), {input: (edges,)}. changes: f(time) ->
    {parameter: value in force}. restarts: of (time, keep, rest, {linear state: amount to add}),
    each at an edge (see steady.Start). At a dose the state before it, at a restart the one after.
    """
    with jax.enable_x64(True):
        step, places = _segment(model), {name: i for i, name in enumerate(model.states)}
        rates, amounts = given
        y = rested = _rest(model, values, places)
        marks = np.unique([0.0, *edges[edges < outputs[-1]], outputs[-1]])
        found = np.full((len(outputs), len(y)), np.nan)
        y = _restarted(model, y, rested, 0.0, restarts, places)
        found[outputs <= marks[0]] = y
        most = len(outputs) + 1
        for start, stop in zip(marks[:-1], marks[1:], strict=True):
            now = {**values, **changes(start)}
            edge = int(np.searchsorted(edges, start + 1e-9, side="right")) - 1
            at_start = abs(edges[edge] - start) < 1e-9
            inside = (outputs > start + 1e-9) & (outputs <= stop + 1e-9)
            ts = np.append(outputs[inside], stop)
            ts = np.append(ts, np.full(most - len(ts), stop))
            flow = np.array([rates[n][edge] if n in rates else 0.0 for n in model.inputs])
            dose = [amounts[n][edge] if at_start and n in amounts else 0.0 for n in model.inputs]
            now = {k: float(v) for k, v in now.items()}
            ys, fine = step(now, flow, np.array(dose), y, start, stop, np.minimum(ts, stop))
            if not bool(fine) or not np.isfinite(ys[-1]).all():
                break
            ys = np.asarray(ys)
            found[inside] = ys[: inside.sum()]
            y = _restarted(model, ys[-1], rested, stop, restarts, places)
            found[np.abs(outputs - stop) < 1e-9] = y
        return {name: found[:, i] for name, i in places.items()}


def _rest(model, values, places):
    """The state before any dose."""
    first = with_constants(model, {k: float(v) for k, v in values.items()})
    y = np.zeros(len(places))
    for block in model.sweep:
        if isinstance(block, Turnover):
            y[places[block.name]] = block.start(first)
    return y


def _restarted(model, y, rested, time, restarts, places):
    """The state after what starts again at `time`."""
    amounts = [places[name] for system in model.linear for name in system.states]
    for at, keep, rest, add in restarts:
        if abs(at - time) < 1e-9:
            before, y = y, (rested if rest else y).copy()
            y[amounts] = keep * before[amounts]
            for name, x in add.items():
                y[places[name]] += x
    return y


@lru_cache(maxsize=8)
def _segment(model):
    """f(values, rates, amounts, y, start, stop, ts) -> (states at ts, whether it arrived)."""
    term = diffrax.ODETerm(lambda t, y, args: _rates(model, y, *args))
    control = diffrax.PIDController(rtol=RTOL, atol=ATOL)

    def run(values, flow, dose, y, start, stop, ts):
        values = with_constants(model, values)
        y = y + _entering(model, values, dose)
        done = diffrax.diffeqsolve(
            term,
            diffrax.Kvaerno5(),
            start,
            stop,
            None,
            y,
            (values, flow),
            saveat=diffrax.SaveAt(ts=ts),
            stepsize_controller=control,
            max_steps=MOST_STEPS,
            throw=False,
        )
        return done.ys, done.result == diffrax.RESULTS.successful

    return jax.jit(run)


def _rates(model, y, values, flow):
    """dy/dt in the order of model.states."""
    env = {**values, **{name: y[i] for i, name in enumerate(model.states)}}
    env.update({f"input_{name}": flow[i] for i, name in enumerate(model.inputs)})
    moved = dict.fromkeys(model.states, 0.0)
    for system in model.linear:
        for name, target in system.inputs:
            moved[target] += env[f"input_{name}"]
        for block in system.blocks:
            if isinstance(block, Flow):
                amount = block.rate(env) * env[block.source]
                moved[block.source] -= amount
                if block.target is not None:
                    moved[block.target] += amount
            elif isinstance(block, Follow):
                moved[block.name] -= block.rate(env) * env[block.name]
                for name, gain in block.drives:
                    moved[block.name] += gain(env) * env[name]
    for block in model.sweep:
        if isinstance(block, Algebra):
            env[block.name] = block.value(env)
        elif isinstance(block, Turnover):
            moved[block.name] = block.production(env) - block.loss(env) * env[block.name]
        elif isinstance(block, Competition):
            env[block.name] = sum(env[name] for name in block.bound)
            for name, on, off in zip(block.bound, block.on, block.off, strict=True):
                moved[name] = on(env) * (1 - env[block.name]) - off(env) * env[name]
    return jnp.stack([jnp.asarray(moved[name], float) for name in model.states])


def _entering(model, values, dose):
    """What amounts given at once add to each state."""
    added = dict.fromkeys(model.states, 0.0)
    amount = dict(zip(model.inputs, dose, strict=True))
    for system in model.linear:
        for name, target in system.inputs:
            added[target] += amount[name]
        for block in system.blocks:
            if isinstance(block, Follow):
                for name, gain in block.drives:
                    if name.startswith("input_") and name not in model.states:
                        added[block.name] += gain(values) * amount[name.removeprefix("input_")]
    return jnp.stack([jnp.asarray(added[name], float) for name in model.states])
