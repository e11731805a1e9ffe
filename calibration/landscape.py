"""Calibrate the landscape (stage 2) to the targets in targets.csv; store the result.

    python calibration/landscape.py [generations] [seed]

What may move is in BOUNDS and nothing else: receptor, circuit and plasma constants stay.
Differential evolution (SciPy), one generation a sweep; every draw is keyed by the seed.
"""

import csv
import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
from replay import Replay
from scipy.optimize import differential_evolution

from ketaqsp.chain import rest
from ketaqsp.mood import equations as mood
from ketaqsp.patient.cohort import ILL, MARGIN, spread_out, typical_values
from ketaqsp.patient.random import normal
from ketaqsp.solve.run import with_constants
from ketaqsp.trial.endpoints import totals

HERE = Path(__file__).resolve().parent
N, POPULATION_SEED, ATTEMPTS = 300, 20, 12
POPULATION = 24  # candidates in a generation
# symbol: (low, high, scale); "~symbol" is the omega between patients.
BOUNDS = {
    "sensitivity": (1.0, 20.0, "log"),
    "~sensitivity": (0.4, 1.5, "linear"),
    "load": (-3.2, -1.0, "linear"),
    "~load": (0.2, 1.2, "linear"),
    "W_half": (0.78, 0.96, "linear"),
    "width": (0.01, 0.08, "log"),
    "a": (0.1, 2.0, "log"),
    "rho": (0.10, 0.55, "linear"),
    "~rho": (0.4, 1.6, "linear"),
    "tau_Z": (30.0, 240.0, "log"),
    "n_P": (0.5, 3.0, "log"),
}
# An earlier rough fit, so that the search does not begin from nothing.
START = {
    "sensitivity": 6.35, "~sensitivity": 1.25, "load": -1.99, "~load": 0.97, "W_half": 0.858,
    "width": 0.015, "a": 0.4, "rho": 0.355, "~rho": 0.91, "tau_Z": 121.0, "n_P": 2.0,
}  # fmt: skip
SIX = [0, 2, 4, 7, 9, 11]
TIMES = {"4h": 4.0, "24h": 24.0, "72h": 72.0, "7d": 168.0, "14d": 336.0, "28d": 672.0}
LATER = np.arange(192.0, 673.0, 24.0)  # daily, for relapse


def replays():
    """One infusion to day 28, six in twelve days to the day after the last."""
    single = Replay([0], 672.0, [0, 4, 24, 72, 168, *LATER], N, POPULATION_SEED)
    six = Replay(SIX, 288.0, [0, 288], N, POPULATION_SEED)
    return {"single": single, "six": six}


def targets():
    """Rows of targets.csv, value and sd as numbers."""
    with open(HERE / "targets.csv", encoding="utf-8", newline="") as file:
        return [
            {**row, "value": float(row["value"]), "sd": float(row["sd"])}
            for row in csv.DictReader(file)
        ]


def people(candidate, replay):
    """(values, well, rejected, bad): the candidate's population; load is drawn again where
    nobody is ill, as `ketaqsp.cohort` does."""
    values = dict(replay.values)
    default = typical_values()
    omegas = {s: r.omega for s, r in replay.rows.items()}
    omegas.update({key[1:]: x for key, x in candidate.items() if key.startswith("~")})

    def drawn(symbol, ids, attempt=0):
        from dataclasses import replace

        row = replace(replay.rows[symbol], omega=omegas[symbol])
        z = normal(POPULATION_SEED, symbol, ids, replicate=attempt)
        return spread_out(row, candidate.get(symbol, default[symbol]), z)

    for symbol in {k.lstrip("~") for k in candidate}:
        spread = symbol in omegas
        values[symbol] = drawn(symbol, replay.ids) if spread else candidate[symbol]
    rejected = 0
    for attempt in range(1, ATTEMPTS + 1):
        ill, well, slope = rest.states(values, N)
        bad = ~((ill > ILL) & (slope < MARGIN))
        if not bad.any():
            break
        rejected += int(bad.sum())
        values["load"][bad] = drawn("load", np.flatnonzero(bad), attempt)
    values["D_ill"] = ill
    return values, well, rejected, bad


def figures(candidates, runs):
    """Every target's figure for each candidate, all of them solved side by side."""
    drawn = [people(c, runs["single"]) for c in candidates]
    names = drawn[0][0]
    together = {
        m: np.concatenate([np.broadcast_to(v[m], (N,)) for v, *_ in drawn])
        for m in names
        if any(np.ndim(v[m]) or v[m] != drawn[0][0][m] for v, *_ in drawn)
    }
    together = {**{m: x for m, x in names.items() if m not in together}, **together}
    together = with_constants(runs["single"].model, together)
    with np.errstate(all="ignore"):
        states = {name: run.run(together, len(candidates)) for name, run in runs.items()}
    out = []
    for i, (values, well, rejected, bad) in enumerate(drawn):
        inside = slice(i * N, (i + 1) * N)
        mine = {p: {m: x[:, inside] for m, x in s.items()} for p, s in states.items()}
        out.append(_figures(values, well, rejected, bad, mine, runs))
    return out


def _madrs(values, states):
    """Integer MADRS at each visit, (visits, N)."""
    names = ("M0", "rho", "D_ill", "relief_max")
    own = {name: values[name] for name in names}
    return totals(mood.madrs(**own, severity=states["severity"], sedation=states["sedation"]))


def _figures(values, well, rejected, bad, states, runs):
    score = _madrs(values, states["single"])
    good = ~bad & np.isfinite(score).all(axis=0)
    out = {"rejected": rejected, "failed": int((~good).sum())}
    if out["failed"] > N / 10:
        return out
    score = score[:, good]
    visit = {float(t): i for i, t in enumerate(runs["single"].visits)}
    fall = 1 - score / score[0]
    for label, t in TIMES.items():
        out[f"response_{label}"] = float((fall[visit[t]] >= 0.5).mean())
        out[f"remission_{label}"] = float((score[visit[t]] <= 10).mean())
    change = score[visit[24.0]] - score[0]
    out["sd_change_24h"], out["change_24h"] = float(change.std(ddof=1)), float(change.mean())
    responders = fall[visit[24.0]] >= 0.5
    later = fall[visit[24.0] :][:, responders]
    out["relapse_free_28d"] = float((later.min(axis=0) >= 0.25).mean()) if responders.any() else 0.0
    six = _madrs(values, states["six"])[:, good]
    out["response_six"] = float((1 - six[-1] / six[0] >= 0.5).mean())
    out["bistable"] = float((well < values["D_ill"] - 0.2)[good].mean())
    spines = states["single"]["spine_density_absolute"][:, good]
    out["spines_ill"] = float(np.median(spines[0]))
    out["spines_24h"] = float((spines[visit[24.0]] / spines[0]).mean())
    return out


def loss(found, wanted):
    """Sum of squared standardised misses; a population that cannot be drawn costs more."""
    if found["failed"] > N / 10:
        return 1e4
    misses = [((found[t["target"]] - t["value"]) / t["sd"]) ** 2 for t in wanted]
    return float(sum(misses) + 50 * found["failed"] / N + 0.2 * found["rejected"] / N)


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


def main(generations=25, seed=1):
    runs, wanted = replays(), targets()
    best = {"loss": math.inf}

    def evaluate(points):
        candidates = [to_candidate(u) for u in points.T]
        found = figures(candidates, runs)
        losses = np.array([loss(f, wanted) for f in found])
        k = int(losses.argmin())
        if losses[k] < best["loss"]:
            best.update(loss=losses[k], parameters=candidates[k], figures=found[k])
            print(f"loss {losses[k]:7.2f} ", _line(candidates[k]), "|", _line(found[k]), flush=True)
        return losses

    first = np.random.default_rng(seed).random((POPULATION, len(BOUNDS)))
    first[0] = to_point(START)
    differential_evolution(
        evaluate, [(0, 1)] * len(BOUNDS), strategy="best1bin", maxiter=generations,
        init=first, rng=seed, tol=0.0,
        mutation=(0.4, 0.9), recombination=0.8, polish=False, vectorized=True,
        updating="deferred",
    )  # fmt: skip
    about = {
        "generations": generations, "population": POPULATION, "seed": seed, "patients": N,
        "population_seed": POPULATION_SEED,
        "targets_sha256": hashlib.sha256((HERE / "targets.csv").read_bytes()).hexdigest(),
    }  # fmt: skip
    text = json.dumps({**about, **best}, indent=1, sort_keys=True)
    (HERE / f"landscape-seed{seed}.json").write_text(text + "\n", encoding="utf-8")


def _line(numbers):
    return " ".join(f"{k}={v:.3g}" for k, v in numbers.items())


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:3]))
