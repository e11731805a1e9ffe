"""Effects that must come out of the equations, each with its protocol, test and ablation.

An effect holds for a draw of the parameters if its criterion is met by the patient with those
values. Cutting the link it is credited to, on the shipped default, must make it vanish.
"""

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ketaqsp.dose import bolus, infusion, nothing, oral
from ketaqsp.patient.cohort import ILL, MARGIN, spread_out, spreads, typical
from ketaqsp.patient.prior import draws
from ketaqsp.patient.simulate import simulate
from ketaqsp.solve import Intervention
from ketaqsp.trial import criteria

TABLE = Path(__file__).with_name("emergence.csv")
WANTED = (
    "glutamate synaptic_state severity spine_density madrs ampa_throughput eef2 bdnf material4"
).split()


@dataclass(frozen=True)
class Run:
    """One course: regimen, experiments on the way, parameters changed for it."""

    regimen: object
    interventions: tuple = ()
    changed: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """One effect. runs: {label: Run}; holds: criterion; cut: what makes it vanish.

    seen: the variable to draw. cut is empty where the effect is that nothing happens.
    """

    name: str
    statement: str
    runs: dict
    holds: object
    cut: tuple
    hours: float
    every: str
    seen: str


DOSE = infusion(mg_per_kg=0.5, minutes=40)
SIX = infusion(mg_per_kg=0.5, minutes=40, days=[0, 2, 4, 7, 9, 11])
ANAESTHETIC = bolus(mg_per_kg=2.0)
DAILY = oral("oral_antidepressant", mg=20, days=range(42))
ONCE = oral("oral_antidepressant", mg=20, days=[0])
TITRATED = zip(range(4), (5, 10, 15, 20), strict=True)  # week, mg a day: as it is prescribed
MEMANTINE = sum(
    (oral("memantine", mg=mg, days=range(7 * w, 7 * w + 7)) for w, mg in TITRATED), nothing()
)
DRUG = {"drug": Run(DOSE)}


def _during(name, start, stop):
    """An experiment: `name` is 1 between two hours."""
    return (Intervention(name, start, stop, 1.0),)


def _patient(**sds):
    """{symbol: value} of a patient who lies that many SDs from the centre, by the table's omega."""
    found = {r.symbol: r for r in spreads()}
    return {s: float(spread_out(found[s], found[s].value, z)) for s, z in sds.items()}


EFFECTS = (
    Effect(
        "glutamate_up",
        "sub-anaesthetic ketamine raises glutamate",
        DRUG,
        criteria.glutamate_up,
        ("disinhibition",),
        6,
        "0.1 h",
        "glutamate",
    ),
    Effect(
        "glutamate_down",
        "anaesthetic ketamine lowers glutamate",
        {"anaesthetic": Run(ANAESTHETIC)},
        criteria.glutamate_down,
        ("pyramidal_block",),
        6,
        "0.05 h",
        "glutamate",
    ),
    Effect(
        "inverted_u",
        "up below and down above, in the same brain",
        {**DRUG, "anaesthetic": Run(ANAESTHETIC)},
        criteria.inverted_u,
        ("pyramidal_block",),
        6,
        "0.05 h",
        "glutamate",
    ),
    Effect(
        "throughput_up",
        "ketamine raises AMPA throughput",
        DRUG,
        criteria.throughput_up,
        ("disinhibition", "block_at_rest"),
        24,
        "0.5 h",
        "ampa_throughput",
    ),
    Effect(
        "block_removes",
        "AMPA block at test removes the effect at 24 h",
        {**DRUG, "drug, AMPA block": Run(DOSE, _during("ampa_block", 23, 25))},
        criteria.block_removes,
        ("ampa_carries_mood",),
        26,
        "0.5 h",
        "synaptic_state",
    ),
    Effect(
        "block_alone",
        "AMPA block alone does nothing",
        {"AMPA block": Run(nothing(), _during("ampa_block", 23, 24))},
        criteria.block_alone,
        (),
        72,
        "0.5 h",
        "madrs",
    ),
    Effect(
        "eef2_early",
        "eEF2 is active early and silent by 8 h",
        DRUG,
        criteria.eef2_early,
        ("rest_to_eef2",),
        24,
        "0.5 h",
        "eef2",
    ),
    Effect(
        "bdnf_early",
        "BDNF is up early and silent by 8 h",
        DRUG,
        criteria.bdnf_early,
        ("bdnf", "block_at_rest"),
        24,
        "0.5 h",
        "bdnf",
    ),
    Effect(
        "spines_late",
        "no new spines at 3-6 h, spines at 24 h, lasting two weeks",
        DRUG,
        criteria.spines_late,
        ("spines", "feedback"),
        336,
        "2 h",
        "spine_density",
    ),
    Effect(
        "mood_first",
        "mood moves before spines",
        DRUG,
        criteria.mood_first,
        ("surface_ampa", "habenula"),
        72,
        "0.5 h",
        "severity",
    ),
    Effect(
        "erasure_spares_hours",
        "erasing new spines spares the first hours and takes the later effect",
        {**DRUG, "drug, new spines erased": Run(DOSE, _during("spine_erasure", 0, 400))},
        criteria.erasure_spares_hours,
        ("surface_ampa",),
        168,
        "2 h",
        "synaptic_state",
    ),
    Effect(
        "opioid_reduces",
        "naltrexone reduces the surge and does not abolish it",
        {**DRUG, "drug, naltrexone": Run(DOSE, _during("opioid_block", 0, 24))},
        criteria.opioid_reduces,
        ("opioid",),
        12,
        "0.1 h",
        "glutamate",
    ),
    Effect(
        "ssri_builds",
        "an SSRI builds over weeks on the same TrkB node, and one dose does nothing",
        {"daily": Run(DAILY), "one dose": Run(ONCE)},
        criteria.ssri_builds,
        ("ssri_to_trkb",),
        1008,
        "24 h",
        "synaptic_state",
    ),
    Effect(
        "memantine_null",
        "memantine at clinical exposure does not help: a slow rise does not count as a surge",
        {"ketamine": Run(DOSE), "memantine": Run(MEMANTINE)},
        criteria.memantine_null,
        ("sliding_threshold",),
        672,
        "6 h",
        "synaptic_state",
    ),
    Effect(
        "hours_against_weeks",
        "ketamine acts within hours, an SSRI over weeks",
        {"ketamine": Run(DOSE), "daily": Run(DAILY)},
        criteria.hours_against_weeks,
        ("surface_ampa", "habenula"),
        1008,
        "12 h",
        "synaptic_state",
    ),
    Effect(
        "durability",
        "where stress bites hard, six infusions last under a light load and fade under a heavy one",
        {
            "light load": Run(SIX, (), _patient(kappa=1, load=-1)),
            "heavy load": Run(SIX, (), _patient(kappa=1, load=1)),
        },
        criteria.durability,
        ("feedback",),
        1344,
        "24 h",
        "madrs",
    ),
)


def effect(name):
    """The Effect of this name. Raises KeyError."""
    return {e.name: e for e in EFFECTS}[name]


def shares():
    """{effect: row} of emergence.csv, which calibration/emergence.py writes; empty without it."""
    if not TABLE.exists():
        return {}
    with open(TABLE, encoding="utf-8", newline="") as file:
        return {row["effect"]: row for row in csv.DictReader(file)}


def prior_people(n=200, seed=7):
    """(people, ill): n typical patients, each with a draw of the parameters' prior of its own,
    and (n,) True where that brain has a stable ill state."""
    alone = typical()
    values = {**alone.parameters, **draws(n, seed), "D_ill": np.full(n, 0.9)}
    people = replace(alone, ids=np.arange(n), parameters=values).replace()
    return people, _ill(people)


def _ill(people):
    from ketaqsp.chain import rest

    level, _, slope = rest.states(people.parameters, people.n)
    return (level > ILL) & (slope < MARGIN)


def run(effect, people, cut=()):
    """The courses of an effect for these people, {label: Dataset}, with links cut."""
    from ketaqsp.chain import overrides

    outs = {}
    for label, course in effect.runs.items():
        changed = {**course.changed, **overrides(cut)}
        outs[label] = simulate(
            course.regimen,
            people.replace(**changed) if changed else people,
            days=effect.hours / 24,
            every=effect.every,
            interventions=course.interventions,
            wanted=WANTED,
            extra_times=(24.0, criteria.AFTER) if effect.hours >= 24 else (criteria.AFTER,),
        )
    return outs


def holds(effect, people, cut=()):
    """(n,) True where the effect holds; a patient that could not be solved counts as not."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(effect.holds(run(effect, people, cut)))
