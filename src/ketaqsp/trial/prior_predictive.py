"""What the model says about a trial before any trial taught it: parameters drawn from the prior.

The patients stay; what is not known about the mechanism is drawn. The range that results is the
uncertainty of parameters, apart from the differences between patients.
"""

from dataclasses import dataclass, field

import numpy as np

from ketaqsp.chain import rest
from ketaqsp.errors import SolveFailure
from ketaqsp.parameters import rows
from ketaqsp.patient import Cohort, cohort, simulate
from ketaqsp.patient import draws as prior_draws
from ketaqsp.patient.cohort import ILL
from ketaqsp.patient.simulate import model_for
from ketaqsp.trial import endpoints
from ketaqsp.trial.two_arm import TREATMENTS, regimen

LEVELS = (5, 50, 95)
LEAST = 0.5  # share of the patients that a draw has to keep to count
MEASURES = ("response", "remission", "change_mean", "change_sd")


@dataclass(frozen=True)
class Prior:
    """values: {arm: {measure: (draws,)}} at `time_h`; shares 0..1, changes in points.

    drawn: rows that were drawn. held: fitted rows that stayed. excluded: patients without a
    stable ill state, of draws * n. dropped: draws with too few patients left.
    """

    time_h: float
    draws: int
    n: int
    seed: int
    values: dict = field(repr=False)
    drawn: tuple = field(repr=False)
    held: tuple = field(repr=False)
    excluded: int
    dropped: int
    failed: int

    def range(self, arm, measure):
        """(5th, 50th, 95th) percentile over the draws."""
        return tuple(float(x) for x in np.percentile(self.values[arm][measure], LEVELS))


def prior_predictive(draws=40, n=50, seed=1, time_h=24.0, progress=None):
    """Response at `time_h` of both arms over `draws` draws of the prior in the same n patients.

    One batch of draws * n patients for each arm. Patients without a stable ill state under a
    draw are left out and counted: nobody would have enrolled them. A row without a prior range
    stays at its value; that holds for `fitted` rows too, and they are listed.
    """
    people, drawn = drawn_patients(draws, n, seed)
    ill, _, slope = rest.states(people.parameters, people.n)
    kept = np.flatnonzero((ill > ILL) & (slope < 1))
    which = kept // n
    enough = np.bincount(which, minlength=draws) >= max(1, LEAST * n)
    kept = kept[enough[which]]
    if not kept.size:
        raise SolveFailure(f"under none of {draws} draws are half of {n} patients stably ill.")
    chosen = people.take(kept)
    values, failed = {}, 0
    for done, (arm, (label, _)) in enumerate(TREATMENTS.items()):
        if progress:
            progress(f"prior range, {label}", done, len(TREATMENTS))
        out = simulate(
            regimen(arm), chosen, days=time_h / 24, every=float(time_h), wanted=("madrs",)
        )
        before, after = endpoints.totals(out["madrs"].values[[0, -1]])
        failed += int(np.isnan(after).sum())
        values[arm] = _by_draw(kept // n, before, after)
    symbols, read = {row.symbol for row in drawn}, _read()
    fitted = [
        r for r in rows() if r.role == "default" and r.confidence == "fitted" and r.symbol in read
    ]
    return Prior(
        time_h=time_h,
        draws=draws,
        n=n,
        seed=seed,
        values=values,
        drawn=drawn,
        held=tuple(r for r in fitted if r.symbol not in symbols),
        excluded=int(people.n - np.count_nonzero((ill > ILL) & (slope < 1))),
        dropped=int((~enough).sum()),
        failed=failed,
    )


def drawn_patients(draws, n, seed):
    """Cohort of draws * n: patient i under draw d stands at d * n + i. And the rows drawn.

    Drawn is what the arms read; a row that no equation here looks at would only be counted.
    A patient's own deviation from the table is kept: his value moves by the ratio (for a
    fraction by the ratio of the odds) of the drawn value to the table's.
    """
    people = cohort("trd", n=n, seed=seed)
    sample = prior_draws(draws, seed, only=_read())
    table = {r.symbol: r for r in rows() if r.role == "default"}
    parameters = {}
    for symbol, value in people.parameters.items():
        own = np.tile(np.broadcast_to(np.asarray(value, dtype=float), (n,)), draws)
        if symbol in sample:
            parameters[symbol] = _moved(own, table[symbol], np.repeat(sample[symbol], n))
        else:
            parameters[symbol] = own if np.ndim(value) else value
    many = Cohort(people.preset, seed, np.arange(draws * n), parameters)
    return many.replace(), tuple(table[s] for s in sample)


def _read():
    """Names of the parameters that a run of either arm reads, or that place the ill state."""
    model = model_for([regimen(arm) for arm in TREATMENTS])
    return {*model.parameters, *rest.NAMES, "W"}


def _moved(own, row, drawn):
    if row.unit == "fraction" and 0 < row.value < 1:
        odds = own / (1 - own) * (drawn / (1 - drawn)) / (row.value / (1 - row.value))
        return odds / (1 + odds)
    return own * (drawn / row.value)


def _by_draw(which, before, after):
    """{measure: one number a draw}, over the patients of each draw that were solved."""
    out = {measure: [] for measure in MEASURES}
    for d in np.unique(which):
        mine = (which == d) & np.isfinite(after)
        change = after[mine] - before[mine]
        out["response"].append(endpoints.response(after[mine], before[mine]).mean())
        out["remission"].append(endpoints.remission(after[mine]).mean())
        out["change_mean"].append(change.mean())
        out["change_sd"].append(change.std(ddof=1))
    return {measure: np.array(x) for measure, x in out.items()}
