"""Calibrate the landscape (stage 2) to the targets in targets.csv; store the result.

    python calibration/landscape.py [evaluations] [seed]

What may move is in BOUNDS and nothing else: receptor, circuit and plasma constants stay. What
lies upstream of the synapse does not depend on these, so it is solved once and replayed. A
random search, then a local one that shrinks around the best; everything is keyed by the seed.
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np

import ketaqsp as kq
from ketaqsp.chain import build, rest
from ketaqsp.dose.schedule import schedule
from ketaqsp.patient.cohort import ILL, MARGIN, spread_out, spreads, typical_values
from ketaqsp.patient.random import normal
from ketaqsp.solve import grid, radau
from ketaqsp.solve.run import _linear_pass, with_constants
from ketaqsp.solve.sweep import Sweep

HERE = Path(__file__).resolve().parent
N, POPULATION_SEED, ATTEMPTS = 300, 20, 12
# symbol: (low, high, scale); "~symbol" is the omega between patients.
BOUNDS = {
    "sensitivity": (0.5, 10.0, "log"),
    "~sensitivity": (0.4, 1.3, "linear"),
    "load": (-3.2, -1.0, "linear"),
    "~load": (0.2, 1.0, "linear"),
    "kappa": (0.1, 0.5, "log"),
    "W_half": (0.78, 0.96, "linear"),
    "width": (0.015, 0.08, "log"),
    "a": (0.4, 2.5, "log"),
    "rho": (0.08, 0.40, "linear"),
    "~rho": (0.4, 1.4, "linear"),
    "tau_Z": (30.0, 140.0, "log"),
    "n_P": (0.7, 6.0, "log"),
}
UPSTREAM = ("glutamate", "felt_rest", "habenula", "gaba", "ssri_occupancy")
PROTOCOLS = {"single": ([0], 672.0), "six": ([0, 2, 4, 7, 9, 11], 288.0)}
VISITS = {
    "single": [0.0, 4.0, 24.0, 72.0, 168.0, *np.arange(192.0, 673.0, 24.0)],
    "six": [0.0, 288.0],
}


class Replay:
    """Upstream signals of N patients at every node of a protocol, and the sweep after them."""

    def __init__(self, name):
        days, until = PROTOCOLS[name]
        self.model = build()
        self.ids = np.arange(N)
        values = typical_values()
        self.rows = {r.symbol: r for r in spreads()}
        for symbol, row in self.rows.items():
            values[symbol] = spread_out(row, values[symbol], normal(POPULATION_SEED, symbol, self.ids))
        values["D_ill"] = np.full(N, 0.9)
        self.values = values
        plan = schedule(kq.infusion(mg_per_kg=0.5, days=days), values["W"])
        self.visits = np.array(VISITS[name])
        self.times = grid.steps(plan.edges_h, self.visits, until)
        self.lengths = grid.sizes(self.times)
        p = with_constants(self.model, values)
        nodes, _ = _linear_pass(self.model, p, plan, self.ids, self.times, self.lengths, [0])
        self._record(p, nodes)

    def _record(self, p, nodes):
        names = [b.name for b in self.model.sweep]
        cut = names.index("surge")
        upper, lower = self.model.sweep[:cut], self.model.sweep[cut:]
        part = lambda blocks: type(self.model)((), (), tuple(blocks), (), ())  # noqa: E731
        first = Sweep(part(upper), p, N)
        state, kept = first.start(), []
        for k, h in enumerate(self.lengths):
            now = {name: x[k] for name, x in nodes.items()}
            state, signals = _signals(first, state, now, h)
            signals = {n: np.broadcast_to(signals[n], (3, N)) for n in UPSTREAM}
            brain = {n: now[n] for n in ("brain_ketamine_s", "brain_ketamine_r")}
            kept.append({**signals, **brain})
        self.kept = kept
        self.lower = part(lower)

    def run(self, values):
        """States at the visits, {name: (visits, N)}."""
        sweep = Sweep(self.lower, values, N)
        state = sweep.start()
        wanted = ("spine_density_absolute", "severity")
        out = {name: [] for name in wanted}
        sedation = []
        backward = {"stress": np.tile(state["stress"], (3, 1))}
        last, place = None, set(np.searchsorted(self.times, self.visits - 1e-9))
        for k, h in enumerate([*self.lengths, None]):
            if k in place:
                for name in wanted:
                    out[name].append(state[name])
                last_now = self.kept[k - 1] if k else None
                brain = 0.0 if k == 0 else last_now["brain_ketamine_s"][2] + last_now["brain_ketamine_r"][2]
                sedation.append(1 - 1 / (1 + brain / values["EC50_relief"]) + np.zeros(N))
            if h is None:
                break
            guess = backward
            if last is not None:
                guess = {"stress": radau.extrapolate(start, backward["stress"], h / last)}
            start = state["stress"]
            state, backward = sweep.step(state, self.kept[k], h, guess)
            last = h
        return {**{n: np.array(x) for n, x in out.items()}, "sedation": np.array(sedation)}


def _signals(sweep, state, nodes, h):
    """One step of the upper half that also returns its signals."""
    seen = {}

    class Spy(dict):
        def __setitem__(self, key, value):
            seen[key] = value
            super().__setitem__(key, value)

    env = Spy({**sweep.values, **nodes})
    after = {}
    for block in sweep.model.sweep:
        kind = type(block).__name__
        if kind == "Algebra":
            env[block.name] = block.value(env)
        elif kind == "Turnover":
            x = sweep._turnover(block, state[block.name], env, h)
            env[block.name] = x
            after[block.name] = x[2]
        else:
            sweep._competition(block, state, env, h, after)
    return after, seen


def people(candidate, replay):
    """Parameter values of the candidate population; load is drawn again where nobody is ill."""
    values = dict(replay.values)
    omegas = {s: r.omega for s, r in replay.rows.items()}
    for key, x in candidate.items():
        if key.startswith("~"):
            omegas[key[1:]] = x
    for symbol in {k.lstrip("~") for k in candidate}:
        centre = candidate.get(symbol, typical_values()[symbol])
        if symbol in omegas:
            z = normal(POPULATION_SEED, symbol, replay.ids)
            values[symbol] = _spread(replay.rows[symbol], centre, omegas[symbol], z)
        else:
            values[symbol] = centre
    rejected = 0
    for attempt in range(1, ATTEMPTS + 1):
        ill, well, slope = rest.states(values, N)
        bad = np.flatnonzero(~((ill > ILL) & (slope < MARGIN)))
        if not bad.size:
            break
        rejected += bad.size
        z = normal(POPULATION_SEED, "load", bad, replicate=attempt)
        values["load"] = np.array(values["load"])
        values["load"][bad] = candidate["load"] + omegas["load"] * z
    values["D_ill"] = ill
    return values, well, rejected, ~((ill > ILL) & (slope < MARGIN))


def _spread(row, centre, omega, z):
    if row.unit == "fraction" and 0 < row.value < 1:
        odds = centre / (1 - centre) * np.exp(omega * z)
        return odds / (1 + odds)
    return centre + omega * z if row.unit == "log" else centre * np.exp(omega * z)


def madrs(values, states):
    """Integer MADRS at each visit, (visits, N)."""
    share = values["rho"] + (1 - values["rho"]) * states["severity"] / values["D_ill"]
    relief = 1 - values["relief_max"] * states["sedation"]
    return np.clip(np.rint(values["M0"] * share * relief), 0, 60)


def figures(candidate, replays):
    """Every target's figure for one candidate."""
    values, well, rejected, bad = people(candidate, replays["single"])
    values = with_constants(replays["single"].model, values)
    good = ~bad
    if bad.sum() > N / 10:
        return {"failed": int(bad.sum())}
    states = replays["single"].run(values)
    score = madrs(values, states)[:, good]
    visit = {float(t): i for i, t in enumerate(replays["single"].visits)}
    fall = 1 - score / score[0]
    out = {}
    for label, t in (("4h", 4.0), ("24h", 24.0), ("72h", 72.0), ("7d", 168.0), ("14d", 336.0), ("28d", 672.0)):
        out[f"response_{label}"] = float((fall[visit[t]] >= 0.5).mean())
        out[f"remission_{label}"] = float((score[visit[t]] <= 10).mean())
    change = score[visit[24.0]] - score[0]
    out["sd_change_24h"], out["change_24h"] = float(change.std(ddof=1)), float(change.mean())
    responders = fall[visit[24.0]] >= 0.5
    later = fall[visit[24.0] :][:, responders]
    out["relapse_free_28d"] = float((later.min(axis=0) >= 0.25).mean()) if responders.any() else 0.0
    six = madrs(values, replays["six"].run(values))[:, good]
    out["response_six"] = float((1 - six[-1] / six[0] >= 0.5).mean())
    out["bistable"] = float((well < values["D_ill"] - 0.2)[good].mean())
    spines = states["spine_density_absolute"][:, good]
    out["spines_ill"] = float(np.median(spines[0]))
    out["spines_24h"] = float((spines[visit[24.0]] / spines[0]).mean())
    out["rejected"], out["failed"] = int(rejected), int(bad.sum())
    return out


def loss(found, targets):
    """Sum of squared standardised misses; a population that cannot be drawn costs more."""
    if found["failed"] > N / 10:
        return math.inf
    misses = [((found[t["target"]] - t["value"]) / t["sd"]) ** 2 for t in targets]
    return float(sum(misses) + 50 * found["failed"] / N + 0.002 * found["rejected"] / N * 100)


def to_candidate(u):
    out = {}
    for (symbol, (low, high, scale)), x in zip(BOUNDS.items(), u, strict=True):
        out[symbol] = (
            math.exp(math.log(low) + x * math.log(high / low)) if scale == "log" else low + x * (high - low)
        )
    return out


def main(evaluations=300, seed=1):
    import csv

    with open(HERE / "targets.csv", encoding="utf-8", newline="") as file:
        targets = [{**row, "value": float(row["value"]), "sd": float(row["sd"])} for row in csv.DictReader(file)]
    replays = {name: Replay(name) for name in PROTOCOLS}
    rng = np.random.default_rng(seed)
    best = (math.inf, None, None, None)
    wide = int(evaluations * 0.4)
    for i in range(evaluations):
        if i < wide or best[1] is None:
            u = rng.random(len(BOUNDS))
        else:
            shrink = 0.25 * (1 - (i - wide) / (evaluations - wide)) + 0.02
            u = np.clip(best[1] + shrink * rng.normal(size=len(BOUNDS)) * (rng.random(len(BOUNDS)) < 0.5), 0, 1)
        candidate = to_candidate(u)
        found = figures(candidate, replays)
        value = loss(found, targets)
        if value < best[0]:
            best = (value, u, candidate, found)
            print(f"{i:4d} loss {value:8.2f} " + " ".join(f"{k}={v:.3g}" for k, v in candidate.items()), flush=True)
            print("      " + " ".join(f"{k}={v:.3g}" for k, v in found.items()), flush=True)
    result = {
        "evaluations": evaluations, "seed": seed, "patients": N, "population_seed": POPULATION_SEED,
        "loss": best[0], "parameters": best[2], "figures": best[3],
        "targets_sha256": hashlib.sha256((HERE / "targets.csv").read_bytes()).hexdigest(),
    }  # fmt: skip
    text = json.dumps(result, indent=1, sort_keys=True)
    (HERE / f"landscape-seed{seed}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:3]))
