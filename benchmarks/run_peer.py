"""One program in a process of its own: python benchmarks/run_peer.py NAME IN.pkl OUT.pkl BEGUN

IN: {"work", "reference"}. OUT: cold, compile (s), memory (MiB), rungs [(rtol, atol, s a patient,
{read-out: error}, how many end elsewhere, s of processor)], chosen (a rung), meets (the bar), taken
[s a patient of each repeat], fastest (s a patient, any repeat of any rung that meets the bar).
"""

import math
import pickle
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import workload as load  # noqa: E402
from peers import PEERS  # noqa: E402

FAST = 2  # rungs timed again because they were fast, beside the loosest of each rule


def meets(rung):
    """Whether the 99th percentile of both read-outs is below the bar."""
    return all(load.percentile(x) < load.BAR for x in rung[3].values())


class Run:
    """One program on all patients."""

    def __init__(self, peer, solve, reference):
        self.peer, self.solve, self.reference = peer, solve, reference
        self.firsts, self.fresh = range(0, len(reference), peer.at_once), True

    def whole(self, tolerance, firsts=None):
        """(n, T, names) of every patient; NaN for a batch that ends in an error."""
        out = np.full(self.reference.shape, np.nan)
        for first in self.firsts if firsts is None else firsts:
            try:
                found = self.solve(first, *tolerance)
            except (RuntimeError, ArithmeticError):
                continue
            if found is not None and found.shape[1:] == out.shape[1:]:  # else it gave up
                out[first : first + len(found)] = found
        return out

    def timed(self, tolerance):
        """Seconds a patient, those of the processor, and the result."""
        begin, busy = time.perf_counter(), time.process_time()
        found = self.whole(tolerance)
        spent = time.perf_counter() - begin, time.process_time() - busy
        return *(x / len(found) for x in spent), found

    def rung(self, rtol, rule):
        tolerance = (rtol, rule(rtol))
        if self.peer.repeats:  # what is not loaded or compiled yet; else it is too slow for that
            self.whole(tolerance, self.firsts if self.fresh else self.firsts[:1])
            self.fresh = False
        spent, busy, found = self.timed(tolerance)
        apart = int(load.elsewhere(found, self.reference).sum())
        return (*tolerance, spent, load.errors(found, self.reference), apart, busy)

    def ladder(self, rule):
        """Rungs of one rule, the loosest first; more of them where the bar is crossed."""
        rungs = [self.rung(rtol, rule) for rtol in self.peer.ladder]
        for _ in range(self.peer.finer):
            place = next((i for i, rung in enumerate(rungs) if meets(rung)), 0)
            if place:
                middle = math.sqrt(rungs[place - 1][0] * rungs[place][0])
                rungs.insert(place, self.rung(float(f"{middle:.1e}"), rule))
        return rungs

    def best(self, ladders):
        """The rung of least time among those that meet the bar, its times, the least time of any.

        Which was fastest once is partly chance, so the candidates are timed again, in turns. Time
        of the processor decides, since what others do moves it less; the times are the clock's.
        """
        good = [[rung for rung in rungs if meets(rung)] for rungs in ladders]
        every = sorted((rung for rungs in good for rung in rungs), key=lambda rung: rung[5])
        some = [*every[:FAST], *(x[0] for x in good if x)] or [ladders[0][-1]]  # or the tightest
        some = {rung[:2]: rung for rung in some}
        taken = {key: ([rung[2]], [rung[5]]) for key, rung in some.items()}
        for again in range(self.peer.repeats):
            for tolerance in some:
                spent, busy, _ = self.timed(tolerance)
                if not again:  # the time that made it a candidate is a lucky one
                    taken[tolerance] = ([], [])
                taken[tolerance][0].append(spent)
                taken[tolerance][1].append(busy)
        chosen = min(taken, key=lambda tolerance: statistics.median(taken[tolerance][1]))
        return some[chosen], taken[chosen][0], min(min(spent) for spent, _ in taken.values())


def measured(name, work, reference, begun):
    peer = PEERS[name]
    if not peer.repeats:
        reference = reference[: peer.at_once]  # one batch
    first = (peer.ladder[0], peer.rules[0](peer.ladder[0]))
    start = time.time()
    solve = peer.make(work)
    if solve(0, *first) is None:
        made = time.time()
        solve(0, *first)
    else:  # what compiles at its first call does little else in it
        made = time.time()
    cold = time.time() - begun
    run = Run(peer, solve, reference)
    ladders = [run.ladder(rule) for rule in peer.rules]
    chosen, taken, fastest = run.best(ladders)
    return {
        "cold": cold,
        "compile": made - start,
        "memory": load.peak_memory(),
        "rungs": sorted(sum(ladders, []), key=lambda rung: (-rung[0], -rung[1])),
        "chosen": chosen,
        "meets": meets(chosen),
        "taken": taken,
        "fastest": fastest,
        "patients": len(reference),
    }


if __name__ == "__main__":
    name, source, target, begun = sys.argv[1:]
    given = pickle.loads(Path(source).read_bytes())  # noqa: S301 - written by engines.py just now
    found = measured(name, given["work"], given["reference"], float(begun))
    Path(target).write_bytes(pickle.dumps(found))
