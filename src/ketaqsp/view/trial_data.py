"""What the report of a trial shows beside its numbers: computed here, so the page only draws."""

from dataclasses import dataclass, field

import numpy as np

from ketaqsp.dose.regimen import Regimen
from ketaqsp.parameters import rows
from ketaqsp.patient import simulate
from ketaqsp.patient.simulate import model_for
from ketaqsp.patient.table_one import table_one
from ketaqsp.trial import applicability, observed, results
from ketaqsp.trial.conduct import conduct
from ketaqsp.trial.conduct.slots import every_dose, regimens
from ketaqsp.view.chain_figure import ROWS

SAMPLE = 200  # patients of an arm whose acute effects are followed
VERSIONS = (("none", 0.0), ("as in controls", 1.0), ("twice", 2.0))
MOST_VERSION_REPLICATES = 40
CHAIN_H = 672.0  # h of the one patient's figure
LATER = np.array([-0.25, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8])
KEPT = ("ketamine", "esketamine", "arketamine")


@dataclass(frozen=True, eq=False)
class TrialData:
    """acute {arm: Dataset}; rules {arm: Supervision}; chain of one patient and what he was given
    as (start, stop) in h; versions by arm."""

    trial: object
    table_one: list = field(repr=False)
    acute: dict = field(repr=False)
    rules: dict = field(repr=False)
    chain: object = field(repr=False)
    chain_given: tuple
    chain_of: str
    versions: list = field(repr=False)
    used: tuple = field(repr=False)
    lines: tuple
    figures: tuple

    @property
    def protocol(self):
        """The Protocol that was run."""
        return self.trial.conduct.protocol


def gather(trial):
    """TrialData of a Trial."""
    done = trial.conduct
    first = [p for p in done.parts if p.phase == 0]
    acute, rules = {}, {}
    for part in (p for p in first if _active(p) and p.ok.any()):
        acute[part.arm.name], rules[part.arm.name] = _acute(part)
    solved = [p for p in first if p.ok.any()]
    active = next((p for p in solved if _active(p)), solved[0])
    shown = np.flatnonzero(active.ok)[0]
    return TrialData(
        trial,
        table_one(first[0].people.cohort),
        acute,
        rules,
        *_chain(active),
        f"patient {active.people.place[shown] + 1} of virtual trial "
        f"{active.people.replicate[shown] + 1}, arm {active.arm.name}",
        _versions(trial),
        _used(done),
        applicability.lines(done.protocol),
        observed.of(done.protocol.name),
    )


def _active(part):
    """Whether anybody is given a drug that is felt."""
    felt = (*KEPT, "midazolam")
    return any(s.treatment.drug in felt and s.phase == part.phase for s in part.slots)


def _sample(part, most):
    where = np.flatnonzero(part.ok)[:most]
    return where, regimens(part.slots, part.amounts[:, where])


def _acute(part):
    """(Dataset of the first two days, Supervision or None) of a sample of an arm."""
    from ketaqsp.supervision import clinic_times, supervise

    where, given = _sample(part, SAMPLE)
    people, until = part.people.cohort.take(where), 48.0
    early = [Regimen(tuple(d for d in r.doses if d.start_h < until)) for r in given]
    times = [*np.arange(0, 4, 1 / 12), *np.arange(4, 24.1, 1.0)]
    ketamine = any(d.drug in KEPT for r in early for d in r.doses)
    if ketamine:
        times += [t for t in clinic_times(early) if t <= until]
    out = simulate(early, people, days=until / 24, every="12 h", extra_times=times)
    found = supervise(out, people, early) if ketamine else None
    return out, found


def _chain(part):
    """Every signal of one patient as he was treated, over four weeks at most, and his doses."""
    where, given = _sample(part, 1)
    wanted = tuple(dict.fromkeys(name for _, signals in ROWS for name in signals))
    doses = tuple((d.start_h, d.stop_h) for d in given[0].doses if d.start_h < CHAIN_H)
    times = [*np.arange(0, 3, 1 / 30), *np.arange(3, 24, 0.5)]
    # Else a later dose would seem weaker than the first: its peak falls between two outputs.
    for start, stop in doses:
        times += [start, stop, *(stop + LATER)]
    out = simulate(
        given[0],
        part.people.cohort.take(where),
        days=CHAIN_H / 24,
        every="3 h",
        extra_times=sorted({round(float(t), 9) for t in times if 0 <= t <= CHAIN_H}),
        wanted=wanted,
        declared=every_dose([s for s in part.slots if s.stop_h < CHAIN_H]),
    ).isel(patient=0)
    return out, doses


def version_replicates(done):
    """How many of a trial's repeats the versions of belief are run for."""
    return min(done.replicates, MOST_VERSION_REPLICATES)


def _versions(trial):
    """[(arm, hour, {version: its visit})]: belief in three strengths."""
    done = trial.conduct
    many = version_replicates(done)
    found = {}
    for name, version in VERSIONS:
        run = conduct(done.protocol, seed=done.seed, replicates=many, version=version, known=done)
        for arm in results.arm_names(run):
            visits = results.arm(run, arm)["visits"]
            for visit in (v for v in visits if v["time_h"] in (24.0, visits[-1]["time_h"])):
                key = (arm, visit["time_h"])
                found.setdefault(key, {})[name] = visit
    return [(arm, hour, by) for (arm, hour), by in found.items()]


def _used(done):
    """Default rows that the run reads."""
    given = [r for p in done.parts for r in (every_dose(p.slots),)]
    named = set(model_for(given).parameters) | {"W", "rater_sd"}
    return tuple(
        r
        for r in rows()
        if r.role == "default" and (r.symbol in named or r.link in ("expectancy", "trial"))
    )
