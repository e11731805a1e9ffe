"""Derivatives in JAX, imported when they are asked for: a second program of one method."""

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr

from ketaqsp.errors import BadInput
from ketaqsp.patient import outcomes
from ketaqsp.patient.derivatives import Job, resting_slopes
from ketaqsp.patient.gradients import COLUMNS, RATER, in_threads, pieces
from ketaqsp.solve.gradient.solve import fastest_rates
from ketaqsp.solve.gradient.sweep import Task, program
from ketaqsp.solve.run import course


class JaxJob(Job):
    """A Job in JAX: in reverse where one read-out is wanted, else forward, a pass a parameter."""

    def __init__(self, *asked, last):
        super().__init__(*asked)
        if self.plan.restarts:
            raise BadInput(
                'by="jax" knows no SS, EVID 3 or EVID 4; use by="native", or write the doses out.',
                field="by",
            )
        self.mode = "reverse" if last else "forward"
        self.slope = resting_slopes(self.people.parameters, self.people.n)
        self.more = self.per_kg()

    def level(self, level, who, _, value, slope):
        """Derivatives of the patients `who` on a grid."""
        parts = [who[a:b] for a, b in pieces(who.size)]
        size = len(parts[0])
        with jax.enable_x64(True):
            function = self._function(level, size)
            tasks = [partial(self._part, function, part, size) for part in parts]
            done = [tasks[0]()]  # the first compiles
            done += in_threads(tasks[1:]) if tasks[1:] else []
        for part, (found, moved) in zip(parts, done, strict=True):
            for name in self.names:
                value[name][:, part] = found[name][:, : len(part)]
                slope[name][:, :, part] = moved[name][:, :, : len(part)]

    def _function(self, level, size):
        edges = tuple(map(float, self.plan.edges_h))
        grid = edges, self.outputs.tobytes(), float(self.outputs[-1]), level
        asked = self.names, self.wanted, tuple(self.times), self.chosen
        return _compiled(self.model, grid, asked, size, self.mode, self._fastest())

    def _fastest(self):
        return fastest_rates(self.model, self.values, self.people.n)

    def _part(self, function, part, size):
        """Values and derivatives of some patients, filled up to `size` with the last."""
        with jax.enable_x64(True):
            rows_ = np.append(part, np.full(size - len(part), part[-1]))
            values = {}
            for name in {*self.model.parameters, RATER}:
                x = np.asarray(self.people.parameters[name], dtype=float)
                values[name] = np.broadcast_to(x, (self.people.n,))[rows_]
            slope = {name: x[rows_] for name, x in self.slope.items()}
            return function(values, self._given(rows_), slope)

    def _given(self, rows_):
        """{input: (rate, what it gains a kg, amount, the same)}, (edges, n)."""
        kinds = (self.plan.rate, self.more[0], self.plan.bolus, self.more[1])
        return {name: tuple(kind[name][:, rows_] for kind in kinds) for name in self.plan.rate}


@lru_cache(maxsize=16)
def _compiled(model, grid, asked, size, mode, fastest):
    """f(values, given, slope) -> ({name: (T, n)}, {name: (P, T, n)}) as NumPy arrays."""
    edges, raw, until, level = grid
    names, wanted, times, chosen = asked
    outputs = np.frombuffer(raw)
    task = Task(model, course(edges, raw, until, level), np.array(edges), wanted, dict(fastest))
    solve = program(task, size)
    picked = np.searchsorted(outputs, np.array(times) - 1e-9)

    def readouts(moved, values, given, slope):
        """{name: (T, n)} where `moved` (chosen parameters) take the place of their values."""
        now = {**values, **moved}
        # The severity before any dose follows its landscape; its slopes were worked out before.
        moves = (slope[name] * (now[name] - values[name]) for name in slope)
        now["D_ill"] = values["D_ill"] + sum(moves)
        more = now["W"] - values["W"]
        rates = {k: x[0] + x[1] * more for k, x in given.items()}
        amounts = {k: x[2] + x[3] * more for k, x in given.items()}
        seen = solve({k: now[k] for k in model.parameters}, rates, amounts)
        out = {}
        for name in names:
            if name in ("response", "remission"):
                out[name] = getattr(outcomes, name)(seen["madrs"], now[RATER], ndtr)[picked]
            elif name == "relapse":
                rows_ = [np.append(0, picked[: k + 1]) for k in range(len(picked))]
                rows_ = rows_[-1:] if mode == "reverse" else rows_
                found = [outcomes.relapse(seen["madrs"][r], now[RATER], ndtr) for r in rows_]
                out[name] = jnp.stack(found)
            else:
                out[name] = jnp.asarray(seen[name], float)[picked]
        return {k: x[-1:] for k, x in out.items()} if mode == "reverse" else out

    if mode == "reverse":
        return _reverse(jax.jit(partial(_backward, readouts, names[0])), chosen, names[0])
    batch = max(1, min(len(chosen), COLUMNS // size))
    return _forward(jax.jit(partial(_onward, readouts, chosen)), chosen, names, batch)


def _backward(readouts, name, moved, values, given, slope):
    """Value (1, n) and gradient {parameter: (n,)}: patients do not touch, so one sum does."""

    def total(x):
        found = readouts(x, values, given, slope)[name]
        return found.sum(), found

    (_, found), slopes = jax.value_and_grad(total, has_aux=True)(moved)
    return found, slopes


def _onward(readouts, chosen, which, moved, values, given, slope):
    """Values and derivatives in the direction of each parameter of `which` (places in chosen)."""

    def push(place):
        steps = {
            name: jnp.where(place == i, jnp.ones_like(moved[name]), 0.0)
            for i, name in enumerate(chosen)
        }
        return jax.jvp(lambda x: readouts(x, values, given, slope), (moved,), (steps,))

    return jax.vmap(push, out_axes=(None, 0))(which)


def _reverse(function, chosen, name):
    def call(values, given, slope):
        moved = {p: values[p] for p in chosen}
        found, slopes = function(moved, values, given, slope)
        stacked = np.stack([np.asarray(slopes[p]) for p in chosen])[:, None]
        return {name: np.asarray(found)}, {name: stacked}

    return call


def _forward(function, chosen, names, batch):
    def call(values, given, slope):
        moved, parts = {p: values[p] for p in chosen}, []
        for first in range(0, len(chosen), batch):
            which = np.minimum(np.arange(first, first + batch), len(chosen) - 1)
            found, slopes = function(which, moved, values, given, slope)
            parts.append({name: np.asarray(slopes[name]) for name in names})
        whole = {x: np.concatenate([p[x] for p in parts])[: len(chosen)] for x in names}
        return {x: np.asarray(found[x]) for x in names}, whole

    return call
