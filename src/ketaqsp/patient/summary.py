"""What a run says in short: MADRS at chosen times, peaks, and who failed."""

import numpy as np

from ketaqsp.patient.random import normal
from ketaqsp.solve import STATUS

NOTICE = "For research and teaching, never for dosing a person."
SOLVER = "exact plasma, Radau IIA sweep"
# Hours at which a summary looks: those of the trials, as far as the run goes.
LOOKS = (0, 4, 24, 72, 168, 336, 504, 672)
# Minutes after the end of a dose at which venous plasma and the receptors may be at their peak.
PEAK_MINUTES = (0, 2, 5, 10, 20)
PEAKS = ("ketamine_venous", "ketamine_arterial", "nmda_block_sst")
WANTED = ("madrs", "spine_density", *PEAKS)
RESPONSE, REMISSION = 0.5, 10  # a fall by this share of baseline; at most this many points
MADRS_TOP = 60
FAILED = len(STATUS) - 1


def looks(until_h):
    """Hours of the summary in a run of `until_h` hours: LOOKS and the end."""
    return sorted({*(float(t) for t in LOOKS if t < until_h), round(float(until_h), 9)})


def peak_times(doses, until_h):
    """Hours (sorted) at which a peak may sit: just after the end of each dose."""
    ends = {dose.stop_h for dose in doses}
    times = {round(end + minutes / 60, 9) for end in ends for minutes in PEAK_MINUTES}
    return sorted(t for t in times if t <= until_h)


def rated(out, parameters, seed):
    """`out` with MADRS as a rater writes it; the model's own value is kept as `madrs_true`.

    madrs = round(madrs_true + rater_sd * z) within 0 and 60, z drawn anew at each time. Keyed by
    (seed, time, place of the patient), so another output grid gives the same ratings.
    """
    true = out["madrs"]
    places = np.arange(out.sizes["patient"])
    z = np.stack([normal(seed, f"rater {t:.9g} h", places) for t in out["time"].values])
    points = np.clip(np.rint(true.values + np.asarray(parameters["rater_sd"]) * z), 0, MADRS_TOP)
    about = {**true.attrs, "long_name": "MADRS total as rated, whole points"}
    return out.assign(
        madrs=(true.dims, points, about),
        madrs_true=true.assign_attrs(long_name="MADRS total without rater noise"),
    )


def failures(out):
    """Numbers of the patients that could not be solved."""
    return [int(i) for i in out["patient"].values[out["status"].values == FAILED]]


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


def summary(out, times):
    """One dict a time: MADRS mean, SD, quantiles, change, response, remission, spine density.

    Over the solved patients; `n` says how many. Fractions in 0..1, MADRS points, spine density
    relative to before the first dose. SD is None for one patient, everything for none.
    """
    solved = out.isel(patient=np.flatnonzero(out["status"].values != FAILED))
    start = solved["madrs"].sel(time=0.0).values
    entries = []
    for t in times:
        now = solved.sel(time=t)
        madrs, spines = now["madrs"].values, now["spine_density"].values
        fell = madrs <= (1 - RESPONSE) * start
        entries.append(
            {
                "time_h": float(t),
                "n": len(madrs),
                **_mean_sd(madrs, "madrs"),
                **_spread(madrs, "madrs"),
                **_mean_sd(madrs - start, "change"),
                "response": _number(np.mean(fell)) if len(madrs) else None,
                "remission": _number(np.mean(madrs <= REMISSION)) if len(madrs) else None,
                **_spread(spines, "spine_density"),
            }
        )
    return entries


def peaks(out):
    """{variable: unit, 10-50-90% of the patients' highest value, median time of it in h}."""
    solved = out.isel(patient=np.flatnonzero(out["status"].values != FAILED))
    found = {}
    for name in PEAKS:
        x = solved[name].transpose("time", "patient").values
        top = x.max(axis=0)
        when = out["time"].values[x.argmax(axis=0)]
        found[name] = {
            "unit": out[name].attrs["units"],
            **_spread(top, "peak"),
            "time_h_p50": _number(np.median(when)) if len(when) else None,
        }
    return found


def report(out, times, about):
    """The JSON object of a run. `about`: what was asked (regimen, population, seed, ...)."""
    failed = failures(out)
    return {
        **about,
        "patients": out.sizes["patient"],
        "solver": {
            "name": SOLVER,
            "steps": int(out.attrs["steps"]),
            "failed_patients": len(failed),
        },
        "failed_patients": failed,
        "times": [float(t) for t in times],
        "summary": summary(out, times),
        "peaks": peaks(out),
        "notice": NOTICE,
    }
