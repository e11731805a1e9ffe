"""Everything that the demonstration shows, computed here so that the faces only draw."""

import time
from dataclasses import asdict, dataclass, field

from ketaqsp import NOTICE
from ketaqsp.parameters import rows
from ketaqsp.patient.simulate import model_for
from ketaqsp.trial import landscape
from ketaqsp.trial.identity import identity
from ketaqsp.trial.prior_predictive import MEASURES, Prior, prior_predictive
from ketaqsp.trial.published import published
from ketaqsp.trial.two_arm import TREATMENTS, Arms, regimen, two_arm

BANDS = (
    "ketamine_venous",
    "nmda_block_sst",
    "glutamate",
    "surface_ampa",
    "bdnf",
    "synaptic_protein",
    "spine_density",
    "madrs",
)
STAGES = 5  # calls of progress: two arms, single patients, the prior range of two arms


@dataclass(frozen=True)
class DemoData:
    """arms: Arms; prior: Prior; chain: Dataset of one patient; cases: tuple of Case.

    used: parameter rows that the runs read. figures: published ones. wall_s: {part: seconds}.
    """

    arms: Arms
    prior: Prior
    chain: object = field(repr=False)
    cases: tuple = field(repr=False)
    used: tuple = field(repr=False)
    figures: tuple = field(repr=False)
    identity: dict = field(repr=False)
    wall_s: dict


def gather(n=1000, seed=1, days=28, progress=None, draws=40, prior_n=25):
    """Run both arms, the prior range, the typical patient and the landscape. Returns DemoData.

    progress: called as progress(what, done, total) before each stage.
    Raises BadInput and SolveFailure.
    """
    clock, wall, done = time.perf_counter(), {}, 0

    def tell(what, _done, _total):
        nonlocal done
        if progress:
            progress(what, done, STAGES)
        done += 1

    def lap(part):
        nonlocal clock
        now = time.perf_counter()
        wall[part], clock = now - clock, now

    arms = two_arm(n, seed, days, tell, BANDS)
    lap("two arms")
    chain, cases = landscape.follow(arms.cohort, arms.arms["ketamine"], tell)
    lap("one patient and the landscape")
    prior = prior_predictive(draws, prior_n, seed, progress=tell)
    lap("prior range")
    return DemoData(arms, prior, chain, cases, used_rows(), published(), identity(), wall)


def used_rows():
    """Default rows that the model of the two arms reads, in the order of the chain."""
    model = model_for([regimen(name) for name in TREATMENTS])
    named = {*model.parameters, "W"}
    return tuple(r for r in rows() if r.role == "default" and r.symbol in named)


def summary(data):
    """The result as plain numbers for JSON: arms and visits, prior ranges, counts, identity."""
    arms = [
        {
            "name": arm.name,
            "label": arm.label,
            "n": arm.madrs.shape[1],
            "failed": arm.failed,
            "failed_patients": list(arm.lost),
            "status": arm.status,
            "failures": arm.failures,
            "clipped": arm.cut,
            "followed": arm.followed,
            "visits": [asdict(v) for v in arm.visits],
            "relapse_free": [
                {"time_h": hour, **asdict(estimate)} for hour, estimate in arm.relapse_free.items()
            ],
        }
        for arm in data.arms.arms.values()
    ]
    prior = {
        arm: {measure: data.prior.range(arm, measure) for measure in MEASURES}
        for arm in data.prior.values
    }
    return {
        "notice": NOTICE,
        "n": data.arms.n,
        "seed": data.arms.seed,
        "days": data.arms.days,
        "rejected_draws_of_patients": data.arms.rejected,
        "bistable_share": data.arms.bistable,
        "arms": arms,
        "prior_24h": {
            "draws": data.prior.draws,
            "patients": data.prior.n,
            "excluded": data.prior.excluded,
            "p5_p50_p95": prior,
        },
        "published": [asdict(f) for f in data.figures],
        "identity": data.identity,
    }
