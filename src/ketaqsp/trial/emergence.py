"""Effects that must come out of the equations, each with its protocol, test and ablation.

An effect holds for a draw of the parameters if its criterion is met by the patient with those
values. Cutting the link it is credited to, on the shipped default, must make it vanish.
"""

from dataclasses import dataclass, field

import numpy as np

from ketaqsp.dose import bolus, infusion, nothing, oral
from ketaqsp.patient.cohort import ILL, MARGIN, typical
from ketaqsp.patient.prior import draws
from ketaqsp.patient.simulate import simulate
from ketaqsp.solve import Intervention

MINUTE = 1 / 60


@dataclass(frozen=True)
class Effect:
    """One effect. runs: {label: (regimen, interventions)}; holds(outs) -> (n,) of True/False."""

    name: str
    statement: str
    runs: dict
    holds: object
    cut: tuple  # cutting these makes it vanish
    hours: float = 48.0
    every: str = "0.5 h"
    extra: tuple = ()
    wanted: tuple = ()
    seen: str = ""  # the variable to draw
    scenario: tuple = field(default=())


DOSE = infusion(mg_per_kg=0.5, minutes=40)
ANAESTHETIC = bolus(mg_per_kg=2.0)
AFTER = 1.0  # h: 20 min after the end of the infusion


def _at(out, name, hour):
    return out[name].sel(time=hour, method="nearest").values


def _window(out, name, low, high):
    return out[name].sel(time=slice(low, high)).values


def glutamate_up(o):
    """Glutamate rises by more than 1% within 4 h of 0.5 mg/kg."""
    return _window(o["drug"], "glutamate", 0, 4).max(axis=0) > 1.01


def glutamate_down(o):
    """Glutamate falls by more than 1% within 20 min of an anaesthetic bolus."""
    return _window(o["drug"], "glutamate", 0, 0.34).min(axis=0) < 0.99


def throughput_up(o):
    """AMPA throughput rises by more than 2% within 6 h."""
    return _window(o["drug"], "ampa_throughput", 0, 6).max(axis=0) > 1.02


def block_removes(o):
    """The gain of the synaptic state at 24 h is there, and gone under AMPA block."""
    gain = _at(o["drug"], "synaptic_state", 24) - _at(o["drug"], "synaptic_state", 0)
    left = _at(o["drug, AMPA block"], "synaptic_state", 24) - _at(o["drug"], "synaptic_state", 0)
    return (gain > 0.002) & (left < 0.1 * gain)


def block_alone(o):
    """AMPA block for one hour with no drug moves MADRS by less than half a point."""
    score = _window(o["AMPA block"], "madrs", 23, 24.5)
    return np.abs(score - score[0]).max(axis=0) < 0.5


def early_signals(o):
    """eEF2 and BDNF are up 20 min after the infusion and back within a fifth of it by 8 h."""
    good = True
    for name in ("eef2", "bdnf"):
        x = _window(o["drug"], name, 0, 8) - 1
        good = good & (x.max(axis=0) > 0.005) & (_at(o["drug"], name, AFTER) > 1.001)
        good = good & (np.abs(x[-1]) < 0.2 * x.max(axis=0))
    return good


def spines_late(o):
    """Formation at 6 h is under a tenth of its peak, which comes at 12-36 h; density is up by
    24 h (a tenth of its peak), and a quarter of the peak is left after two weeks."""
    x = o["drug"]["spine_density"].values - 1
    made = o["drug"]["material4"].values - 1
    hours = o["drug"]["time"].values
    peak, most = x.max(axis=0), made.max(axis=0)
    when = hours[made.argmax(axis=0)]
    none_early = _at(o["drug"], "material4", 6) - 1 < 0.1 * most
    up = _at(o["drug"], "spine_density", 24) - 1 > 0.1 * peak
    lasting = _at(o["drug"], "spine_density", 336) - 1 > 0.25 * peak
    return (peak > 5e-4) & none_early & (when >= 12) & (when <= 36) & up & lasting


def mood_first(o):
    """Severity makes half of its fall of two days within 6 h, spines half of their rise later."""
    d = 1 - o["drug"]["severity"].values / o["drug"]["severity"].values[0]
    s = o["drug"]["spine_density"].values - 1
    hours = o["drug"]["time"].values
    day = hours <= 48
    first = lambda x: hours[np.argmax(x[day] >= 0.5 * x[day].max(axis=0), axis=0)]  # noqa: E731
    moved = (d[day].max(axis=0) > 1e-4) & (s[day].max(axis=0) > 1e-5)
    return moved & (first(d) <= 6) & (first(s) >= 12)


def erasure_spares_hours(o):
    """Erasing new spines leaves the gain at 4 h (within 10%) and takes most of it at day 5."""
    gain = lambda run, h: _at(o[run], "synaptic_state", h) - _at(o[run], "synaptic_state", 0)  # noqa: E731
    early = gain("drug, new spines erased", 4) > 0.9 * gain("drug", 4)
    late = gain("drug, new spines erased", 120) < 0.5 * gain("drug", 120)
    return (gain("drug", 4) > 0.001) & early & late


def opioid_reduces(o):
    """Naltrexone takes away some (5% or more), not all, of the glutamate surge."""
    full = _window(o["drug"], "glutamate", 0, 4).max(axis=0) - 1
    less = _window(o["drug, naltrexone"], "glutamate", 0, 4).max(axis=0) - 1
    return (full > 0.005) & (less < 0.95 * full) & (less > 0.2 * full)


def ssri_builds(o):
    """Of the six-week gain of the synaptic state 20-45% is there by week 1, under 2% after one."""
    base = _at(o["daily"], "synaptic_state", 0)
    six, one = (_at(o["daily"], "synaptic_state", 24 * d) - base for d in (42, 7))
    single = _at(o["one dose"], "synaptic_state", 24 * 42) - base
    return (six > 1e-4) & (one / six > 0.2) & (one / six < 0.45) & (np.abs(single) < 0.02 * six)


def memantine_null(o):
    """28 days of memantine gain under a fifth of what one ketamine infusion gains at its best."""
    gain = lambda run: (  # noqa: E731
        o[run]["synaptic_state"].values - o[run]["synaptic_state"].values[0]
    )
    best = _window(o["ketamine"], "synaptic_state", 0, 72).max(axis=0) - _at(
        o["ketamine"], "synaptic_state", 0
    )
    return (best > 0.002) & (gain("memantine")[-1] < 0.2 * best)


def hours_against_weeks(o):
    """Half of the best gain: within a day under ketamine, after more than five under an SSRI."""

    def half(run):
        x = o[run]["synaptic_state"].values
        x = x - x[0]
        return o[run]["time"].values[np.argmax(x >= 0.5 * x.max(axis=0), axis=0)]

    return (half("ketamine") <= 24) & (half("daily") > 120)


def _block(start, stop):
    return (Intervention("ampa_block", start, stop, 1.0),)


DAILY = oral("oral_antidepressant", mg=20, days=range(42))
EFFECTS = (
    Effect(
        "glutamate_up",
        "sub-anaesthetic ketamine raises glutamate",
        {"drug": (DOSE, ())},
        glutamate_up,
        ("disinhibition",),
        6,
        "0.1 h",
        seen="glutamate",
    ),
    Effect(
        "glutamate_down",
        "anaesthetic ketamine lowers glutamate",
        {"drug": (ANAESTHETIC, ())},
        glutamate_down,
        ("pyramidal_block",),
        6,
        "0.05 h",
        seen="glutamate",
    ),
    Effect(
        "throughput_up",
        "ketamine raises AMPA throughput",
        {"drug": (DOSE, ())},
        throughput_up,
        ("disinhibition", "block_at_rest"),
        24,
        seen="ampa_throughput",
    ),
    Effect(
        "block_removes",
        "AMPA block at test removes the effect at 24 h",
        {"drug": (DOSE, ()), "drug, AMPA block": (DOSE, _block(23, 25))},
        block_removes,
        ("ampa_carries_mood",),
        26,
        seen="synaptic_state",
    ),
    Effect(
        "block_alone",
        "AMPA block alone does nothing",
        {"AMPA block": (nothing(), _block(23, 24))},
        block_alone,
        (),
        26,
        seen="madrs",
    ),
    Effect(
        "early_signals",
        "eEF2 and BDNF are active early and silent by 8 h",
        {"drug": (DOSE, ())},
        early_signals,
        ("rest_to_eef2",),
        24,
        seen="bdnf",
    ),
    Effect(
        "spines_late",
        "no new spines at 3-6 h, spines at 24 h, lasting a week or more",
        {"drug": (DOSE, ())},
        spines_late,
        ("spines", "feedback"),
        336,
        "2 h",
        seen="spine_density",
    ),
    Effect(
        "mood_first",
        "mood moves before spines",
        {"drug": (DOSE, ())},
        mood_first,
        ("surface_ampa", "habenula"),
        72,
        seen="severity",
    ),
    Effect(
        "erasure_spares_hours",
        "erasing new spines spares the first hours and takes the later effect",
        {
            "drug": (DOSE, ()),
            "drug, new spines erased": (DOSE, (Intervention("spine_erasure", 0, 400, 1.0),)),
        },
        erasure_spares_hours,
        ("surface_ampa",),
        168,
        "2 h",
        seen="synaptic_state",
    ),
    Effect(
        "opioid_reduces",
        "naltrexone reduces the surge and does not abolish it",
        {"drug": (DOSE, ()), "drug, naltrexone": (DOSE, (Intervention("opioid_block", 0, 24, 1.0),))},
        opioid_reduces,
        ("opioid",),
        12,
        "0.1 h",
        seen="glutamate",
    ),
    Effect(
        "ssri_builds",
        "an SSRI builds over weeks on the same TrkB node",
        {"daily": (DAILY, ()), "one dose": (oral("oral_antidepressant", mg=20, days=[0]), ())},
        ssri_builds,
        ("ssri_to_trkb",),
        42 * 24,
        "24 h",
        seen="synaptic_state",
    ),
    Effect(
        "memantine_null",
        "memantine at clinical exposure does not help, by adaptation to a block that stays",
        {"ketamine": (DOSE, ()), "memantine": (oral("memantine", mg=20, days=range(28)), ())},
        memantine_null,
        ("adaptation",),
        28 * 24,
        "6 h",
        seen="synaptic_state",
    ),
    Effect(
        "hours_against_weeks",
        "ketamine acts within hours, an SSRI over weeks",
        {"ketamine": (DOSE, ()), "daily": (DAILY, ())},
        hours_against_weeks,
        ("surface_ampa", "habenula"),
        42 * 24,
        "12 h",
        seen="synaptic_state",
    ),
)


def prior_people(n=200, seed=7):
    """n typical patients, each with its own draw of the parameters' prior, and which are ill."""
    from dataclasses import replace

    from ketaqsp.chain import rest

    alone = typical()
    values = {**alone.parameters, **draws(n, seed)}
    values["D_ill"] = np.full(n, 0.9)
    people = replace(alone, ids=np.arange(n), parameters=values).replace()
    ill, _, slope = rest.states(people.parameters, n)
    return people, (ill > ILL) & (slope < MARGIN)


def run(effect, people, cut=()):
    """The runs of an effect for these people, {label: Dataset}, with links cut."""
    from ketaqsp.chain import overrides

    changed = people.replace(**overrides(cut, effect.scenario)) if cut or effect.scenario else people
    names = ("glutamate", "synaptic_state", "severity", "spine_density", "madrs")
    names += ("ampa_throughput", "eef2", "bdnf", "material4")
    return {
        label: simulate(
            regimen,
            changed,
            days=effect.hours / 24,
            every=effect.every,
            interventions=interventions,
            wanted=names,
            extra_times=(24.0, AFTER) if effect.hours >= 24 else (AFTER,),
        )
        for label, (regimen, interventions) in effect.runs.items()
    }


def share(effect, people, ill):
    """Share of the ill draws in which the effect holds."""
    return float(np.mean(np.asarray(effect.holds(run(effect, people)))[ill]))
