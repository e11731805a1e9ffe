"""A run of a model in JAX: the grid, the sweep and the read-outs of the solver, differentiable.

One call of `program` traces a model on one grid; the function it returns takes parameter values
and what is given, so that both can be differentiated. Each step is a checkpoint: backwards it is
worked out again from the state before it.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ketaqsp.blocks import Algebra, Competition, Turnover, terms
from ketaqsp.solve import radau
from ketaqsp.solve.gradient import collocation, linear
from ketaqsp.solve.gradient.collocation import competition, turnover
from ketaqsp.solve.radau import KEPT
from ketaqsp.solve.sweep import NEGATIVE


@dataclass(frozen=True, eq=False)
class Task:
    """model, course (solve.run.Course), edges of doses (h), wanted names; what cannot be traced.

    fastest: {system: fastest rate of any patient, 1/h}. judged: the error of each step is reckoned,
    as "error" (n,) beside the wanted names.
    """

    model: object
    course: object
    edges: np.ndarray
    wanted: tuple
    fastest: dict
    judged: bool = False


def program(task, n):
    """f(values, rates, amounts) -> {name: (O, n)} of n patients; jit it.

    values: {parameter: number or (n,)}. rates, amounts: {input: (edges, n)}, umol/h and umol.
    """
    model = task.model
    needed = _needed(model, task.wanted)

    def run(values, rates, amounts):
        values = with_constants(model, values)
        nodes, seen = _linear(task, values, rates, amounts, n)
        states, judged = _sweep(task, values, nodes, needed, n)
        return _look(task, values, {**seen, **states}, n) | judged

    return run


def with_constants(model, values):
    """values with the signals that depend on parameters alone."""
    values = dict(values)
    for block in model.constants:
        values[block.name] = block.value(values)
    return values


def _needed(model, wanted):
    """Names that the wanted ones are made of, directly or not."""
    needed = set(wanted)
    for block in reversed((*model.sweep, *model.readouts)):
        if isinstance(block, Algebra | Competition) and block.name in needed:
            if isinstance(block, Competition):
                needed |= set(block.bound)
            needed |= {name for _, term in terms(block) for name in term.names}
    return needed


def _linear(task, values, rates, amounts, n):
    """Node values of the linear states that the sweep reads, and linear states at outputs."""
    course, model = task.course, task.model
    read = {name for b in model.sweep for _, term in terms(b) for name in term.names}
    lengths, size_of = np.unique(course.lengths, return_inverse=True)
    interval = np.searchsorted(task.edges, course.times[:-1] + 1e-9, side="right") - 1
    entry_steps = np.searchsorted(course.times, task.edges - 1e-9)
    nodes, seen = {}, {}
    for system in model.linear:
        g = linear.generator(system, values, n)
        m = len(system.states)
        wanted = [i for i, s in enumerate(system.states) if s in read]
        whole, inner = linear.propagators(g, lengths, task.fastest[system.name], wanted)
        zero = jnp.zeros((len(task.edges), n))
        given = [name for name, _ in system.inputs]
        flow = jnp.stack([rates.get(x, zero)[interval] for x in given], 1)
        inside = entry_steps < len(size_of)
        at_once = jnp.stack([amounts.get(x, zero)[inside] for x in given], 1)
        # What a unit of input adds per hour is what an amount adds at once.
        enters = jnp.einsum("nmk,ekn->emn", g[:, :, m:], at_once)
        steps = entry_steps[inside]
        jumps = jnp.zeros((len(size_of), m, n)).at[steps].set(enters, unique_indices=True)
        states, at = linear.march(size_of, wanted, whole, inner, flow, jumps)
        seen.update({s: states[course.keep, i] for i, s in enumerate(system.states)})
        nodes.update({system.states[i]: at[:, :, j] for j, i in enumerate(wanted)})
    return nodes, seen


def _sweep(task, values, nodes, needed, n):
    """(States of the sweep at the outputs, of those that are needed; {"error": (n,)} if judged)."""
    model, course = task.model, task.course
    kept = [s for b in model.sweep for s in b.states if s in needed]
    ready = {
        id(term): jnp.broadcast_to(jnp.asarray(term(values), float), (n,))
        for b in model.sweep
        for _, term in terms(b)
        if set(term.names) <= set(values)
    }
    losses = [t for b in model.sweep for t in _losses(b) if id(t) in ready]
    order = {id(term): i for i, term in enumerate(losses)}
    stacked_losses = jnp.stack([ready[id(term)] for term in losses])
    state = _start(model, values, n)
    last = {name: jnp.stack([state[name]] * 4) for name in model.feedback}
    names = sorted(nodes)

    rates = {b.name: jnp.zeros(n) for b in model.sweep if isinstance(b, Turnover)}
    judge = (rates, jnp.zeros(n), jnp.zeros(n)) if task.judged else ()

    @jax.checkpoint
    def step(carry, given):
        state, last, judge = carry
        h, weights, at = given
        env = {**values, **{x: at[i] for i, x in enumerate(names)}}
        for name, four in last.items():
            env[name] = sum(weights[i:KEPT:4, None] * four[i] for i in range(4))
        every = collocation.gains(h, stacked_losses)
        found = {key: collocation.picked(every, i) for key, i in order.items()}
        after, new, made = _walk(model, state, env, h, (ready, found), n)
        last = {name: jnp.where(weights[KEPT] != 0, new[name], last[name]) for name in last}
        if judge:
            judge = _judged(judge, (state, after), made, h, weights[radau.JUDGED])
        return (after, last, judge), {name: state[name] for name in kept}

    stacked = jnp.stack([nodes[x] for x in names], 1)  # (K, names, 3, n)
    given = (jnp.asarray(course.lengths), jnp.asarray(course.per_step), stacked)
    (end, _, judge), found = jax.lax.scan(step, (state, last, judge), given)
    states = {name: jnp.concatenate([found[name], end[name][None]])[course.keep] for name in kept}
    if not judge:
        return states, {}
    return states, {"error": jnp.where(judge[2] < NEGATIVE, jnp.inf, judge[1])}


def _judged(judge, states, made, h, counts):
    """(rates at the end, largest error so far, lowest state so far): see radau.SPREAD.

    made: {state: (production (3, n), loss (3, n), values at the nodes (3, n))}.
    """
    (rates, error, lowest), (state, after), now = judge, states, {}
    for name, (production, loss, x) in made.items():
        size = h * radau.SHARE * rates[name]
        size = size + sum(radau.SPREAD[i] * (x[i] - state[name]) for i in range(3))
        size = counts * jnp.abs(size) / (1.0 + h * radau.SHARE * loss[0])
        error = jnp.fmax(error, size)
        now[name] = production[2] - loss[2] * x[2]
    for x in after.values():
        lowest = jnp.fmin(lowest, x)
    return now, error, lowest


def _losses(block):
    """The Terms that a step's solve divides by."""
    if isinstance(block, Turnover):
        return (block.loss,)
    return block.off if isinstance(block, Competition) else ()


def _start(model, values, n):
    """States before the first dose: {name: (n,)}."""
    out = {}
    for block in model.sweep:
        if isinstance(block, Turnover):
            out[block.name] = jnp.broadcast_to(jnp.asarray(block.start(values), float), (n,))
        elif isinstance(block, Competition):
            out.update({name: jnp.zeros(n) for name in block.bound})
    return out


def _walk(model, state, env, h, known, n):
    """State after a step of h, what the feedback is extrapolated from, and what _judged needs.

    known: ({id of a fixed Term: its value}, {id of a fixed loss: its gains}).
    """
    (ready, found), after, last, made = known, {}, {}, {}

    def stage(term):
        """A Term at the three nodes (3, n); (n,) where it is fixed."""
        if id(term) in ready:
            return ready[id(term)]
        return jnp.broadcast_to(term(env), (3, n))

    def nodes(term):
        return jnp.broadcast_to(stage(term), (3, n))

    for block in model.sweep:
        if isinstance(block, Algebra):
            env[block.name] = nodes(block.value)
        elif isinstance(block, Turnover):
            start = state[block.name]
            gains, loss = found.get(id(block.loss)), stage(block.loss)
            pushed = nodes(block.production)
            x = turnover(h, gains, start, pushed, loss)
            after[block.name] = x[2]
            made[block.name] = (pushed, jnp.broadcast_to(loss, (3, n)), x)
            if block.name in model.feedback:
                last[block.name] = jnp.concatenate([start[None], x])
            else:
                env[block.name] = x
        else:
            starts = tuple(state[name] for name in block.bound)
            ons, offs = tuple(nodes(t) for t in block.on), tuple(stage(t) for t in block.off)
            gains = tuple(found[id(t)] for t in block.off)  # exits are fixed in a receptor
            env[block.name], each = competition(gains, starts, ons, offs)
            after.update({name: x[2] for name, x in zip(block.bound, each, strict=True)})
    return after, last, made


def _look(task, values, seen, n):
    """The wanted names at the outputs, from the states."""
    env = {**values, **seen}
    needed = _needed(task.model, task.wanted)
    for block in (*task.model.sweep, *task.model.readouts):
        if block.name not in needed:
            continue
        if isinstance(block, Algebra):
            env[block.name] = block.value(env)
        elif isinstance(block, Competition):
            env[block.name] = sum(env[name] for name in block.bound)
    shape = (len(task.course.keep), n)
    return {name: jnp.broadcast_to(env[name], shape) for name in task.wanted}
