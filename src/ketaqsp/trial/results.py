"""The JSON object of a trial: every arm and visit, with 90% intervals over replicates."""

import numpy as np

from ketaqsp.patient import clipping
from ketaqsp.patient.failures import counts
from ketaqsp.patient.histogram import Moments
from ketaqsp.patient.summary import SOLVER
from ketaqsp.solve.radau import RTOL
from ketaqsp.trial import failures

RANGE = (5, 95)  # percentiles of the predictive intervals


def report(done, identity, wall_s):
    """The object of contract: plain numbers, None where a figure is undefined.

    `failed_patients` counts different patients over all phases; `status`: how each was solved in
    the last phase that he entered; `failures` names every one that could not be.
    """
    p = done.protocol
    return {
        "protocol": p.name,
        "seed": done.seed,
        "replicates": done.replicates,
        "model": {k: identity[k] for k in ("version", "parameters_sha256")},
        "solver": {
            "name": SOLVER,
            "rtol": RTOL,
            "failed_patients": done.failed,
            "status": counts(failures.ways(done)[1]),
            "phases": failures.by_phase(done),
            "failures": failures.listed(done),
        },
        "wall_s": round(wall_s, 3),
        "arms": [arm(done, name) for name in arm_names(done)],
    }


def arm_names(done):
    """Names of arms in the order of the protocol, each once."""
    return list(dict.fromkeys(a.name for a in done.protocol.arms))


def arm(done, name):
    """One arm: its visits in every phase where it is, and its summary.

    `n` is `planned`, but of an arm that begins in a later phase how many entered (mean of the
    replicates); whoever failed included. `simulated` and `solved` count patients of all replicates.
    """
    mine = [p for p in done.parts if p.arm.name == name]
    visits = []
    for phase in sorted({p.phase for p in mine}):
        visits += phase_visits(done, [p for p in mine if p.phase == phase])
    first = [p for p in mine if p.phase == min(x.phase for x in mine)] if mine else []
    planned = next(a.n for a in done.protocol.arms if a.name == name)
    n = round(sum(p.people.n for p in first) / done.replicates) if mine else 0
    if first and first[0].phase == 0:
        n = planned
    return {
        "name": name,
        "n": n,
        "planned": planned,
        **failures.of_arm(mine),
        "visits": visits,
        "summary": summary(done, mine),
        "clipped": clipped(mine),
    }


def clipped(parts):
    """{scale: {hour of the study: [ratings cut at 0, at the top]}} over all replicates.

    Of patients who were there; hours and scales at which nothing was cut are left out.
    """
    out = {}
    for part in parts:
        hours = np.median(part.hours, axis=1)
        for scale, cut in part.cut.items():
            seen = np.where(part.present, cut, 0)
            low, high = ((seen == end).sum(axis=1) for end in (-1, 1))
            found = clipping.kept(hours, low, high)
            out = clipping.added(out, {scale.lower(): found} if found else {})
    return out


def phase_visits(done, parts):
    """Entries of the visits of one arm in one phase."""
    phase = done.protocol.phases[parts[0].phase]
    table = Table(parts, done.replicates)
    found = []
    for k, label in enumerate(parts[0].labels):
        entry = {"time_h": table.hour(k)}
        if done.protocol.phased:
            entry["phase"] = phase.name
            entry["phase_time_h"] = round(entry["time_h"] - parts[0].start_h, 9)
        if label == "end of treatment":
            entry["visit"] = "end_of_treatment"
        for scale in done.protocol.scales:
            entry |= _points(table, scale, k)
        for goal in ("response", "remission"):
            entry |= _share(table.goal(done.protocol.endpoints[goal], k), goal, table)
        entry |= _relapse(table, done.protocol.endpoints["relapse"], k)
        found.append(entry)
    return found


class Table:
    """The parts of one arm in one phase, side by side."""

    def __init__(self, parts, replicates):
        self.parts, self.replicates = parts, replicates
        ok = [p.ok for p in parts]
        self.ok = ok
        self.replicate = self._joined(lambda p: p.people.replicate)
        self.entered = self._joined(lambda p: p.entered)

    def _joined(self, what):
        return np.concatenate([what(p)[..., ok] for p, ok in zip(self.parts, self.ok, strict=True)],
                              axis=-1)  # fmt: skip

    def hour(self, k):
        """Hour of visit k: everybody's, or the median of each one's own."""
        hours = self._joined(lambda p: p.hours[k])
        return float(np.median(hours)) if hours.size else float(self.parts[0].start_h)

    def totals(self, scale):
        """(V, n), NaN where a patient was not there."""
        return self._joined(lambda p: np.where(p.present, p.totals[scale], np.nan))

    def before(self, scale):
        """(n,) own baselines."""
        return self._joined(lambda p: p.before[scale])

    def goal(self, endpoint, k):
        """Whether a goal is met at visit k by its estimand: 1, 0, NaN where not counted."""
        met = self._joined(lambda p: p.met[endpoint.name]).astype(float)
        there = self._joined(lambda p: p.present)
        if endpoint.estimand == "nonresponder":
            return np.where(there[k], met[k], 0.0)
        if endpoint.estimand == "locf":
            last = np.maximum.accumulate(np.where(there, np.arange(len(there))[:, None], -1))[k]
            found = np.take_along_axis(met, np.maximum(last, 0)[None], 0)[0]
            return np.where(last >= 0, found, np.nan)
        return np.where(there[k], met[k], np.nan)

    def after(self, endpoint):
        """(V, n): the goal after which a relapse counts has been met by this visit, or at entry."""
        goal = endpoint.after or "response"
        met = self._joined(lambda p: p.met[goal] & p.present & (p.hours > p.start_h))
        return self.entered | self._by_now(met)

    def relapsed(self, endpoint):
        """(V, n): a relapse has been seen by this visit, at a visit after the goal was met."""
        earlier = self._by_now(self.after(endpoint), before=True) | self.entered
        later = self._joined(lambda p: p.hours > p.start_h)
        return self._by_now(self._joined(lambda p: p.relapse & p.present) & earlier & later)

    def _by_now(self, held, before=False):
        """Whether it has held by each visit (before it, if `before`), in each one's own order.

        The visit at the end of treatment stands last but lies anywhere in time.
        """
        order = np.argsort(self._joined(lambda p: p.hours), axis=0, kind="stable")
        so_far = np.logical_or.accumulate(np.take_along_axis(held, order, 0), axis=0)
        if before:
            so_far = np.vstack([np.zeros_like(so_far[:1]), so_far[:-1]])
        found = np.empty_like(so_far)
        np.put_along_axis(found, order, so_far, 0)
        return found

    def per_trial(self, x):
        """Mean of x (n,) in each replicate (replicates,), NaN skipped and NaN where none.

        x are whole points or 0 and 1, so sums are exact and the order of patients does not matter.
        """
        there = np.isfinite(x)
        count = np.bincount(self.replicate[there], minlength=self.replicates)
        total = np.bincount(self.replicate[there], x[there], minlength=self.replicates)
        with np.errstate(invalid="ignore", divide="ignore"):
            return total / count


def _points(table, scale, k):
    """Mean and SD of totals and changes, the change with its interval."""
    name = scale.lower()
    x = table.totals(scale)[k]
    change = x - table.before(scale)
    prefix = "" if scale == "MADRS" else f"{name}_"
    return {
        f"{name}_mean": number(mean(x)),
        f"{name}_sd": number(spread(x)),
        f"{prefix}change_mean": number(mean(change)),
        f"{prefix}change_sd": number(spread(change)),
        f"{prefix}change_mean_pi90": interval(table.per_trial(change)),
    }


def _share(x, name, table):
    return {name: number(mean(x)), f"{name}_pi90": interval(table.per_trial(x))}


def _relapse(table, endpoint, k):
    met, relapsed = table.after(endpoint)[k], table.relapsed(endpoint)[k]
    free = np.where(met, (~relapsed).astype(float), np.nan)
    return {
        "n_at_risk": round(float(met.sum()) / table.replicates),
        "relapse_free": number(mean(free)),
        "relapse_free_pi90": interval(table.per_trial(free)),
    }


def summary(done, parts):
    """Median number of treatments and median days to relapse (Kaplan-Meier), with its interval."""
    given, days, seen, rep = [], [], [], []
    for phase in sorted({p.phase for p in parts}):
        mine = [p for p in parts if p.phase == phase]
        given += [treatments(p)[p.ok] for p in mine]
        d, e, r = times_to_relapse(done, mine)
        days.append(d), seen.append(e), rep.append(r)
    if not parts:
        return {
            "median_treatments": None,
            "median_days_to_relapse": None,
            "median_days_to_relapse_pi90": None,
        }
    days, seen, rep, given = (np.concatenate(x) for x in (days, seen, rep, given))
    middle = float(np.median(given)) if len(given) else None  # 2.5 where half had 2, half 3
    each = [kaplan_meier_median(days[rep == r], seen[rep == r]) for r in range(done.replicates)]
    low, high = np.percentile(each, RANGE, method="nearest") if each else (np.nan, np.nan)
    return {
        "median_treatments": int(middle) if middle is not None and middle % 1 == 0 else middle,
        "median_days_to_relapse": number(kaplan_meier_median(days, seen)),
        "median_days_to_relapse_pi90": [number(low), number(high)],
    }


def treatments(part):
    """(n,) sessions given in the part's own phase."""
    mine = [k for k, s in enumerate(part.slots) if s.session and s.phase == part.phase]
    return part.given[mine].sum(axis=0) if mine else np.zeros(part.people.n, dtype=int)


def times_to_relapse(done, parts):
    """(days from the goal or the phase's start to relapse or last sight, relapse seen, replicate).

    Of those who met the goal after which a relapse counts.
    """
    endpoint = done.protocol.endpoints["relapse"]
    table = Table(parts, done.replicates)
    after, relapsed = table.after(endpoint), table.relapsed(endpoint)
    hours = table._joined(lambda p: p.hours)
    there = table._joined(lambda p: p.present)
    first = np.where(after, hours, np.inf).min(axis=0)
    start = np.where(table.entered, parts[0].start_h, first)
    event = relapsed.any(axis=0)
    when = np.where(relapsed, hours, np.inf).min(axis=0)
    last = np.where(there, hours, -np.inf).max(axis=0)
    chosen = after.any(axis=0)
    with np.errstate(invalid="ignore"):
        days = (np.where(event, when, np.maximum(last, start)) - start) / 24
    return days[chosen], event[chosen], table.replicate[chosen]


def kaplan_meier(days, event):
    """(times, survival after each, at risk just before each) at the times of events.

    S(t) = product over event times of 1 - d/n. Source: Kaplan EL, Meier P,
    J Am Stat Assoc 1958;53:457.
    """
    order = np.argsort(days, kind="stable")
    days, event = np.asarray(days)[order], np.asarray(event)[order]
    times, counts = np.unique(days[event], return_counts=True)
    at_risk = len(days) - np.searchsorted(days, times, side="left")
    return times, np.cumprod(1 - counts / at_risk), at_risk


def kaplan_meier_median(days, event):
    """Time at which survival falls to one half or below; infinity if it never does."""
    if not len(days):
        return np.inf
    times, survival, _ = kaplan_meier(days, event)
    below = np.flatnonzero(survival <= 0.5 + 1e-12)
    return float(times[below[0]]) if below.size else np.inf


def mean(x):
    """Mean of what is there, rounded once: no order of patients changes it."""
    return Moments.of(x[np.isfinite(x)]).mean


def spread(x):
    """SD of what is there, rounded once."""
    return Moments.of(x[np.isfinite(x)]).sd


def number(x):
    """A float that JSON can hold: None where undefined."""
    return float(x) if np.isfinite(x) else None


def interval(x):
    """5th and 95th percentile over replicates; None where undefined.

    Of the values themselves and not of bins: there is one a replicate, so all can be held.
    """
    x = x[np.isfinite(x)]
    return [float(v) for v in np.percentile(x, RANGE)] if x.size else [None, None]
