"""Derivatives by the native program run backwards: one way back for each read-out and time."""

import numpy as np

from ketaqsp.patient import outcomes
from ketaqsp.patient.derivatives import Job, normal, resting_slopes
from ketaqsp.patient.gradients import RATER
from ketaqsp.solve import steady
from ketaqsp.solve.dual import Dual
from ketaqsp.solve.native import engine as native
from ketaqsp.solve.native.reverse import reverse
from ketaqsp.solve.run import course, taken
from ketaqsp.solve.sweep import NEGATIVE
from ketaqsp.solve.ways import restarts


class NativeJob(Job):
    """A Job by the adjoint of each step: see ketaqsp.solve.native.backward."""

    def __init__(self, *asked, last):
        super().__init__(*asked)
        self.last = last
        self.more = self.per_kg() if "W" in self.chosen else None

    def level(self, level, who, seen, value, slope):
        """Derivatives of the patients `who` on a grid; who fails there is left as he is."""
        edges = tuple(map(float, self.plan.edges_h))
        grid = course(edges, self.outputs.tobytes(), float(self.outputs[-1]), level)
        values = {name: self.people.parameters[name] for name in self.model.parameters}
        values = taken(values, who, self.people.n)
        again = restarts(self.model, values, self.plan, who, grid)
        grid = native.Grid(grid, self.plan.edges_h, (), again)
        added = self._added(values, who)
        times = [len(self.times) - 1] if self.last else range(len(self.times))
        for name in self.names:
            for row, k in enumerate(times):
                found, seeds, by_rater = self._readout(name, k, seen, who)
                by, failed = self._slopes(who, values, grid, seeds, added)
                by[RATER] = by_rater
                sound = who[~failed]
                value[name][row, sound] = found[~failed]
                for i, parameter in enumerate(self.chosen):
                    slope[name][i, row, sound] = np.broadcast_to(by[parameter], who.shape)[~failed]

    def _added(self, values, who):
        """{parameter: list of {linear state: (n,)}}: how what steady states bring moves."""
        found = steady.slopes(self.model, values, self.plan, who)
        if found and "W" in self.chosen:
            heavier, kg = self.heavier()
            now, then = (
                steady.starts(self.model, values, plan, who) for plan in (self.plan, heavier)
            )
            found["W"] = [
                {k: mine.get(k, 0.0) + (after.add[k] - x) / kg[who] for k, x in before.add.items()}
                for before, after, mine in zip(now, then, found["W"], strict=True)
            ]
        return found

    def _readout(self, name, k, seen, who):
        """Its value (n,) at the time k, its slopes (wanted, outputs, n) by outputs and by RATER."""
        seeds = np.zeros((len(self.wanted), len(self.outputs), who.size))
        if name not in outcomes.WORDS:
            seeds[self.wanted.index(name), self.picked[k]] = 1.0
            return seen[name][self.picked[k]], seeds, 0.0
        visits = self.picked[: k + 1] if name == "relapse" else self.picked[k : k + 1]
        rows = np.array([0, *visits])
        sd = np.broadcast_to(self.people.parameters[RATER], (self.people.n,))[who]
        one = np.eye(len(rows) + 1)[:, :, None] * np.ones(who.size)
        madrs, sd = Dual(seen["madrs"][rows], one[:, :-1]), Dual(sd, one[:, -1])
        found = getattr(outcomes, name)(madrs, sd, normal)
        found = found if name == "relapse" else found[-1]
        np.add.at(seeds[self.wanted.index("madrs")], rows, found.slope[:-1])
        return found.value, seeds, found.slope[-1]

    def _slopes(self, who, values, grid, seeds, added):
        """({parameter: (n,)}, (n,) True if failed) of the sum of seeds times outputs."""
        n, program = len(who), reverse(self.model)
        given = self._mine(who, (self.plan.rate, self.plan.bolus), program)
        more = self._mine(who, self.more or ({}, {}), program)
        found = program.slopes(
            values, n, given, more, grid, seeds, self.wanted, NEGATIVE, native.default_workers()
        )
        by = found.by
        by["W"] = by.get("W", 0.0) + found.heavier
        for name, moved in added.items():
            for owed, some in zip(found.added, moved, strict=False):
                for state, x in some.items():
                    by[name] = by[name] + owed[state] * x
        if "D_ill" in by:
            for name, x in resting_slopes(values, n).items():
                by[name] = by.get(name, 0.0) + by["D_ill"] * x
        return by, found.failed

    def _mine(self, who, doses, program):
        """What of (rates, amounts) the model has an input for, of some patients."""
        known = program.program.inputs
        return tuple({k: x[:, who] for k, x in kind.items() if k in known} for kind in doses)
