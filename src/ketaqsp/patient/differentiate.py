"""The work behind gradient() and sensitivity(): imported with JAX, when they are called."""

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr

from ketaqsp.chain import rest
from ketaqsp.dose.schedule import MAX_WEIGHT_KG, schedule
from ketaqsp.errors import BadInput
from ketaqsp.parameters import rows
from ketaqsp.patient import occasions, outcomes
from ketaqsp.patient.gradients import COLUMNS, FAILED, RATER, in_threads, pieces
from ketaqsp.solve import linear
from ketaqsp.solve.gradient.sweep import Task, program
from ketaqsp.solve.plain import with_constants
from ketaqsp.solve.run import LEVELS, course, run


class Job:
    """What was asked, checked. run() gives (values, derivatives, status)."""

    def __init__(self, regimen, people, model, names, times, chosen):
        self.regimen, self.people, self.model = regimen, people, model
        self.names, self.times, self.chosen = names, times, chosen
        self.plan = self._schedule(people.weight())
        if self.plan.restarts:
            raise BadInput("SS, EVID 3 and EVID 4 have no derivatives; write the doses out.")
        self.wanted = tuple(
            dict.fromkeys("madrs" if name in outcomes.WORDS else name for name in names)
        )

    def _schedule(self, weight):
        """What arrives, with each day's own share taken up, as simulate() has it."""
        plan, people = schedule(self.regimen, weight), self.people
        if people.keys is None:
            return plan
        return occasions.applied(plan, people.seed, people.keys)

    def run(self, mode):
        """({name: (T, n)}, {name: (P, T, n)}, status (n,)): T is 1 in reverse."""
        n = self.people.n
        outputs = np.unique([0.0, *self.times])
        values = {name: self.people.parameters[name] for name in self.model.parameters}
        plain = run(self.model, values, self.plan, outputs[-1], outputs, wanted=self.wanted)
        status = plain.status.copy()
        shape = 1 if mode == "reverse" else len(self.times)
        value = {name: np.full((shape, n), np.nan) for name in self.names}
        slope = {name: np.full((len(self.chosen), shape, n), np.nan) for name in self.names}
        for level in range(LEVELS):
            left = (status == 0) if level == 0 else (status == 1)
            first = value[self.names[0]][0]
            who = np.flatnonzero(left & np.isnan(first))
            if who.size:
                self._level(mode, level, outputs, who, value, slope)
        missing = np.isnan(value[self.names[0]][0])
        status[missing] = FAILED
        return value, slope, status

    def _level(self, mode, level, outputs, who, value, slope):
        """Solve the patients `who` on the grid of a level, and put down what comes out."""
        parts = [who[a:b] for a, b in pieces(who.size)]
        size = len(parts[0])
        with jax.enable_x64(True):
            function = self._function(mode, level, outputs, size)
            tasks = [partial(self._part, function, part, size) for part in parts]
            done = [tasks[0]()]  # the first compiles
            done += in_threads(tasks[1:]) if tasks[1:] else []
        for part, (found, moved) in zip(parts, done, strict=True):
            for name in self.names:
                value[name][:, part] = found[name][:, : len(part)]
                slope[name][:, :, part] = moved[name][:, :, : len(part)]

    def _function(self, mode, level, outputs, size):
        edges = tuple(map(float, self.plan.edges_h))
        grid = edges, outputs.tobytes(), float(outputs[-1]), level
        asked = self.names, self.wanted, tuple(self.times), self.chosen
        return _compiled(self.model, grid, asked, size, mode, self._fastest())

    def _fastest(self):
        """{system: fastest rate}, rounded up to a power of two so that programs are shared."""
        people = self.people
        given = {k: people.parameters[k] for k in self.model.parameters}
        values, out = with_constants(self.model, given), []
        for system in self.model.linear:
            g = linear.generator(system, values, people.n)
            top = -np.diagonal(g, axis1=1, axis2=2)
            top = top[np.isfinite(top)].max(initial=1e-300)
            out.append((system.name, float(2.0 ** np.ceil(np.log2(top)))))
        return tuple(out)

    def _part(self, function, part, size):
        """Values and derivatives of some patients, filled up to `size` with the last."""
        with jax.enable_x64(True):
            rows_ = np.append(part, np.full(size - len(part), part[-1]))
            values = {}
            for name in {*self.model.parameters, RATER}:
                x = np.asarray(self.people.parameters[name], dtype=float)
                values[name] = np.broadcast_to(x, (self.people.n,))[rows_]
            given = self._given(rows_)
            slope = rest.slope_at(values["D_ill"], values)
            return function(values, given, slope)

    def _given(self, rows_):
        """{input: (rate, amount, what each gains a kg)}, (edges, n)."""
        weight = self.people.weight()
        step = np.where(weight + 1 <= MAX_WEIGHT_KG, 1.0, -1.0)
        heavier = self._schedule(weight + step)
        out = {}
        for name in self.plan.rate:
            pair = []
            for kind in ("rate", "bolus"):
                here = getattr(self.plan, kind)[name]
                more = (getattr(heavier, kind)[name] - here) / step
                pair += [here[:, rows_], more[:, rows_]]
            out[name] = tuple(pair)
        return out

    def dataset(self, found, labels, last):
        """The Dataset of what run() found."""
        import xarray as xr

        from ketaqsp.patient.simulate import describe, status_flags

        value, slope, status = found
        units = {r.symbol: r.unit for r in rows() if r.role == "default"}
        about = {**describe(self.model), **dict.fromkeys(outcomes.WORDS, ("fraction", "P"))}
        variables = {}
        for name, label in labels.items():
            unit, long_name = about[name]
            if name in outcomes.WORDS:
                long_name = f"probability of {name}"
            says = {"units": f"{unit} per unit of the parameter", "source": "automatic derivative"}
            says["long_name"] = f"derivative of: {long_name}"
            own = {"units": unit, "long_name": long_name, "source": "model"}
            beside = "value" if last else f"{label}_value"
            if last:
                variables[label] = (("parameter", "patient"), slope[name][:, 0], says)
                variables[beside] = (("patient",), value[name][0], own)
            else:
                variables[label] = (("parameter", "time", "patient"), slope[name], says)
                variables[beside] = (("time", "patient"), value[name], own)
        variables["status"] = (("patient",), status, status_flags())
        coords = {
            "parameter": list(self.chosen),
            "unit": ("parameter", [units[name] for name in self.chosen]),
            "patient": ("patient", self.people.ids),
        }
        if not last:
            coords["time"] = ("time", self.times, {"units": "h"})
        attrs = {"read_out": list(self.names), "at_h": list(map(float, self.times))}
        return xr.Dataset(variables, coords, attrs)


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
        level_ = values["D_ill"]
        settled = rest.settled(level_, now)
        now["D_ill"] = level_ + (settled - jax.lax.stop_gradient(settled)) / (1 - slope)
        more = now["W"] - values["W"]
        rates = {k: x[0] + x[1] * more for k, x in given.items()}
        amounts = {k: x[2] + x[3] * more for k, x in given.items()}
        seen = solve({k: now[k] for k in model.parameters}, rates, amounts)
        out = {}
        for name in names:
            if name == "response":
                out[name] = outcomes.response(seen["madrs"], now[RATER], ndtr)[picked]
            elif name == "relapse":
                rows_ = [np.append(0, picked[: k + 1]) for k in range(len(picked))]
                rows_ = rows_[-1:] if mode == "reverse" else rows_
                found = [outcomes.relapse(seen["madrs"][r], now[RATER], ndtr) for r in rows_]
                out[name] = jnp.stack(found)
            else:
                out[name] = seen[name][picked]
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
