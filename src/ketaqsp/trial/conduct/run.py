"""Conduct a protocol: enrol, treat, see, decide, and hand patients on from phase to phase."""

from dataclasses import dataclass, field
from math import gcd

import numpy as np

from ketaqsp.errors import SolveFailure
from ketaqsp.patient.failures import FAILED
from ketaqsp.patient.random import uniform
from ketaqsp.protocol.schema import END
from ketaqsp.trial.conduct import people as who
from ketaqsp.trial.conduct.course import follow

MOST_BLOCK = 24  # patients in a block of a later randomisation


@dataclass(frozen=True, eq=False)
class Part:
    """One arm of one phase, all replicates: what its n patients were given and showed.

    start_h of the phase; hours (V, n) of visits from the first dose of the study, labels (V,);
    totals {scale: (V, n)}, and where these were cut at an end of the scale (-1, 1); before {scale:
    (n,)}; present, met {goal}, relapse (V, n); entered: after-condition met at entry (n,); slots
    with amounts and given (S, n); ledger lines. path: place of the arm in each phase so far;
    settled: what the mechanism showed. Who could not be solved (`failed`) is in no figure.
    """

    phase: int
    arm: object
    people: object
    start_h: float
    labels: tuple
    hours: np.ndarray
    totals: dict
    cut: dict = field(repr=False)
    before: dict
    present: np.ndarray
    met: dict
    relapse: np.ndarray
    entered: np.ndarray
    left: np.ndarray
    slots: tuple = field(repr=False)
    amounts: np.ndarray = field(repr=False)
    given: np.ndarray = field(repr=False)
    ledger: object = field(repr=False)
    path: tuple
    settled: object = field(repr=False)

    @property
    def last(self):
        """Place of the last visit at a fixed time: where a phase ends."""
        return len(self.labels) - 1 - (self.labels[-1] == "end of treatment")

    @property
    def failed(self):
        """(n,) patients that could not be solved."""
        return self.settled.status == FAILED

    @property
    def ok(self):
        """(n,) patients that were solved."""
        return ~self.failed


@dataclass(frozen=True, eq=False)
class Conduct:
    """parts: tuple of Part, by phase, then arm, then the path by which patients came."""

    protocol: object
    seed: int
    replicates: int
    version: float
    parts: tuple
    steps: int

    @property
    def failed(self):
        """How many patients could not be solved, in whatever phase; nobody counts twice."""
        return len({who for part in self.parts for who in lost(part)})


def lost(part):
    """[(place, replicate)] of the patients of a Part who could not be solved."""
    places, replicates = part.people.place, part.people.replicate
    return [(int(places[i]), int(replicates[i])) for i in np.flatnonzero(part.failed)]


@dataclass(frozen=True, eq=False)
class Group:
    """Patients on one path: the arm of each phase so far, and what the phases before showed."""

    arms: tuple
    people: object
    left: np.ndarray
    entered: np.ndarray
    path: tuple
    before: dict | None = None

    def take(self, where):
        """Some of the patients."""
        before = self.before and {s: x[where] for s, x in self.before.items()}
        return Group(self.arms, self.people.take(where), self.left[where], self.entered[where],
                     self.path, before)  # fmt: skip


@dataclass(frozen=True, eq=False)
class How:
    """With what a protocol is run. kept: Pieces on the disk; known: a Conduct to take from."""

    seed: int
    replicates: int
    version: float
    workers: int | None
    kept: object = None
    known: object = None


def conduct(
    protocol,
    *,
    seed=None,
    replicates=None,
    version=1.0,
    workers=None,
    progress=None,
    kept=None,
    known=None,
):
    """Run every replicate of a protocol. Returns Conduct.

    version: how strongly belief acts (0 none, 1 as in control arms, 2 twice). progress: called
    as progress(patients done, all). kept: ketaqsp.trial.pieces.Pieces, written as they are
    settled and read where they are there. known: a Conduct of this protocol, seed and model, of
    any version: nobody in it is solved again for the same amounts; the numbers stay as they are.
    Raises BadInput; SolveFailure if nobody could be solved.
    """
    seed = protocol.seed if seed is None else seed
    replicates = protocol.replicates if replicates is None else replicates
    how = How(seed, replicates, version, workers, kept, known)
    groups = _enrolled(protocol, seed, replicates, known)
    if kept:
        kept.begin(groups)
    total = sum(g.people.n for g in groups) * len(protocol.phases)
    parts, count = [], 0

    def told(some):
        nonlocal count
        count += some
        if progress:
            progress(min(count, total), total)

    for phase in range(len(protocol.phases)):
        here = [(group, follow(protocol, phase, group, how, told)) for group in groups]
        parts += [part for _, part in here]
        if phase + 1 < len(protocol.phases):
            groups = _handed_on(protocol, phase, here, seed)
    if all(p.failed.all() for p in parts):
        first = next((why for p in parts for why in p.settled.reasons if why), "")
        raise SolveFailure(f"none of the patients could be solved; the first: {first}.")
    steps = max(p.settled.steps for p in parts)
    return Conduct(protocol, seed, replicates, version, tuple(parts), steps)


def _enrolled(protocol, seed, replicates, known):
    arms = protocol.phases[0].arms
    found = []
    for first, arm in enumerate(arms):
        if known and replicates <= known.replicates:  # the same numbers draw the same patients
            people = next(p.people for p in known.parts if p.path == (first,))
            people = people.take(np.flatnonzero(people.replicate < replicates))
        else:
            people = who.enrol(arm, first, len(arms), replicates, seed)
        left = who.leaving(people, seed)
        found.append(Group((arm,), people, left, np.zeros(people.n, dtype=bool), (first,)))
    return found


def _handed_on(protocol, phase, here, seed):
    """Groups of the next phase: who enters, and in which arm."""
    following = protocol.phases[phase + 1]
    found = []
    entering = [_who_enters(following, part) for _, part in here]
    chosen = _allocated(following, phase, [p for _, p in here], entering, seed)
    for (group, part), enters, arm_of in zip(here, entering, chosen, strict=True):
        for k, arm in enumerate(following.arms):
            where = np.flatnonzero(enters & (arm_of == k))
            if not where.size:
                continue
            goal = protocol.endpoints["relapse"].after or "response"
            entered = part.met[goal][part.last][where]
            found.append(
                Group((*group.arms, arm), group.people.take(where), group.left[where], entered,
                      (*group.path, k),
                      None if following.kept else {s: x[where] for s, x in part.before.items()})
            )  # fmt: skip
    return found


def _who_enters(following, part):
    """(n,) of those still there at the end of a phase who meet the next one's condition."""
    there = part.ok & part.present[part.last]
    response, remission = (part.met[g][part.last] for g in ("response", "remission"))
    asked = {
        "all": there,
        "responders": there & response,
        "remitters": there & remission,
        "responders_not_remitters": there & response & ~remission,
    }
    return asked[following.enter]


def _allocated(following, phase, parts, entering, seed):
    """Arm (n,) of each patient of each part: his own by name, or by permuted blocks.

    Within a replicate those who enter stand in the order of their places; blocks hold the ratio
    of the arms' n and are shuffled by draws keyed by replicate and place in the queue.
    """
    if following.kept:
        names = [a.name for a in following.arms]
        return [
            np.full(p.people.n, names.index(p.arm.name) if p.arm.name in names else -1)
            for p in parts
        ]
    block = _block([a.n for a in following.arms])
    replicate = np.concatenate([p.people.replicate for p in parts])
    place = np.concatenate([p.people.place for p in parts])
    enters = np.concatenate(entering)
    arm_of = np.full(len(place), -1)
    order = np.lexsort((place, replicate))
    order = order[enters[order]]
    starts = np.searchsorted(replicate[order], np.unique(replicate[order]))
    for first, stop in zip(starts, [*starts[1:], len(order)], strict=True):
        here = order[first:stop]
        queue = np.arange(-(-len(here) // len(block)) * len(block))
        u = uniform(seed, f"randomised into phase {phase + 2}", queue, int(replicate[here[0]]))
        ranks = np.argsort(u.reshape(-1, len(block)), axis=1, kind="stable")
        arm_of[here] = np.asarray(block)[ranks].ravel()[: len(here)]
    sizes = np.cumsum([p.people.n for p in parts])[:-1]
    return np.split(arm_of, sizes)


def _block(sizes):
    """Arms of one block in the ratio of `sizes`, at most MOST_BLOCK long."""
    common = gcd(*sizes)
    shares = [n // common for n in sizes]
    if sum(shares) > MOST_BLOCK:
        shares = [max(1, round(MOST_BLOCK * n / sum(sizes))) for n in sizes]
    return [arm for arm, share in enumerate(shares) for _ in range(share)]


def visit_labels(phase):
    """What keys the noise of each visit of a phase, and names it."""
    return tuple("end of treatment" if v == END else f"{v:.9g} h" for v in phase.visits)
