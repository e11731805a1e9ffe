"""One program in a process of its own: python benchmarks/run_peer.py NAME IN.pkl OUT.pkl BEGUN

IN: {"work", "reference"}. OUT: cold, compile (s), memory (MiB), rungs [(rtol, atol, s a patient,
{read-out: error})], chosen (a rung), meets (the bar), taken [s a patient of each repeat], apart
(how many end elsewhere).
"""

import pickle
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import workload as load  # noqa: E402
from peers import PEERS  # noqa: E402


def whole(solve, firsts, tolerance, shape):
    """(n, T, names) of every patient; NaN for a batch that ends in an error."""
    out = np.full(shape, np.nan)
    for first in firsts:
        try:
            found = solve(first, *tolerance)
        except (RuntimeError, ArithmeticError):
            continue
        if found is not None and found.shape[1:] == shape[1:]:  # else it gave up on the way
            out[first : first + len(found)] = found
    return out


def meets(rung):
    """Whether the 99th percentile of both read-outs is below the bar."""
    return all(load.percentile(x) < load.BAR for x in rung[3].values())


def measured(name, work, reference, begun):
    _, make, ladder, repeats, at_once = PEERS[name]
    n = min(len(work.texts), at_once) if name == "diffrax" else len(work.texts)
    shape, firsts = (n, len(work.hours), len(work.names)), range(0, n, at_once)
    start = time.time()
    solve = make(work)
    if solve(0, *ladder[0]) is None:
        made = time.time()
        solve(0, *ladder[0])
    else:  # what compiles at its first call does little else in it
        made = time.time()
    cold, compiling = time.time() - begun, made - start
    rungs = []
    for tolerance in ladder:
        if name != "diffrax":
            whole(solve, firsts if not rungs else firsts[:1], tolerance, shape)  # loads the rest
        begin = time.perf_counter()
        found = whole(solve, firsts, tolerance, shape)
        spent = (time.perf_counter() - begin) / n
        rungs.append((*tolerance, spent, load.errors(found, reference[:n])))
    good = [rung for rung in rungs if meets(rung)]
    best = min(good, key=lambda rung: rung[2]) if good else rungs[-1]  # the last is the tightest
    if repeats > 1:
        again = lambda: whole(solve, firsts, best[:2], shape)  # noqa: E731
        taken = [x / n for x in load.seconds(again, repeats, warm=False)[1]]
    else:
        taken = [best[2]]
    found = again() if repeats > 1 else found
    return {
        "cold": cold,
        "compile": compiling,
        "memory": load.peak_memory(),
        "rungs": rungs,
        "chosen": best,
        "meets": bool(good),
        "taken": taken,
        "apart": load.elsewhere(found, reference[:n]),
        "patients": n,
    }


if __name__ == "__main__":
    name, source, target, begun = sys.argv[1:]
    given = pickle.loads(Path(source).read_bytes())  # noqa: S301 - written by engines.py just now
    found = measured(name, given["work"], given["reference"], float(begun))
    Path(target).write_bytes(pickle.dumps(found))
