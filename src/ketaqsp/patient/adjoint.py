"""Derivatives by the native program run backwards: one way back for each read-out and time."""

import numpy as np

from ketaqsp.patient import outcomes
from ketaqsp.patient.derivatives import Job, normal, resting_slopes
from ketaqsp.patient.gradients import RATER
from ketaqsp.solve import grid, radau, reasons, steady
from ketaqsp.solve.dual import Dual
from ketaqsp.solve.native import engine as native
from ketaqsp.solve.native.reverse import reverse
from ketaqsp.solve.run import FAILED, course, taken
from ketaqsp.solve.sweep import NEGATIVE
from ketaqsp.solve.ways import restarts

ANY = np.finfo(float).max  # limit of an error: anybody who is solved at all


class NativeJob(Job):
    """A Job by the adjoint of each step: see ketaqsp.solve.native.backward."""

    def __init__(self, *asked, last):
        super().__init__(*asked)
        self.last = last
        self.more = self.per_kg() if "W" in self.chosen else None

    def run(self, last):
        if self.names[0] in outcomes.WORDS or not last:
            return super().run(last)
        return self._at_once()

    def _at_once(self):
        """One variable at one time, whose seed needs no values: there and back in one go.

        The ladder is that of solve.run: who is above the tolerance goes on a finer grid.
        """
        name, n = self.names[0], self.people.n
        value = {name: np.full((1, n), np.nan)}
        slope = {name: np.full((len(self.chosen), 1, n), np.nan)}
        status, who = np.full(n, FAILED, np.int8), np.arange(n)
        who = np.delete(who, reasons.unsound(self.values, who, n))
        for level in range(grid.LEVELS):
            if not who.size:
                break
            seeds = np.zeros((1, len(self.outputs), who.size))
            seeds[0, self.picked[-1]] = 1.0
            limit = radau.LIMIT if level + 1 < grid.LEVELS else ANY
            found = self._slopes(*self._setting(level, who), seeds, limit)
            fine = found.error <= limit
            self._keep(found.by, slope[name][:, 0], who, fine)
            value[name][0, who[fine]] = found.seen[0, self.picked[-1], fine]
            status[who[fine]] = level > 0
            who = who[~fine]
        return value, slope, status

    def level(self, level, who, seen, value, slope):
        """Derivatives of the patients `who` on a grid; who fails there is left as he is."""
        setting = self._setting(level, who)
        times = [len(self.times) - 1] if self.last else range(len(self.times))
        for name in self.names:
            for row, k in enumerate(times):
                read, seeds, by_rater = self._readout(name, k, seen, who)
                found = self._slopes(*setting, seeds, ANY)
                sound = np.isfinite(found.error)
                value[name][row, who[sound]] = read[sound]
                self._keep({**found.by, RATER: by_rater}, slope[name][:, row], who, sound)

    def _keep(self, by, slope, who, sound):
        """Put what was found of the `sound` among `who` into slope (P, n)."""
        for i, parameter in enumerate(self.chosen):
            slope[i, who[sound]] = np.broadcast_to(by[parameter], who.shape)[sound]

    def _setting(self, level, who):
        """(who, their values, the Grid, what steady states bring) on a level of grids."""
        edges = tuple(map(float, self.plan.edges_h))
        steps = course(edges, self.outputs.tobytes(), float(self.outputs[-1]), level)
        values = taken(self.values, who, self.people.n)
        again = restarts(self.model, values, self.plan, who, steps)
        whole = native.Grid(steps, self.plan.edges_h, (), again)
        return who, values, whole, self._added(values, who)

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

    def _slopes(self, who, values, whole, added, seeds, limit):
        """Slopes of the sum of seeds times outputs, `by` every parameter that is asked for."""
        n, program = len(who), reverse(self.model)
        given = self._mine(who, (self.plan.rate, self.plan.bolus), program)
        more = self._mine(who, self.more or ({}, {}), program)
        workers = native.default_workers()
        found = program.slopes(
            values, n, given, more, whole, seeds, self.wanted, NEGATIVE, workers, limit
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
        return found

    def _mine(self, who, doses, program):
        """What of (rates, amounts) the model has an input for, of some patients."""
        known = program.program.inputs
        return tuple({k: x[:, who] for k, x in kind.items() if k in known} for kind in doses)
