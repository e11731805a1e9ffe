"""What a run says in short: MADRS at chosen times, peaks, and who failed.

A run goes in pieces, so each piece is first reduced to a digest; the summary is made from those.
"""

import numpy as np

from ketaqsp import NOTICE
from ketaqsp.dose.arrivals import timing
from ketaqsp.dose.routes import entry
from ketaqsp.patient import clipping, failures
from ketaqsp.patient.failures import FAILED
from ketaqsp.patient.histogram import AMOUNT, HOURS, POINTS, RATIO, Histogram
from ketaqsp.patient.random import normal
from ketaqsp.solve.grid import SAME
from ketaqsp.solve.radau import RTOL

SOLVER = "exact plasma, Radau IIA sweep"
# Hours at which a summary looks: those of the trials, as far as the run goes.
LOOKS = (0, 4, 24, 72, 168, 336, 504, 672)
# Minutes after the end of a dose at which venous plasma and the receptors may be at their peak: of
# an infusion, of one given at once, and of one that must be taken up first (from a muscle in
# minutes, from the gut in hours).
PEAK_MINUTES = (0, 2, 5, 10, 20)
PUSHED_MINUTES = (*PEAK_MINUTES, 1, 3, 4, 7)
UPTAKE_MINUTES = (*PEAK_MINUTES, 15, 30, 40, 50, 60, 75, 90, 105, 120, 150, 180, 240, 300, 360, 480)
PEAKS = ("ketamine_venous", "ketamine_arterial", "nmda_block_sst")
SEEN = ("madrs", "spine_density")
WANTED = (*SEEN, *PEAKS)
RESPONSE, REMISSION = 0.5, 10  # a fall by this share of baseline; at most this many points
# Highest totals: items times points, as printed on the forms.
TOPS = {"madrs": 60, "hamd17": 52, "hamd6": 22, "qids": 27}
SCALES = {"madrs": POINTS, "change": POINTS, "spine_density": RATIO}
JUDGED = ("responders", "remitters", "floor", "ceiling")


def looks(until_h):
    """Hours of the summary in a run of `until_h` hours: LOOKS and the end."""
    return sorted({*(float(t) for t in LOOKS if t < until_h), round(float(until_h), 9)})


def peak_times(doses, until_h):
    """Hours (sorted) at which a peak may sit: after the last of each dose has come in."""
    times = set()
    for dose in set(doses):
        lag, lasts = timing(dose)
        minutes = PEAK_MINUTES if lasts else PUSHED_MINUTES
        if entry(dose.drug, dose.route).site:
            minutes = UPTAKE_MINUTES
        end = round(dose.start_h + lag + lasts, 9)
        times |= {round(end + after / 60, 9) for after in minutes}
    return sorted(t for t in times if t <= until_h)


def rated(out, people, seed):
    """`out` with MADRS, HAM-D17, HAM-D6 and QIDS as a rater writes them: whole points, with error.

    madrs = round(madrs_true + rater_sd z) within 0 and 60, z drawn anew at each time; another
    scale has the same with its own top, its rater_sd scaled by its slope and a z of its own. The
    model's values are kept as `*_true`; the attribute `clipped` says how many totals had to be cut
    at an end of their scale. people: the Cohort of `out`. Keyed by (seed, scale, time, the
    patient's number), so another output grid, other pieces or other company rate the same.
    """
    parameters, added, cut = people.parameters, {}, {}
    for name, top in TOPS.items():
        if name not in out:
            continue
        true = out[name]
        sd = np.asarray(parameters["rater_sd"]) * parameters.get(f"slope_{name}", 1.0)
        streams = [f"rater {name} {t:.9g} h" for t in out["time"].values]
        z = np.stack([normal(seed, stream, people.drawn_by, long=True) for stream in streams])
        label = true.attrs["long_name"]
        about = {**true.attrs, "long_name": f"{label} as rated, whole points"}
        points = np.rint(true.values + sd * z)
        cut[name] = clipping.counted(points, top, out["time"].values)
        added[name] = (true.dims, np.clip(points, 0, top) + 0.0, about)  # no -0
        added[f"{name}_true"] = true.assign_attrs(long_name=f"{label} without rater noise")
    return clipping.noted(out.assign(added), cut)


def digest(out, times):
    """{name: (k, n)} of a piece: madrs and spine_density at `times`, peak and peak_h of PEAKS."""
    near = {"method": "nearest", "tolerance": SAME}  # a time that rounding moved is that time
    now = out[list(SEEN)].sel(time=list(times), **near).transpose("time", "patient")
    highest = [out[name].transpose("time", "patient").values for name in PEAKS]
    return {
        **{name: now[name].values for name in SEEN},
        "peak": np.stack([x.max(axis=0) for x in highest]),
        "peak_h": np.stack([out["time"].values[x.argmax(axis=0)] for x in highest]),
        "status": out["status"].values[None].astype(float),
    }


class Tally:
    """What a run says in short, added up piece by piece, in any order: nothing of it per patient.

    times: hours of the summary. status {how: patients}; failed: numbers of those who were not
    solved. MADRS and spine density are counted in bins, see patient.histogram.
    """

    def __init__(self, times):
        k = len(times)
        self.times, self.steps = [float(t) for t in times], 0
        self.status, self.failed = failures.counts(()), set()
        self.seen = {name: [Histogram(bins)] * k for name, bins in SCALES.items()}
        self.peaks = {name: (Histogram(AMOUNT), Histogram(HOURS)) for name in PEAKS}
        self.judged = {name: np.zeros(k, dtype=int) for name in JUDGED}

    def add(self, found, ids):
        """Add a piece: what `digest` made of it, and the numbers of its patients."""
        status = found["status"][0].astype(int)
        solved = status != FAILED
        self.status = failures.added(self.status, failures.counts(status))
        self.failed |= set(np.asarray(ids)[~solved].tolist())
        if "steps" in found:
            self.steps = max(self.steps, int(found["steps"].max()))
        madrs, spines = (found[name][:, solved] for name in SEEN)
        for name, x in zip(SCALES, (madrs, madrs - madrs[0], spines), strict=True):
            bins = SCALES[name]
            self.seen[name] = [
                a + Histogram.of(bins, row) for a, row in zip(self.seen[name], x, strict=True)
            ]
        whole = np.rint(madrs)
        totals = np.clip(whole, 0, TOPS["madrs"])
        for name, hit in (
            ("responders", totals[0] - totals >= RESPONSE * totals[0]),
            ("remitters", totals <= REMISSION),
            ("floor", whole < 0),
            ("ceiling", whole > TOPS["madrs"]),
        ):
            self.judged[name] = self.judged[name] + hit.sum(axis=1)
        for name, top, when in zip(PEAKS, found["peak"], found["peak_h"], strict=True):
            a, b = self.peaks[name]
            new = Histogram.of(AMOUNT, top[solved]), Histogram.of(HOURS, when[solved])
            self.peaks[name] = a + new[0], b + new[1]


def _number(x):
    """A float that JSON can hold: None where it is undefined."""
    return float(x) if np.isfinite(x) else None


def _spread(histogram, prefix):
    """10%, 50% and 90%."""
    found = histogram.quantiles((0.1, 0.5, 0.9))
    return {f"{prefix}_p{p}": _number(q) for p, q in zip((10, 50, 90), found, strict=True)}


def _mean_sd(histogram, prefix):
    x = histogram.moments
    return {f"{prefix}_mean": _number(x.mean), f"{prefix}_sd": _number(x.sd)}


def summary(tally):
    """One dict a time: MADRS mean, SD, quantiles, change, response, remission, spine density.

    Over the solved patients; `n` says how many. Response and remission are judged on whole points,
    as a trial does: `responders` and `remitters` count them, `response` and `remission` are shares
    in 0..1. MADRS points; spine density relative to before the first dose. SD is None for one
    patient, everything for none. Means and SDs are exact, quantiles within half of `bin_width`.
    """
    entries = []
    for k, t in enumerate(tally.times):
        madrs, change, spines = (tally.seen[name][k] for name in SCALES)
        n, fell, well = madrs.moments.n, *(int(tally.judged[j][k]) for j in JUDGED[:2])
        entries.append(
            {
                "time_h": t,
                "n": n,
                **_mean_sd(madrs, "madrs"),
                **_spread(madrs, "madrs"),
                **_mean_sd(change, "change"),
                "responders": fell,
                "response": fell / n if n else None,
                "remitters": well,
                "remission": well / n if n else None,
                **_spread(spines, "spine_density"),
            }
        )
    return entries


def peaks(tally, units):
    """{variable: unit, 10-50-90% of the patients' highest value, median time of it in h}."""
    out = {}
    for name, (top, when) in tally.peaks.items():
        hour = _number(when.quantiles((0.5,))[0])
        out[name] = {"unit": units[name], **_spread(top, "peak"), "time_h_p50": hour}
    return out


def bin_widths():
    """{what: width of its bins}; "relative" ones as a share of the value."""
    return {
        **{name: bins.width for name, bins in SCALES.items()},
        "peak_relative": AMOUNT.width,
        "peak_time_h": HOURS.width,
    }


def _judged_as_cut(tally):
    """Without a rater MADRS is cut only where response is judged: on whole points, 0 to 60."""
    cut = clipping.kept(tally.times, *(tally.judged[name] for name in JUDGED[2:]))
    return {"madrs": cut} if cut else {}


def report(tally, about, *, ids, units, clipped):
    """The JSON object of a run. `about`: what was asked (regimen, population, seed, ...).

    ids: of all patients, in the order in which failures are named. clipped: of `rated`, added up.
    """
    failed = [i for i in np.asarray(ids).tolist() if i in tally.failed]
    return {
        **about,
        "patients": len(ids),
        "solver": {
            "name": SOLVER,
            "rtol": RTOL,
            "steps": tally.steps,
            "failed_patients": len(failed),
            "status": tally.status,
        },
        "failed_patients": failed,
        "times": tally.times,
        "summary": summary(tally),
        "peaks": peaks(tally, units),
        "bin_width": bin_widths(),
        "clipped": clipped or _judged_as_cut(tally),
        "notice": NOTICE,
    }
