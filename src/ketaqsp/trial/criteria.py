"""What must be seen for an effect to hold: functions of simulated curves, (n,) True or False.

`o` is {run: Dataset} as ketaqsp.trial.emergence.run returns it. Thresholds are smallest sizes that
one would call an effect; they are set before the draws are looked at and stand here only.
"""

import numpy as np

AFTER = 1.0  # h: 20 min after the end of the infusion


def at(out, name, hour):
    """Values (n,) of a variable at an hour."""
    return out[name].sel(time=hour, method="nearest").values


def window(out, name, low, high):
    """Values (time, n) of a variable between two hours."""
    return out[name].sel(time=slice(low, high)).values


def gain(out, hour):
    """Gain of the synaptic state over its value before any dose."""
    return at(out, "synaptic_state", hour) - at(out, "synaptic_state", 0)


def glutamate_up(o):
    """Glutamate rises by more than 1% within 4 h of 0.5 mg/kg."""
    return window(o["drug"], "glutamate", 0, 4).max(axis=0) > 1.01


def glutamate_down(o):
    """Glutamate falls by more than 1% within 20 min of an anaesthetic bolus."""
    return window(o["anaesthetic"], "glutamate", 0, 0.34).min(axis=0) < 0.99


def inverted_u(o):
    """Both, in the same brain."""
    return glutamate_up(o) & glutamate_down(o)


def throughput_up(o):
    """AMPA throughput rises by more than 2% within 6 h."""
    return window(o["drug"], "ampa_throughput", 0, 6).max(axis=0) > 1.02


def block_removes(o):
    """The gain of the synaptic state at 24 h is there, and gone under AMPA block."""
    full = gain(o["drug"], 24)
    left = at(o["drug, AMPA block"], "synaptic_state", 24) - at(o["drug"], "synaptic_state", 0)
    return (full > 0.002) & (left < 0.1 * full)


def block_alone(o):
    """AMPA block for one hour with no drug moves MADRS by less than half a point for two days."""
    score = window(o["AMPA block"], "madrs", 0, 72)
    return np.abs(score - score[0]).max(axis=0) < 0.5


def _early(o, name, smallest):
    """Up 20 min after the infusion, and back within a fifth of its peak by 8 h."""
    x = window(o["drug"], name, 0, 8) - 1
    peak = x.max(axis=0)
    return (peak > smallest) & (at(o["drug"], name, AFTER) > 1.001) & (np.abs(x[-1]) < 0.2 * peak)


def eef2_early(o):
    """Active eEF2 is up by more than 0.5% 20 min after the infusion, silent by 8 h."""
    return _early(o, "eef2", 0.005)


def bdnf_early(o):
    """BDNF is up by more than 2% after the infusion, silent by 8 h."""
    return _early(o, "bdnf", 0.02)


def spines_late(o):
    """Formation at 6 h is under a tenth of its peak, which comes at 12-36 h; density is up by
    24 h (a tenth of its peak), and a quarter of the peak is left after two weeks."""
    x = o["drug"]["spine_density"].values - 1
    made = o["drug"]["material4"].values - 1
    hours = o["drug"]["time"].values
    peak, most = x.max(axis=0), made.max(axis=0)
    when = hours[made.argmax(axis=0)]
    none_early = at(o["drug"], "material4", 6) - 1 < 0.1 * most
    up = at(o["drug"], "spine_density", 24) - 1 > 0.1 * peak
    lasting = at(o["drug"], "spine_density", 336) - 1 > 0.25 * peak
    return (peak > 5e-4) & none_early & (when >= 12) & (when <= 36) & up & lasting


def _first(hours, x):
    """Hour at which each column first makes half of its largest value."""
    return hours[np.argmax(x >= 0.5 * x.max(axis=0), axis=0)]


def mood_first(o):
    """Severity makes half of its fall of two days within 6 h, spines half of their rise later."""
    fall = 1 - o["drug"]["severity"].values / o["drug"]["severity"].values[0]
    rise = o["drug"]["spine_density"].values - 1
    hours = o["drug"]["time"].values
    day = hours <= 48
    moved = (fall[day].max(axis=0) > 1e-4) & (rise[day].max(axis=0) > 1e-5)
    return moved & (_first(hours, fall[day]) <= 6) & (_first(hours, rise[day]) >= 12)


def erasure_spares_hours(o):
    """Erasing new spines leaves the gain at 4 h (within 10%) and takes most of it at day 5."""
    full, erased = o["drug"], o["drug, new spines erased"]
    early = gain(erased, 4) > 0.9 * gain(full, 4)
    late = gain(erased, 120) < 0.5 * gain(full, 120)
    return (gain(full, 4) > 0.001) & early & late


def opioid_reduces(o):
    """Naltrexone takes away some (5% or more), not all, of the glutamate surge."""
    full = window(o["drug"], "glutamate", 0, 4).max(axis=0) - 1
    less = window(o["drug, naltrexone"], "glutamate", 0, 4).max(axis=0) - 1
    return (full > 0.005) & (less < 0.95 * full) & (less > 0.2 * full)


def ssri_builds(o):
    """Of the six-week gain of the synaptic state 20-45% is there by week 1; one dose gives
    under 2% of it."""
    six, one = gain(o["daily"], 1008), gain(o["daily"], 168)
    single = gain(o["one dose"], 1008)
    return (six > 1e-4) & (one / six > 0.2) & (one / six < 0.45) & (np.abs(single) < 0.02 * six)


def memantine_null(o):
    """At no time of 28 days, stepped up by 5 mg a week, has memantine gained a fifth of what one
    ketamine infusion gains at its best."""
    curve = o["ketamine"]["synaptic_state"]
    best = curve.sel(time=slice(0, 72)).values.max(axis=0) - curve.values[0]
    other = o["memantine"]["synaptic_state"].values
    return (best > 0.002) & (other.max(axis=0) - other[0] < 0.2 * best)


def hours_against_weeks(o):
    """Half of the best gain: within a day under ketamine, after more than five under an SSRI."""
    x = {run: o[run]["synaptic_state"].values for run in ("ketamine", "daily")}
    half = {run: _first(o[run]["time"].values, v - v[0]) for run, v in x.items()}
    return (half["ketamine"] <= 24) & (half["daily"] > 120)


def durability(o):
    """Eight weeks after six infusions the patient with a light load is at half his MADRS or
    less, the one with a heavy load within a quarter of where he was."""
    light, heavy = (o[run]["madrs"].values for run in ("light load", "heavy load"))
    return (light[-1] <= 0.5 * light[0]) & (heavy[-1] >= 0.75 * heavy[0])
