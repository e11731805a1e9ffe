"""Table 1: who was drawn, beside what the population was made to have."""

import math

import numpy as np

from ketaqsp.patient.covariates import PARAMETER, derived
from ketaqsp.patient.populations import ANCESTRIES, covariates
from ketaqsp.patient.populations import figures as known_figures

Z95 = 1.959963984540054


def table_one(cohort):
    """One dict a row: name, long_name, unit, kind, n, what was drawn, target, source, confidence.

    Numbers have mean, sd, min, median, max; shares have fraction with its 95% interval (Wilson).
    target: {measure: value} of the population or the trial it was matched to; source "matched" or
    "table" where a user said so.
    """
    out = []
    for name, about in covariates().items():
        x = cohort.covariates[name]
        given = name in cohort.given
        target = {} if given else target_of(cohort, name)
        source, confidence = ("table", "read") if given else _source(cohort, name)
        common = {
            "name": name,
            "long_name": about.long_name,
            "unit": about.unit,
            "source": source,
            "confidence": confidence,
        }
        if about.kind == "ancestry":
            for code, who in enumerate(ANCESTRIES):
                words = who.replace("_", " ").title().replace("European", "European or other")
                part = {**common, "name": f"ancestry_{who}", "long_name": f"{words} ancestry"}
                rest = 1 - sum(target.values()) if target else None
                aim = {"fraction": target.get(who, rest)} if target else {}
                out.append(part | _share(x == code) | {"target": _plain(aim)})
        elif about.kind == "fraction":
            out.append(common | _share(x > 0) | {"target": target})
        elif about.kind == "alleles":
            out.append(common | _numbers(x) | {"target": _alleles(cohort, target)})
        elif about.kind == "dose":
            taking = x[x > 0]
            long_name = f"{about.long_name}, of those who take one"
            out.append({**common, "long_name": long_name} | _numbers(taking) | {"target": target})
        else:
            out.append(common | _numbers(x) | {"target": target})
    bmi, long_name, unit = derived(cohort.covariates)["bmi"]
    follows = {"source": "weight and height", "confidence": "derived", "target": {}}
    about = {"name": "bmi", "long_name": long_name, "unit": unit}
    return [*out, about | _numbers(bmi) | follows]


def _plain(aim):
    return {k: round(v, 12) for k, v in aim.items() if v is not None}


def _numbers(x):
    if not x.size:
        return {"kind": "number", "n": 0, **dict.fromkeys(("mean", "sd", "min", "median", "max"))}
    return {
        "kind": "number",
        "n": int(x.size),
        "mean": float(x.mean()),
        "sd": float(x.std(ddof=1)) if x.size > 1 else None,
        "min": float(x.min()),
        "median": float(np.median(x)),
        "max": float(x.max()),
    }


def _share(x):
    n, k = x.size, int(x.sum())
    middle, half = (k + Z95**2 / 2) / (n + Z95**2), 0.0
    half = Z95 * math.sqrt(k * (n - k) / n + Z95**2 / 4) / (n + Z95**2)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {"kind": "share", "n": n, "count": k, "fraction": k / n, "fraction_ci95": [low, high]}


def target_of(cohort, name):
    """{measure: value} that a covariate was made to have, from its population or parameter."""
    target = cohort.targets.get(name, {})
    if target or name not in PARAMETER:
        return target
    from ketaqsp.patient.covariates import population

    mean, sd = population(cohort.preset).marginals[name].moments()
    return {"mean": round(mean, 6), "sd": round(sd, 6)}


def _alleles(cohort, frequencies):
    """Mean number of alleles that the frequencies give with the ancestries of the population."""
    if "fraction" in frequencies:
        return {"mean": 2 * frequencies["fraction"]}
    shares = cohort.targets["ancestry"]
    rest = 1 - sum(shares.values())
    by = {ANCESTRIES[0]: rest, **shares}
    return _plain({"mean": 2 * sum(by[a] * f for a, f in frequencies.items())})


def _source(cohort, name):
    if name in cohort.asked:
        return "matched", "read"
    mine = [f for f in known_figures() if f.covariate == name]
    own = [f for f in mine if f.preset == cohort.preset] or [f for f in mine if f.preset == "any"]
    if not own:
        from ketaqsp.parameters import rows

        row = next(r for r in rows() if r.symbol == PARAMETER[name] and r.role == "default")
        return f"parameter {row.symbol}", row.confidence
    return own[0].source, own[0].confidence
