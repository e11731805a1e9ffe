"""One group of patients through one phase: simulate, see, decide, until plan and result agree.

A plan is simulated, the visits are scored, and the policies decide from them; whoever was given
something else than the plan is simulated again. Decisions read only the past, so each round
settles at least the next slot, and the fixed point is the trial as it would have been conducted.
"""

import json

import numpy as np

from ketaqsp import expectancy
from ketaqsp.errors import KetaqspError
from ketaqsp.patient import simulate
from ketaqsp.patient.failures import FAILED
from ketaqsp.protocol.schema import END, INERT
from ketaqsp.trial.conduct import score
from ketaqsp.trial.conduct.policies import Seen, decide
from ketaqsp.trial.conduct.settled import Settled, joined, known, pieces
from ketaqsp.trial.conduct.slots import declared, every_dose, regimens

PEAK_H = 2 / 3  # h after the start of a session: where dissociation is near its highest
TAIL_H = 24.0  # h after the start of the last treatment: the visit at the end of treatment
GOALS = ("response", "remission")


class Clock:
    """Where phases and visits lie, in hours from the first dose of the study."""

    def __init__(self, protocol, phase):
        self.starts, self.ends, self.visits = [], [], []
        start = 0.0
        for k, p in enumerate(protocol.phases[: phase + 1]):
            end = start + (p.until_h if p.until_h is not None else _length(p))
            self.starts.append(start)
            self.ends.append(end)
            self.visits += [(k, round(start + h, 9)) for h in p.hours]
            start = end
        self.until = self.ends[-1]


def _length(phase):
    """Length of a last phase: to its last visit, or a day after its last declared dose."""
    last = max(phase.hours, default=0.0)
    if END in phase.visits:
        doses = [h for a in phase.arms for t in a.treatments for h in t.hours]
        last = max([last, *(h + TAIL_H for h in doses)])
    return last


def follow(protocol, phase, group, how, progress=None):
    """The Part of `group` in `phase`, followed from phase 0 on. how: a How.

    Settled in pieces of replicates, each of which `how.kept` may already hold; progress: called
    with the number of patients of each.
    """
    found = []
    for first, stop, where in pieces(protocol, how.replicates, group):
        some = group if len(where) == group.people.n else group.take(where)
        trip = _Trip(protocol, phase, some, how)
        done = how.kept and how.kept.find(phase, group.path, first, stop, trip)
        if not done:
            done = trip.settle(known(how.known, some) if how.known else None)
            if how.kept:
                how.kept.add(phase, group.path, first, stop, trip, done)
        found.append(done)
        if progress:
            progress(len(where))
    whole = _Trip(protocol, phase, group, how)
    return whole.part(joined(found))


class _Trip:
    def __init__(self, protocol, phase, group, how):
        self.protocol, self.phase, self.group = protocol, phase, group
        self.seed, self.version, self.workers = how.seed, how.version, how.workers
        self.clock = Clock(protocol, phase)
        self.slots = declared(group.arms, self.clock.starts, self.clock.ends, self.clock.visits)
        ends = [s.time_h + TAIL_H for s in self.slots if s.session]
        hours = {0.0, *(h for _, h in self.clock.visits), *self.clock.starts}
        if any(END in p.visits for p in protocol.phases[: phase + 1]):
            hours |= {round(min(h, self.clock.until), 9) for h in ends}
        self.acute = _acute(group.arms)
        if self.acute:
            hours |= {x for s in self.slots if s.session for x in (s.time_h, _peak(s))}
        self.hours = np.array(sorted(h for h in hours if h <= self.clock.until))
        self.people = group.people
        self.seen = {
            k: np.full((len(self.hours), self.people.n), np.nan) for k in ("madrs", *self.acute)
        }
        self.status = np.zeros(self.people.n, dtype=np.int8)
        self.reasons = np.full(self.people.n, "", dtype=object)
        self.steps = 0

    def settle(self, known=None):
        """Rounds of simulating and deciding, until no plan changes. Returns Settled.

        known: (places, Settled) of patients whose course for a plan is known: they start from
        it. Decisions read only the past, so the rounds end at one plan, whatever they start from.
        """
        n = self.people.n
        nobody = np.zeros((len(self.clock.visits), n), dtype=bool)
        seen = self._seen(dict.fromkeys(GOALS, nobody), nobody, np.full(nobody.shape, 99.0))
        plan = self._decide(seen)[:2]
        changed = np.arange(n)
        if known is not None:
            changed = self._begin(plan, *known)
        for _ in range(len(self.slots) + len(self.clock.visits) + 2):
            self._simulate(plan[0], changed)
            again = self._decide(self._look(plan[1]))[:2]
            differs = (again[0] != plan[0]).any(axis=0)
            moved = differs | (again[1] != plan[1]).any(axis=0)
            plan = again
            if not moved.any():
                return Settled(self.hours, self.seen, *plan, self.status, self.reasons, self.steps)
            changed = np.flatnonzero(differs)
        raise KetaqspError("the decisions of a policy did not settle")

    def _decide(self, seen):
        after = self.protocol.endpoints["relapse"].after
        return decide(self.slots, self.group.arms, seen, self.group.left, after)

    def _begin(self, plan, where, settled):
        """Take up what is known of some; returns the places of the others."""
        for mine, theirs in zip(plan, (settled.amounts, settled.given), strict=True):
            mine[:, where] = theirs
        for name, x in self.seen.items():
            x[:, where] = settled.seen[name]
        self.status[where] = settled.status
        self.steps = settled.steps
        return np.setdiff1d(np.arange(self.people.n), where)

    def _seen(self, goals, relapse, madrs):
        visits = self.clock.visits
        acute = {name: self._at_slots(name) for name in self.acute}
        return Seen(tuple(k for k, _ in visits), np.array([h for _, h in visits]), goals, relapse,
                    madrs, acute)  # fmt: skip

    def _at_slots(self, name):
        """(S, n) of an acute signal before each slot, or of cadss near its peak after it."""
        times = [_peak(s) if name == "cadss" else s.time_h for s in self.slots]
        times = np.minimum(times, self.clock.until)
        rows = np.searchsorted(self.hours, times - 1e-8)
        found = self.seen[name][rows]
        return np.where(np.isfinite(found), found, 0.0)  # nothing seen yet holds no dose

    def _simulate(self, amounts, changed):
        if not changed.size:
            return
        until = self.clock.until
        out = simulate(
            regimens(self.slots, amounts[:, changed]),
            self.people.cohort.take(changed),
            days=until / 24,
            every=until,
            extra_times=self.hours,
            declared=every_dose(self.slots),
            wanted=tuple(self.seen),
            workers=self.workers,
        )
        rows = np.searchsorted(out["time"].values, self.hours - 1e-8)
        for name, kept in self.seen.items():
            kept[:, changed] = out[name].transpose("time", "patient").values[rows]
        self.status[changed] = out["status"].values
        told = json.loads(out.attrs.get("failures", "{}"))
        ids = self.people.ids[changed]
        self.reasons[changed] = [told[str(i)]["reason"] if str(i) in told else "" for i in ids]
        self.steps = max(self.steps, out.attrs["steps"])

    def _points(self, hours, given):
        """MADRS (V, n) as a rater without error would see it, at hours (V,) or (V, n)."""
        hours = np.asarray(hours, dtype=float)
        rows = np.searchsorted(self.hours, hours - 1e-8)
        true = self.seen["madrs"]
        drug = true[rows] if hours.ndim == 1 else np.take_along_axis(true, rows, 0)
        sessions = [
            np.where(given[k], s.time_h, np.inf) for k, s in enumerate(self.slots) if s.session
        ]
        stages, new = [], np.zeros(self.people.n)
        for arm, start in zip(self.group.arms, self.clock.starts, strict=True):
            stages.append((start, expectancy.belief(arm.masking, arm.background, _kind(arm))))
            new = np.where(arm.background == "new_oral_antidepressant", 1.0, new)
        person = {"responsiveness": self.people.cohort.parameters["responsiveness"]}
        share = expectancy.read_out(
            person, hours, sessions, stages, new, self.people.trial, self.version
        )
        return drug * share

    def _score(self, hours, labels, given):
        """({scale: totals (V, n)}, {scale: where they were cut at an end of the scale (V, n)})."""
        points = self._points(hours, given)
        sd = self.people.cohort.parameters["rater_sd"]  # each one's own: no mean over a piece
        ids = self.people.ids
        found = {
            scale: score.rated(points, scale, labels, ids, self.seed, sd)
            for scale in self.protocol.scales
        }
        return tuple({scale: pair[k] for scale, pair in found.items()} for k in (0, 1))

    def _before(self, given):
        """{scale: (n,)}: totals before the first dose of the study, or of a crossover's period."""
        found = {}
        for k in range(self.phase + 1):
            p = self.protocol.phases[k]
            if k and not p.kept:
                found[k] = found[k - 1]
                continue
            start = self.clock.starts[k]
            totals, _ = self._score([start], [f"{start:.9g} h"], given)
            found[k] = {scale: x[0] for scale, x in totals.items()}
        return found

    def _judged(self, totals, before, hours, when):
        """({goal: met (V, n)}, relapse (V, n)) of visits of one phase.

        hours (V,): from its start, NaN where it differs. when (V, n): of the study.
        """
        ends = self.protocol.endpoints
        goals = {}
        for name in GOALS:
            e = ends[name]
            held = score.goal(e, totals[e.scale], before[e.scale])
            goals[name] = score.over_visits(e, held, hours)
        e = ends["relapse"]
        lost = score.lost(e, totals[e.scale], before[e.scale])
        held = score.in_a_row(lost, e.consecutive, when)
        return goals, score.over_visits(e, held, hours)

    def _look(self, given):
        """What policies see: every visit at a fixed time of every phase so far."""
        visits, before = self.clock.visits, self._before(given)
        labels = [f"{h:.9g} h" for _, h in visits]
        totals, _ = self._score([h for _, h in visits], labels, given)
        goals, relapse = {g: [] for g in GOALS}, []
        for k in range(self.phase + 1):
            rows = [i for i, (p, _) in enumerate(visits) if p == k]
            if not rows:
                continue
            hours = np.array([visits[i][1] - self.clock.starts[k] for i in rows])
            mine = {s: x[rows] for s, x in totals.items()}
            when = np.repeat(hours[:, None], self.people.n, axis=1)
            some, lost = self._judged(mine, before[k], hours, when)
            for g in GOALS:
                goals[g].append(some[g])
            relapse.append(lost)
        return self._seen(
            {g: np.concatenate(x) for g, x in goals.items()},
            np.concatenate(relapse),
            totals["MADRS"],
        )

    def part(self, settled):
        """The Part of the last phase, everybody settled."""
        from ketaqsp.trial.conduct.run import Part, visit_labels

        self.seen, self.given = settled.seen, settled.given
        ledger = self._decide(self._look(settled.given))[2]
        phase, start = self.protocol.phases[self.phase], self.clock.starts[-1]
        n = self.people.n
        hours = np.empty((len(phase.visits), n))
        for k, v in enumerate(phase.visits):
            hours[k] = self._end() if v == END else round(start + v, 9)
        names = visit_labels(phase)
        labels = [f"{round(start + v, 9):.9g} h" if v != END else f"end of phase {self.phase + 1}"
                  for v in phase.visits]  # fmt: skip
        totals, cut = self._score(hours, labels, self.given)
        before = self._before(self.given)[self.phase]
        # The end of treatment is no visit that `on` names, wherever it lies: it would count twice.
        fixed = np.array([np.nan if v == END else v for v in phase.visits])
        met, relapse = self._judged(totals, before, fixed, hours)
        present = (self.group.left > hours) | (hours <= 0)
        return Part(
            self.phase, self.group.arms[-1], self.people, start, names, hours, totals, cut, before,
            present & (settled.status != FAILED), met, relapse, self.group.entered,
            self.group.left, self.slots, settled.amounts, settled.given, ledger, self.group.path,
            settled,
        )  # fmt: skip

    def _end(self):
        """(n,) h: a day after the start of the last treatment given in this phase."""
        last = np.full(self.people.n, self.clock.starts[-1])
        for k, slot in enumerate(self.slots):
            if slot.session and slot.phase == self.phase:
                last = np.where(self.given[k], np.maximum(last, slot.time_h), last)
        found = np.round(np.minimum(last + TAIL_H, self.clock.until), 9)
        nothing = last <= self.clock.starts[-1]
        return np.where(nothing & ~np.isin(found, self.hours), self.clock.starts[-1], found)


def _acute(arms):
    """Acute signals that a rule of these arms looks at."""
    rules = [name for a in arms for p in a.policies for name, _ in p.when]
    return tuple(w for w in ("sbp", "dbp", "cadss") if any(r.startswith(w) for r in rules))


def _peak(slot):
    return round(slot.time_h + min(max(slot.treatment.duration_h, PEAK_H), 4.0), 9)


def _kind(arm):
    """What kind of drug an arm gives, as belief sees it."""
    drugs = {t.drug for t in arm.treatments} | {
        t.drug for p in arm.policies for t in p.course
    }  # fmt: skip
    drugs -= {*INERT, "oral_antidepressant"}
    if not drugs:
        return "inert"
    return "midazolam" if drugs == {"midazolam"} else "ketamine"
