"""Policies: at every declared slot, how much each patient is given, from what was seen before.

One walk over visits and slots in order of time, for all patients at once. A decision reads only
what was seen up to its own time.
"""

from dataclasses import dataclass, field

import numpy as np

MIN_GAP = 1e-6  # h, of equal times


@dataclass(frozen=True, eq=False)
class Seen:
    """Visits of the study in order of time: hours (V,); the rest (V, n).

    goals: {"response", "remission"} met; relapse: its condition holds, often enough in a row;
    madrs: whole totals; scored visits at fixed times only. acute: {"sbp", "dbp"} before each slot
    and {"cadss"}, the highest after it, (S, n); empty where no rule asks.
    """

    phase: tuple
    hours: np.ndarray
    goals: dict
    relapse: np.ndarray
    madrs: np.ndarray
    acute: dict


@dataclass
class Ledger:
    """Every decision: (time_h, rule, what was seen (k,), what was done, patients (k,)).

    Seen is the total of MADRS at the latest visit, or of a hold what it looks at.
    """

    lines: list = field(default_factory=list)

    def note(self, time_h, rule, who, seen, done):
        """Keep one decision for the patients where `who` (n,) holds."""
        where = np.flatnonzero(who)
        if where.size:
            self.lines.append((time_h, rule, np.asarray(seen)[where], done, where))


def decide(slots, arms, seen, left, after):
    """(amounts (S, n), given (S, n), Ledger). arms: of each phase; left: hours of leaving (n,).

    after: goal that has to be met before a relapse counts. Inert slots have amount 0.
    """
    n = len(left)
    ledger, state = Ledger(), _State(n, len(seen.hours))
    amounts, given = np.zeros((len(slots), n)), np.zeros((len(slots), n), dtype=bool)
    visits = iter([*enumerate(seen.hours), (None, np.inf)])
    visit, hour = next(visits)
    for place, slot in enumerate(slots):
        while hour <= slot.time_h + MIN_GAP:
            _visit(state, visit, hour, arms[seen.phase[visit]], seen, left, after, ledger)
            visit, hour = next(visits)
        now = left > slot.time_h
        dose = np.full(n, slot.treatment.amount)
        rules = arms[slot.phase].policies
        if slot.course is not None:
            now &= state.course[slot.course]
        elif slot.session:
            for policy in rules:
                if policy.rule in _AT_SLOT:
                    now, dose = _AT_SLOT[policy.rule](policy, slot, state, seen, now, dose, ledger)
        for policy in rules:
            if policy.rule == "hold" and slot.session:
                now = _hold(policy, place, slot, state, seen, now, ledger)
        given[place], amounts[place] = now, np.where(now & slot.real, dose, 0.0)
        if slot.session:
            state.before = np.where(now, place, state.before)
        if slot.session and slot.course is None:
            state.begun |= now
            state.last = np.where(now, slot.time_h, state.last)
    while visit is not None:
        _visit(state, visit, hour, arms[seen.phase[visit]], seen, left, after, ledger)
        visit, hour = next(visits)
    return amounts, given, ledger


class _State:
    """What a patient's rules remember."""

    def __init__(self, n, visits):
        self.last = np.full(n, -np.inf)  # start of the latest treatment session
        self.before = np.full(n, -1)  # its place among the slots
        self.begun = np.zeros(n, dtype=bool)
        self.level = np.zeros(n, dtype=int)  # of titrate
        self.stopped = np.zeros(n, dtype=bool)
        self.interval = np.zeros(n, dtype=int)  # of taper
        self.judged = np.full(n, -np.inf)  # visit that taper last acted on
        self.met = np.zeros(n, dtype=bool)  # the goal after which a relapse counts
        self.until = np.full(n, -np.inf)  # end of a course under way
        self.course = np.zeros((visits, n), dtype=bool)
        self.latest = None


def _visit(state, k, hour, arm, seen, left, after, ledger):
    """What is seen at a visit; a relapse may begin a course."""
    state.latest = k
    here = left > hour
    for policy in arm.policies:
        if policy.rule != "retreat_at_relapse":
            continue
        again = state.met & seen.relapse[k] & here & (hour > state.until + MIN_GAP)
        if again.any():
            ends = max(hour + h for t in policy.course for h in t.hours)
            state.course[k] = again
            state.until = np.where(again, ends, state.until)
            state.met &= ~again
            ledger.note(hour, policy.rule, again, seen.madrs[k], "course begins")
    state.met |= seen.goals[after or "response"][k] & here & (hour > 0)


def _fresh(state, seen):
    """Whether the latest visit came after the latest session: it tells something new."""
    if state.latest is None:
        return np.zeros(len(state.last), dtype=bool)
    return state.begun & (seen.hours[state.latest] > state.last + MIN_GAP)


def _titrate(policy, slot, state, seen, now, dose, ledger):
    up = now & _fresh(state, seen) & (state.level < len(policy.doses) - 1)
    if up.any():
        up &= ~seen.goals[policy.goal][state.latest]
        state.level = state.level + up
        for level in np.unique(state.level[up]):
            said = f"dose {policy.doses[level]:g} {slot.treatment.unit}"
            ledger.note(slot.time_h, "titrate", up & (state.level == level),
                        seen.madrs[state.latest], said)  # fmt: skip
    return now, (np.asarray(policy.doses)[state.level] if slot.real else dose)


def _stop_at(policy, slot, state, seen, now, dose, ledger):
    stop = now & _fresh(state, seen) & ~state.stopped
    if stop.any():
        stop &= seen.goals[policy.goal][state.latest]
        state.stopped |= stop
        ledger.note(slot.time_h, "stop_at", stop, seen.madrs[state.latest], "treatment ends")
    return now & ~state.stopped, dose


def _taper(policy, slot, state, seen, now, dose, ledger):
    if slot.time_h < policy.after_h - MIN_GAP:
        return now, dose
    new = now & _fresh(state, seen)
    if new.any():
        hour = seen.hours[state.latest]
        new &= state.judged < hour
        well = seen.goals[policy.goal][state.latest]
        longer = new & well & (state.interval < len(policy.every) - 1) & np.isfinite(state.judged)
        shorter = new & ~well & (state.interval > 0)
        state.interval = state.interval + longer - shorter
        state.judged = np.where(new, hour, state.judged)
        for who, word in ((longer, "longer interval"), (shorter, "shorter interval")):
            ledger.note(slot.time_h, "taper", who, seen.madrs[state.latest], word)
    wait = np.asarray(policy.every)[state.interval]
    return now & (slot.time_h - state.last >= wait - MIN_GAP), dose


def _hold(policy, place, slot, state, seen, now, ledger):
    """No dose where a limit is passed: at the latest visit, before the dose, or at the last one."""
    for name, limit in policy.when:
        sign, (what, said) = name.endswith("at_least"), _looked_at(name, place, state, seen)
        if what is None:
            continue
        held = now & ((what >= limit) if sign else (what <= limit))
        ledger.note(slot.time_h, "hold", held, what, f"dose held: {said} {limit:g}")
        now = now & ~held
    return now


def _looked_at(name, place, state, seen):
    """(values (n,) or None where there is nothing to see yet, words for the ledger)."""
    word = name.partition("_at_")[0]
    said = f"{word.upper()} {'at least' if 'least' in name else 'at most'}"
    if word == "madrs":
        return (None if state.latest is None else seen.madrs[state.latest]), said
    values = seen.acute[word]
    if word == "cadss":  # after the latest session
        return np.where(state.before >= 0, _at(values, state.before), -1.0), said
    return values[place], said


def _at(values, places):
    return np.take_along_axis(values, np.maximum(places, 0)[None], 0)[0]


_AT_SLOT = {"titrate": _titrate, "stop_at": _stop_at, "taper": _taper}
