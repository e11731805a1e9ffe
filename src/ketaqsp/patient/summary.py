"""What a run says in short: MADRS at chosen times, peaks, and who failed.

A run goes in pieces, so each piece is first reduced to a digest; the summary is made from those.
"""

import numpy as np

from ketaqsp import NOTICE
from ketaqsp.patient.random import normal
from ketaqsp.solve import STATUS

SOLVER = "exact plasma, Radau IIA sweep"
# Hours at which a summary looks: those of the trials, as far as the run goes.
LOOKS = (0, 4, 24, 72, 168, 336, 504, 672)
# Minutes after the end of a dose at which venous plasma and the receptors may be at their peak.
PEAK_MINUTES = (0, 2, 5, 10, 20)
PEAKS = ("ketamine_venous", "ketamine_arterial", "nmda_block_sst")
SEEN = ("madrs", "spine_density")
WANTED = (*SEEN, *PEAKS)
RESPONSE, REMISSION = 0.5, 10  # a fall by this share of baseline; at most this many points
# Highest totals: items times points, as printed on the forms.
TOPS = {"madrs": 60, "hamd17": 52, "hamd6": 22, "qids": 27}
FAILED = STATUS.index("failed")


def looks(until_h):
    """Hours of the summary in a run of `until_h` hours: LOOKS and the end."""
    return sorted({*(float(t) for t in LOOKS if t < until_h), round(float(until_h), 9)})


def peak_times(doses, until_h):
    """Hours (sorted) at which a peak may sit: just after the end of each dose."""
    ends = {dose.stop_h for dose in doses}
    times = {round(end + minutes / 60, 9) for end in ends for minutes in PEAK_MINUTES}
    return sorted(t for t in times if t <= until_h)


def rated(out, people, seed):
    """`out` with MADRS, HAM-D17, HAM-D6 and QIDS as a rater writes them: whole points, with error.

    madrs = round(madrs_true + rater_sd z) within 0 and 60, z drawn anew at each time; another
    scale has the same with its own top, its rater_sd scaled by its slope and a z of its own. The
    model's values are kept as `*_true`. people: the Cohort of `out`. Keyed by (seed, scale, time,
    the patient's number), so another output grid, other pieces or other company rate the same.
    """
    parameters, added = people.parameters, {}
    for name, top in TOPS.items():
        if name not in out:
            continue
        true = out[name]
        sd = np.asarray(parameters["rater_sd"]) * parameters.get(f"slope_{name}", 1.0)
        streams = [f"rater {name} {t:.9g} h" for t in out["time"].values]
        z = np.stack([normal(seed, stream, people.drawn_by, long=True) for stream in streams])
        label = true.attrs["long_name"]
        about = {**true.attrs, "long_name": f"{label} as rated, whole points"}
        points = np.clip(np.rint(true.values + sd * z), 0, top) + 0.0  # no -0
        added[name] = (true.dims, points, about)
        added[f"{name}_true"] = true.assign_attrs(long_name=f"{label} without rater noise")
    return out.assign(added)


def digest(out, times):
    """{name: (k, n)} of a piece: madrs and spine_density at `times`, peak and peak_h of PEAKS."""
    now = out[list(SEEN)].sel(time=list(times)).transpose("time", "patient")
    highest = [out[name].transpose("time", "patient").values for name in PEAKS]
    return {
        **{name: now[name].values for name in SEEN},
        "peak": np.stack([x.max(axis=0) for x in highest]),
        "peak_h": np.stack([out["time"].values[x.argmax(axis=0)] for x in highest]),
        "status": out["status"].values[None].astype(float),
    }


def joined(digests):
    """The digests of pieces side by side, in the order of the patients."""
    return {name: np.concatenate([d[name] for d in digests], axis=1) for name in digests[0]}


def _number(x):
    """A float that JSON can hold: None where it is undefined."""
    return float(x) if np.isfinite(x) else None


def _spread(x, prefix):
    """10%, 50% and 90% of x."""
    found = np.quantile(x, (0.1, 0.5, 0.9)) if len(x) else (np.nan,) * 3
    return {f"{prefix}_p{p}": _number(q) for p, q in zip((10, 50, 90), found, strict=True)}


def _mean_sd(x, prefix):
    mean = np.mean(x) if len(x) else np.nan
    sd = np.std(x, ddof=1) if len(x) > 1 else np.nan
    return {f"{prefix}_mean": _number(mean), f"{prefix}_sd": _number(sd)}


def summary(found, times):
    """One dict a time: MADRS mean, SD, quantiles, change, response, remission, spine density.

    found: {name: (k, n)} of `joined`. Over the solved patients; `n` says how many. Response and
    remission are judged on whole points, as a trial does: `responders` and `remitters` count them,
    `response` and `remission` are shares in 0..1. MADRS points; spine density relative to before
    the first dose. SD is None for one patient, everything for none.
    """
    solved = found["status"][0] != FAILED
    madrs, spines = (found[name][:, solved] for name in SEEN)
    totals = np.clip(np.rint(madrs), 0, TOPS["madrs"])
    entries = []
    for k, t in enumerate(times):
        n = madrs.shape[1]
        fell = int((totals[0] - totals[k] >= RESPONSE * totals[0]).sum())
        well = int((totals[k] <= REMISSION).sum())
        entries.append(
            {
                "time_h": float(t),
                "n": n,
                **_mean_sd(madrs[k], "madrs"),
                **_spread(madrs[k], "madrs"),
                **_mean_sd(madrs[k] - madrs[0], "change"),
                "responders": fell,
                "response": fell / n if n else None,
                "remitters": well,
                "remission": well / n if n else None,
                **_spread(spines[k], "spine_density"),
            }
        )
    return entries


def peaks(found, units):
    """{variable: unit, 10-50-90% of the patients' highest value, median time of it in h}."""
    solved = found["status"][0] != FAILED
    out = {}
    for name, top, when in zip(PEAKS, found["peak"], found["peak_h"], strict=True):
        hour = _number(np.median(when[solved])) if solved.any() else None
        out[name] = {"unit": units[name], **_spread(top[solved], "peak"), "time_h_p50": hour}
    return out


def report(found, times, about, *, ids, units, steps):
    """The JSON object of a run. `about`: what was asked (regimen, population, seed, ...)."""
    failed = [int(i) for i in np.asarray(ids)[found["status"][0] == FAILED]]
    return {
        **about,
        "patients": len(ids),
        "solver": {"name": SOLVER, "steps": int(steps), "failed_patients": len(failed)},
        "failed_patients": failed,
        "times": [float(t) for t in times],
        "summary": summary(found, times),
        "peaks": peaks(found, units),
        "notice": NOTICE,
    }
