"""What is measured of ketaqsp itself: errors, speeds, starts, costs."""

import importlib
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import peers  # noqa: E402
import workload as load  # noqa: E402

import ketaqsp as kq  # noqa: E402

HERE = Path(__file__).parent
TIGHT = (1e-11, 1e-14)
FINEST = 3  # steps halved so often: the reference of many patients
NUDGE = 1e-5  # share by which the dose is changed to find who stands near a border
STEEP = 10  # times this: he does
CHECKED = 8  # worst patients that libRoadRunner solves too
FIRST_RESULT = f"""
import time; start = time.perf_counter()
import sys; sys.path.insert(0, {str(HERE)!r})
import workload, ketaqsp
people = workload.cohort(1)
workload.ours(people); first = time.perf_counter() - start
workload.ours(people); print(first, time.perf_counter() - start - first)
"""
MEMORY = f"""
import sys; sys.path.insert(0, {str(HERE)!r})
import workload
workload.ours(workload.cohort({{}})); print(workload.peak_memory())
"""
PLAIN_RESULT = """
import time; start = time.perf_counter()
import ketaqsp as kq; imported = time.perf_counter()
kq.simulate(kq.infusion(mg_per_kg=0.5, minutes=40, days=[0]), kq.typical(), days=28)
print(imported - start, time.perf_counter() - start)
"""


def in_new_process(program, cache):
    environment = {**os.environ, "KETAQSP_CACHE": cache}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True
    )
    return [float(x) for x in done.stdout.split()]


def reference(work):
    """(n, T, names) by libRoadRunner at 1e-11, {read-out: its largest gap to LSODA there}, and
    off_most()."""
    solve, n = peers.sbml.roadrunner(work), len(work.texts)
    found = tight(solve, n)
    other, some = peers.lsoda.scipy(work), range(min(16, n))
    second = np.concatenate([other(i, *TIGHT) for i in some])
    gaps = load.errors(second, found[: len(some)])
    return (
        found,
        {name: float(x.max()) for name, x in gaps.items()},
        off_most(work, solve, found[0]),
    )


def tight(solve, n):
    for i in range(n):
        solve(i, *TIGHT)
    return np.concatenate([solve(i, *TIGHT) for i in range(n)])


def off_most(work, solve, exact):
    """Which state of the first patient is furthest off at 1e-6: (name, share of range, range, size,
    share of range of MADRS)."""
    gap = np.abs(solve(0, 1e-6, 1e-12)[0] - exact).max(axis=0)
    span, size = np.ptp(exact, axis=0), np.abs(exact).max(axis=0)
    share = np.divide(gap, span, out=np.zeros_like(gap), where=span > 1e-9 * size)
    worst, madrs = int(share.argmax()), work.names.index("madrs")
    return work.names[worst], share[worst], span[worst], size[worst], share[madrs]


@contextmanager
def halved(level):
    """Every step of our grid halved so often."""
    run = importlib.import_module("ketaqsp.solve.run")
    course = run.course
    run.course = lambda *asked: course(*asked[:-1], asked[-1] + level)
    try:
        yield
    finally:
        run.course = course


def by_level(people, found):
    """[(level, s a patient, errors)] of the default grid and of halved ones."""
    out = []
    for level in (0, 1, 2):
        with halved(level):
            spent = load.seconds(lambda: load.ours(people), 3) / people.n
            errors = load.errors(load.table(load.ours(people))[: len(found)], found)
        out.append((level, spent, errors))
    return out


def of_many(people, found):
    """Our errors in the whole cohort, against ourselves on steps divided by 2**FINEST.

    agree: {read-out: largest error of that reference where there is libRoadRunner's, `found`};
    errors {read-out: (n,)}; above, border, both, elsewhere: how many are off by more than the bar,
    near a border, both, on another severity; steepest: share of range by share of dose; checked,
    gap, apart: the same against libRoadRunner for the worst patients: how many, largest gap of our
    reference, how many end elsewhere.
    """
    mine = load.table(load.ours(people))
    with halved(FINEST):
        fine = load.table(load.ours(people))
    errors, agree = load.errors(mine, fine), load.errors(fine[: len(found)], found)
    nudged = load.ours(people, dose=load.regimen(0.5 * (1 + NUDGE)))["madrs"].values[-1]
    madrs = mine[:, :, load.names().index("madrs")]
    steep = np.abs(nudged - madrs[:, -1]) / np.ptp(madrs, axis=1) / NUDGE
    border = ~(steep < STEEP)
    most = np.max(list(errors.values()), axis=0)
    worst = np.argsort(-most, kind="stable")[:CHECKED]
    exact = tight(peers.sbml.roadrunner(load.workload(worst)), len(worst))
    gaps = load.errors(fine[worst], exact)
    return {
        "agree": {name: float(x.max()) for name, x in agree.items()},
        "errors": errors,
        "above": int((most >= load.BAR).sum()),
        "border": int(border.sum()),
        "both": int((border & (most >= load.BAR)).sum()),
        "steepest": float(np.nanmax(steep)),
        "elsewhere": int(load.elsewhere(mine, fine).sum()),
        "checked": len(worst),
        "gap": float(np.max(list(gaps.values()))),
        "apart": int(load.elsewhere(mine[worst], exact).sum()),
    }


def costs():
    """[(what, value, s)] of ours against patients, days, doses and outputs; the rest as above."""
    people, out = load.cohort(256), []

    def add(what, amount, run):
        out.append((what, amount, load.seconds(run)))

    for n in (1, 8, 64, 256, 2048):
        some = load.cohort(n)
        add("patients", n, lambda some=some: load.ours(some))
    for days in (7, 14, 28, 56, 112):
        add("days", days, lambda days=days: load.ours(people, days=days, extra_times=()))
    for count in (1, 2, 4, 8, 16):
        dose = kq.infusion(mg_per_kg=0.5, minutes=40, days=range(0, 28, 28 // count)[:count])
        add("doses", count, lambda dose=dose: load.ours(people, dose=dose, extra_times=()))
    for every in ("24 h", "6 h", "1 h"):
        add("outputs, every state", every, lambda every=every: load.ours(people, every=every))
        add("outputs, MADRS alone", every,
            lambda every=every: load.ours(people, ("madrs",), every=every))  # fmt: skip
    return out


def single():
    """[(what, s)] of one patient through the public call."""
    one, dose = kq.typical(), kq.infusion(mg_per_kg=0.5, minutes=40, days=[0])
    return [
        (label, load.seconds(lambda w=wanted: kq.simulate(dose, one, days=28, wanted=w), 21))
        for label, wanted in (("every variable", None), ("MADRS alone", ("madrs",)))
    ]
