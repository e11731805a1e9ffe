"""What a candidate set of numbers predicts: its virtual patients and the figures of targets.csv.

The whole chain is solved with the shipped solver on the shipped grid, every candidate's patients
side by side in one run.
"""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from ketaqsp import infusion, simulate
from ketaqsp.chain import rest
from ketaqsp.dose import oral
from ketaqsp.patient.cohort import (
    ILL,
    MARGIN,
    REDRAWN,
    Cohort,
    spread_out,
    spreads,
    typical_values,
)
from ketaqsp.patient.random import normal
from ketaqsp.trial.endpoints import totals

TARGETS = Path(__file__).resolve().parent / "targets.csv"
N, POPULATION_SEED, ATTEMPTS = 300, 20, 12
SIX = [0, 2, 4, 7, 9, 11]
TIMES = {"4h": 4.0, "24h": 24.0, "72h": 72.0, "7d": 168.0, "14d": 336.0, "28d": 672.0}
SSRI_PATIENTS, WEEKS = 100, 6


def targets():
    """Rows of targets.csv, value and sd as numbers."""
    with open(TARGETS, encoding="utf-8", newline="") as file:
        return [
            {**row, "value": float(row["value"]), "sd": float(row["sd"])}
            for row in csv.DictReader(file)
        ]


def people(candidate):
    """(Cohort, rejected, bad (N,)): what makes nobody ill is drawn again, as `cohort` does."""
    rows = {r.symbol: r for r in spreads()}
    rows |= {k[1:]: replace(rows[k[1:]], omega=x) for k, x in candidate.items() if k[0] == "~"}
    centre = {**typical_values(), **{k: x for k, x in candidate.items() if k[0] != "~"}}
    ids = np.arange(N)

    def drawn(symbol, who, attempt=0):
        z = normal(POPULATION_SEED, symbol, who, replicate=attempt)
        return spread_out(rows[symbol], centre[symbol], z)

    values = {**centre, **{symbol: drawn(symbol, ids) for symbol in rows}}
    rejected = 0
    for attempt in range(1, ATTEMPTS + 1):
        ill, well, slope = rest.states(values, N)
        bad = ~((ill > ILL) & (slope < MARGIN))
        if not bad.any():
            break
        rejected += int(bad.sum())
        for symbol in REDRAWN:
            values[symbol][bad] = drawn(symbol, np.flatnonzero(bad), attempt)
    values["D_ill"] = ill
    return Cohort("trd", POPULATION_SEED, ids, values, rejected, well), rejected, bad


def typical_is_ill(candidate):
    """True if the patient at the centre of every spread is stably ill before a dose."""
    values = {**typical_values(), **{k: x for k, x in candidate.items() if k[0] != "~"}}
    ill, _, slope = rest.states(values, 1)
    return bool(ill[0] > ILL and slope[0] < 1)


def figures(candidates):
    """[{figure: value}] of each candidate."""
    drawn = [people(c) for c in candidates]
    everyone = _together([who for who, *_ in drawn])
    days = np.arange(0.0, 673.0, 24.0)
    wanted = ("madrs", "spine_density_absolute", "surface_ampa")
    single = simulate(
        infusion(mg_per_kg=0.5, minutes=40), everyone, days=28, every="24 h",
        extra_times=(2.0, 6.0, *TIMES.values(), *days), wanted=wanted,
    )  # fmt: skip
    six = simulate(
        infusion(mg_per_kg=0.5, minutes=40, days=SIX), everyone, days=12, every="288 h",
        wanted=("madrs",),
    )  # fmt: skip
    daily = simulate(
        oral("oral_antidepressant", mg=20, days=range(7 * WEEKS)),
        _together([who.take(slice(0, SSRI_PATIENTS)) for who, *_ in drawn]),
        days=7 * WEEKS, every="7 d", wanted=("madrs",),
    )  # fmt: skip
    out = []
    for i, (who, rejected, bad) in enumerate(drawn):
        mine = slice(i * N, (i + 1) * N)
        few = slice(i * SSRI_PATIENTS, (i + 1) * SSRI_PATIENTS)
        found = {"rejected": rejected, "failed": int(bad.sum())}
        found["typical_ill"] = float(typical_is_ill(candidates[i]))
        one = single.isel(patient=mine)
        found |= _single(one, ~bad) | _single_means(one, ~bad)
        score = totals(six["madrs"].values[:, mine])[:, ~bad]
        found["response_six"] = float((1 - score[-1] / score[0] >= 0.5).mean())
        found["bistable"] = float(who.bistable[~bad].mean())
        found |= _daily(daily["madrs"].values[:, few], ~bad[:SSRI_PATIENTS])
        out.append(found)
    return out


def _together(cohorts):
    """One Cohort of all patients, candidate after candidate, numbered anew."""
    n = sum(c.n for c in cohorts)
    names = cohorts[0].parameters
    joined = {
        m: np.concatenate([np.broadcast_to(c.parameters[m], (c.n,)) for c in cohorts])
        for m in names
        if any(np.ndim(c.parameters[m]) or c.parameters[m] != names[m] for c in cohorts)
    }
    return Cohort("trd", POPULATION_SEED, np.arange(n), {**names, **joined})


def _single(out, good):
    """Shares after one infusion, from integer totals as a trial has them."""
    score = totals(out["madrs"].values)[:, good]
    at = {t: i for i, t in enumerate(out["time"].values)}
    fall = 1 - score / score[0]
    found = {}
    for label, t in TIMES.items():
        found[f"response_{label}"] = float((fall[at[t]] >= 0.5).mean())
        found[f"remission_{label}"] = float((score[at[t]] <= 10).mean())
    change = score[at[24.0]] - score[0]
    found["sd_change_24h"], found["change_24h"] = float(change.std(ddof=1)), float(change.mean())
    responders = fall[at[24.0]] >= 0.5
    later = fall[at[24.0] :][:, responders]
    free = float((later.min(axis=0) >= 0.25).mean()) if responders.any() else 0.0
    return {**found, "relapse_free_28d": free}


def _single_means(out, good):
    """Means after one infusion: early against later mood, and spines."""
    score = out["madrs"].sel(time=[0.0, 2.0, 24.0]).values[:, good]
    gap = (score - score[0]).mean(axis=1)
    spines = out["spine_density_absolute"].sel(time=[0.0, 24.0]).values[:, good]
    return {
        "ratio_2h": float(gap[1] / gap[2]),
        "spines_ill": float(np.median(spines[0])),
        "spines_24h": float((spines[1] / spines[0]).mean()),
        "ampa_6h": float(np.median(out["surface_ampa"].sel(time=6.0).values[good])),
    }


def _daily(score, good):
    """Six weeks of an oral antidepressant: size, and the share that is there by week 1."""
    change = (score - score[0])[:, good].mean(axis=1)
    return {
        "ssri_change_6w": float(change[-1]),
        "ssri_share_1w": float(change[1] / change[-1]) if change[-1] else 0.0,
    }


def loss(found, wanted):
    """Sum of squared standardised misses; a population that cannot be drawn costs more, and a
    typical patient who is not ill is refused: the tool shows him."""
    if found["failed"] > N / 10 or not np.isfinite(list(found.values())).all():
        return 1e4
    misses = [((found[t["target"]] - t["value"]) / t["sd"]) ** 2 for t in wanted]
    penalty = 50 * found["failed"] / N + 0.2 * found["rejected"] / N
    return float(sum(misses) + penalty + 20 * (1 - found["typical_ill"]))
