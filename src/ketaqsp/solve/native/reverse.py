"""A compiled model run backwards: derivatives of a sum of outputs, for each patient alone."""

from dataclasses import dataclass

import numpy as np

from ketaqsp.solve.native.engine import Engine, _Plan, engine, wide


@dataclass(frozen=True, eq=False)
class Slopes:
    """by: {parameter: (n,)}. heavier (n,): by a kg more of every dose.

    added: for each restart {linear state: (n,)}, by what a steady state brings. seen (len(wanted),
    outputs, n) and error (n,) are those of Engine.solve.
    """

    by: dict
    heavier: np.ndarray
    added: list
    seen: np.ndarray
    error: np.ndarray


class Reverse(Engine):
    """Machine code of @backward. Patients go by vectors, as in Engine."""

    entry, reverse = "backward", True
    task = 4  # the way there and back is five times as long

    def slopes(self, values, n, given, per_kg, grid, seeds, wanted, negative, workers, limit):
        """Derivatives of sum over (wanted, outputs) of seed times value, of each patient.

        values, n, given, grid, wanted, negative, workers: as in Engine.solve. per_kg: what rates
        and amounts gain a kg of weight. seeds: (len(wanted), outputs, n). limit: who has a larger
        error may have no derivative. Returns Slopes.
        """
        made = self.program
        out = np.empty((len(wanted), len(grid.course.keep), wide(n)))
        plan = _Plan(self, values, given, grid, n, out, wanted, negative)
        columns = int(plan.fields[1])
        rates, amounts, _ = plan._given(made, per_kg, grid, n, columns)
        sown = np.zeros((*seeds.shape[:2], columns))
        sown[:, :, :n] = seeds
        slopes = np.zeros((len(made.parameters) + 1, columns))
        seeded = np.array(seeds.any(axis=(0, 2)), dtype=np.int64)
        states = [name for some in made.states for name in some]
        added = np.zeros((len(grid.restarts), len(states), columns))
        more = [plan._field(x) for x in (rates, amounts, seeded, sown, slopes, added)]
        more.append(int(np.float64(limit).view(np.int64)))
        plan.fields = np.concatenate([plan.fields, more])
        self._all(plan, n, workers)
        return Slopes(
            dict(zip(made.parameters, slopes[:-1, :n], strict=True)),
            slopes[-1, :n],
            [dict(zip(states, x[:, :n], strict=True)) for x in added],
            out[:, :, :n],
            np.where(plan.bad[:n] > 0, np.inf, plan.error[:n]),
        )

    def _room(self, plan):
        made = self.program
        tables = made.table * plan.sizes
        return made.memory + made.spare + 2 * tables + made.kept * (plan.steps + 1)


def reverse(model):
    """The Reverse of a model, made once a process."""
    return engine(model, Reverse)
