"""What the mechanism showed once plan and decisions agreed: kept, so that nobody is solved twice.

Belief and raters act on the read-out alone. A patient on the same path of arms with the same
amounts therefore has the same course, to the last bit, whatever belief is and whoever else is
solved with him.
"""

from dataclasses import dataclass

import numpy as np

PIECE = 4096  # patients of the largest arm that are settled, and written, together


@dataclass(frozen=True, eq=False)
class Settled:
    """hours (H,); seen {signal: (H, n)}; amounts, given (S, n); status, reasons (n,); steps taken.

    seen is the mechanism alone; amounts in the unit of each slot, given: whether he came for it.
    status counts into solve.STATUS; reasons: why he could not be solved, else "".
    """

    hours: np.ndarray
    seen: dict
    amounts: np.ndarray
    given: np.ndarray
    status: np.ndarray
    reasons: np.ndarray
    steps: int

    def take(self, where):
        """Some of the patients."""
        seen = {name: x[:, where] for name, x in self.seen.items()}
        return Settled(self.hours, seen, self.amounts[:, where], self.given[:, where],
                       self.status[where], self.reasons[where], self.steps)  # fmt: skip


def joined(parts):
    """Settled of several pieces of one group, side by side."""
    first = parts[0]
    if len(parts) == 1:
        return first
    seen = {name: np.concatenate([p.seen[name] for p in parts], axis=1) for name in first.seen}
    each = [
        np.concatenate([getattr(p, name) for p in parts], axis=-1)
        for name in ("amounts", "given", "status", "reasons")
    ]
    return Settled(first.hours, seen, *each, max(p.steps for p in parts))


def ranges(protocol, replicates):
    """[(first, stop)] of replicates: a piece holds about PIECE patients of the largest arm."""
    size = max(1, PIECE // max(a.n for a in protocol.phases[0].arms))
    return [(k, min(k + size, replicates)) for k in range(0, replicates, size)]


def pieces(protocol, replicates, group):
    """[(first, stop, places (k,))] of a group; its patients stand in the order of replicates."""
    found = []
    for first, stop in ranges(protocol, replicates):
        a, b = np.searchsorted(group.people.replicate, (first, stop))
        if b > a:
            found.append((first, stop, np.arange(a, b)))
    return found


def known(done, group):
    """(places in `group` (k,), Settled of those) from a Conduct of the same protocol and seed.

    Whoever could not be solved is not known: his decisions came from nothing.
    """
    same = [p for p in done.parts if p.path == group.path]
    if not same:
        return None
    (part,) = same
    order = np.argsort(part.people.ids, kind="stable")
    ids = part.people.ids[order]
    at = np.minimum(np.searchsorted(ids, group.people.ids), len(ids) - 1)
    found = order[at]
    there = np.flatnonzero((ids[at] == group.people.ids) & ~part.failed[found])
    return (there, part.settled.take(found[there])) if there.size else None
