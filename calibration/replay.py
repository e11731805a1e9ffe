"""What lies upstream of the synapse, solved once and replayed for many candidates.

Receptor, circuit and plasma constants do not move in this calibration, so glutamate, block at
rest and the habenula are the same for every candidate; only the lower half of the chain is run.
"""

import numpy as np

import ketaqsp as kq
from ketaqsp.chain import build
from ketaqsp.dose.schedule import schedule
from ketaqsp.mood import equations as mood
from ketaqsp.patient.cohort import spread_out, spreads, typical_values
from ketaqsp.patient.random import normal
from ketaqsp.solve import grid, radau
from ketaqsp.solve.run import _linear_pass, with_constants
from ketaqsp.solve.sweep import Sweep

UPSTREAM = ("glutamate", "felt_rest", "habenula", "gaba", "ssri_occupancy")
BRAIN = ("brain_ketamine_s", "brain_ketamine_r")
# Coarser than the solver's grid: a search does not need its accuracy. Against that grid
# no target's figure moves by more than one percentage point.
GROWTH = 0.15
TICKS = (1920, 960, 480, 240, 120, 60, 30, 15, 8, 4)
KEPT = ("spine_density_absolute", "severity")


class Replay:
    """Upstream signals of n patients at every node of a protocol, and the sweep after them."""

    def __init__(self, days, until_h, visits, n, seed):
        self.n, self.ids, self.model = n, np.arange(n), build()
        self.rows = {r.symbol: r for r in spreads()}
        self.values = typical_values()
        for symbol, row in self.rows.items():
            z = normal(seed, symbol, self.ids)
            self.values[symbol] = spread_out(row, self.values[symbol], z)
        self.values["D_ill"] = np.full(n, 0.9)
        plan = schedule(kq.infusion(mg_per_kg=0.5, days=days), self.values["W"])
        self.visits = np.array(visits, dtype=float)
        self.times = grid.steps(plan.edges_h, self.visits, until_h, growth=GROWTH, allowed=TICKS)
        self.lengths = grid.sizes(self.times)
        p = with_constants(self.model, self.values)
        nodes, _ = _linear_pass(self.model, p, plan, self.ids, self.times, self.lengths, [0])
        names = [b.name for b in self.model.sweep]
        cut = names.index("surge")
        self.lower = self._part(self.model.sweep[cut:])
        self.kept = self._record(p, nodes, self._part(self.model.sweep[:cut]))

    def _part(self, blocks):
        return type(self.model)((), (), tuple(blocks), (), ())

    def _record(self, p, nodes, upper):
        """Signals of the upper half at the nodes of every step, [{name: (3, n)}]."""
        sweep = Sweep(upper, p, self.n)
        state, kept = sweep.start(), []
        for k, h in enumerate(self.lengths):
            now = {name: x[k] for name, x in nodes.items()}
            state, seen = sweep.walk(state, now, h, {})
            kept.append({m: np.broadcast_to(seen[m], (3, self.n)) for m in (*UPSTREAM, *BRAIN)})
        return kept

    def run(self, values, copies):
        """The visits of `copies` candidates side by side: {name: (visits, copies n)}.

        values: {parameter: number or (copies n,)}, candidate after candidate.
        """
        width = copies * self.n
        sweep = Sweep(self.lower, values, width)
        state = sweep.start()
        out = {name: [] for name in (*KEPT, "sedation")}
        stress = {"stress": np.tile(state["stress"], (3, 1))}
        last, start, now = None, None, None
        places = set(np.searchsorted(self.times, self.visits - 1e-9))
        for k in range(len(self.lengths) + 1):
            if k in places:
                for name in KEPT:
                    out[name].append(state[name])
                brain = 0.0 if now is None else sum(now[m][2] for m in BRAIN)
                calm = mood.sedation(0.0, brain, 0.0, values["EC50_relief"])
                out["sedation"].append(np.broadcast_to(calm, width))
            if k == len(self.lengths):
                break
            h = self.lengths[k]
            now = {m: np.tile(x, copies) for m, x in self.kept[k].items()}
            guess = stress
            if last is not None:
                guess = {"stress": radau.extrapolate(start, stress["stress"], h / last)}
            start = state["stress"]
            state, stress = sweep.step(state, now, h, guess)
            last = h
        return {name: np.array(x) for name, x in out.items()}
