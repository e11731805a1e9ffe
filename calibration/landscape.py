"""Calibrate the landscape (stage 2) to the targets in targets.csv; store the result.

    python calibration/landscape.py [generations] [seed] [rounds of the polish]

What may move is in BOUNDS and nothing else: receptor, circuit and plasma constants stay.
Differential evolution (SciPy), one generation a run of the chain, then Gauss-Newton steps from
its best with differences wide enough to see past single patients. Every draw is keyed by the seed.
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
from courses import POPULATION_SEED, TARGETS, N, figures, loss, targets
from scipy.optimize import differential_evolution

HERE = Path(__file__).resolve().parent
POPULATION = 24  # candidates in a generation
# symbol: (low, high, scale); "~symbol" is the omega between patients.
BOUNDS = {
    "sensitivity": (3.0, 40.0, "log"),
    "~sensitivity": (0.4, 1.5, "linear"),
    "top_A": (3.0, 20.0, "log"),
    "k_TA": (0.5, 5.0, "log"),
    "EC50_P": (1.2, 6.0, "log"),
    "load": (-3.2, -0.8, "linear"),
    "~load": (0.1, 1.2, "linear"),
    "kappa": (0.03, 0.5, "log"),
    "~kappa": (0.1, 1.5, "linear"),
    "W_half": (0.78, 0.96, "linear"),
    "width": (0.01, 0.08, "log"),
    "a": (0.02, 2.0, "log"),
    "c_L": (0.01, 0.3, "log"),
    "rho": (0.10, 0.55, "linear"),
    "~rho": (0.4, 1.6, "linear"),
    "tau_Z": (30.0, 240.0, "log"),
    "k_quick": (0.005, 0.2, "log"),
    "k_slow": (0.0001, 0.02, "log"),
}
# An earlier fit of these equations, so that the search does not begin from nothing.
START = {
    "sensitivity": 15.1, "~sensitivity": 0.86, "top_A": 10.0, "k_TA": 2.51, "EC50_P": 2.27,
    "load": -1.25, "~load": 0.32, "kappa": 0.137, "~kappa": 1.20, "W_half": 0.844,
    "width": 0.0126, "a": 0.45, "c_L": 0.05, "rho": 0.44, "~rho": 1.15, "tau_Z": 77.0,
    "k_quick": 0.028, "k_slow": 0.0008,
}  # fmt: skip
NEAR = 0.12  # SD about START, in the unit cube, of half of the first generation
STEP = 0.04  # of the unit cube: differences of the polish
DAMPING = (0.05, 0.3, 2.0)  # tried side by side in each round of the polish


def to_candidate(u):
    """A point of the unit cube as {symbol: value}."""
    out = {}
    for (symbol, (low, high, scale)), x in zip(BOUNDS.items(), u, strict=True):
        log = low * (high / low) ** x if scale == "log" else None
        out[symbol] = float(low + x * (high - low) if log is None else log)
    return out


def to_point(candidate):
    """The inverse of to_candidate."""
    return np.array(
        [
            math.log(candidate[s] / low) / math.log(high / low)
            if scale == "log"
            else (candidate[s] - low) / (high - low)
            for s, (low, high, scale) in BOUNDS.items()
        ]
    )


class Search:
    """The best candidate so far, and everything that may find a better one."""

    def __init__(self, seed):
        self.wanted, self.seed = targets(), seed
        self.best = {"loss": math.inf}

    def evaluate(self, points):
        """Losses (candidates,) of points (dimensions, candidates)."""
        candidates = [to_candidate(u) for u in points.T]
        found = figures(candidates)
        losses = np.array([loss(f, self.wanted) for f in found])
        k = int(losses.argmin())
        if losses[k] < self.best["loss"]:
            self.best.update(loss=losses[k], parameters=candidates[k], figures=found[k])
            print(f"loss {losses[k]:7.2f} ", _line(candidates[k]), "|", _line(found[k]), flush=True)
        self.found = found
        return losses

    def evolve(self, generations):
        """Differential evolution; half of the first generation lies about START."""
        rng = np.random.default_rng(self.seed)
        first = rng.random((POPULATION, len(BOUNDS)))
        half = POPULATION // 2
        near = to_point(START) + NEAR * rng.standard_normal((half, len(BOUNDS)))
        first[:half] = np.clip(near, 0.01, 0.99)
        first[0] = to_point(START)
        differential_evolution(
            self.evaluate, [(0, 1)] * len(BOUNDS), strategy="best1bin", maxiter=generations,
            init=first, rng=self.seed, tol=0.0, mutation=(0.4, 0.9), recombination=0.8,
            polish=False, vectorized=True, updating="deferred",
        )  # fmt: skip

    def polish(self, rounds):
        """Damped Gauss-Newton steps on the standardised misses."""
        for _ in range(rounds):
            here, before = to_point(self.best["parameters"]), self.best["loss"]
            forward = np.where(here < 0.5, STEP, -STEP)
            self.evaluate((here + np.diag(forward)).T)
            moved = np.array([self._misses(f) for f in self.found])
            base = self._misses(figures([to_candidate(here)])[0])
            slope = ((moved - base) / forward[:, None]).T
            steps = []
            for damping in DAMPING:
                for length in (0.3, 0.6, 1.0):
                    square = slope.T @ slope
                    scale = damping * np.mean(np.diag(square)) * np.eye(len(here))
                    steps.append(-length * np.linalg.solve(square + scale, slope.T @ base))
            self.evaluate(np.clip(here + np.array(steps), 0.0, 1.0).T)
            if self.best["loss"] > before - 0.05:
                break

    def _misses(self, found):
        return np.array([(found[t["target"]] - t["value"]) / t["sd"] for t in self.wanted])


def main(generations=30, seed=1, rounds=6):
    search = Search(seed)
    search.evolve(generations)
    search.polish(rounds)
    about = {
        "generations": generations, "population": POPULATION, "seed": seed, "rounds": rounds,
        "patients": N, "population_seed": POPULATION_SEED,
        "targets_sha256": hashlib.sha256(TARGETS.read_bytes()).hexdigest(),
    }  # fmt: skip
    text = json.dumps({**about, **search.best}, indent=1, sort_keys=True)
    (HERE / f"landscape-seed{seed}.json").write_text(text + "\n", encoding="utf-8")


def _line(numbers):
    return " ".join(f"{k}={v:.3g}" for k, v in numbers.items())


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:4]))
