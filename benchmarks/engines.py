"""Speed of the default solver beside other simulators, on the model that `ketaqsp export` writes.

    make bench [BENCH_OPTIONS="--patients 48 --cohort 2000 --write"]

Peers run one after another, each in a process of its own on one core, and their speed is multiplied
by the cores: more than they would reach. Each runs at the loosest of its tolerances at which the
99th percentile over patients of the error of MADRS and spine density stays below the bar. Ours is
measured between them, on all cores. --write puts table and figure into docs.
"""

import argparse
import importlib
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import peers  # noqa: E402
import workload as load  # noqa: E402

import ketaqsp as kq  # noqa: E402

HERE = Path(__file__).parent
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
    tight = (1e-11, 1e-14)
    solve = peers.sbml.roadrunner(work)
    n = len(work.texts)
    for i in range(n):
        solve(i, *tight)
    found = np.concatenate([solve(i, *tight) for i in range(n)])
    other, some = peers.lsoda.scipy(work), range(min(16, n))
    second = np.concatenate([other(i, *tight) for i in some])
    gaps = load.errors(second, found[: len(some)])
    return (
        found,
        {name: float(x.max()) for name, x in gaps.items()},
        off_most(work, solve, found[0]),
    )


def off_most(work, solve, exact):
    """Which state of the first patient is furthest off at 1e-6: (name, share of range, range, size,
    share of range of MADRS)."""
    gap = np.abs(solve(0, 1e-6, 1e-12)[0] - exact).max(axis=0)
    span, size = np.ptp(exact, axis=0), np.abs(exact).max(axis=0)
    share = np.divide(gap, span, out=np.zeros_like(gap), where=span > 1e-9 * size)
    worst, madrs = int(share.argmax()), work.names.index("madrs")
    return work.names[worst], share[worst], span[worst], size[worst], share[madrs]


def table_of(people, n):
    """(n, T, names) of our result."""
    out = load.ours(people)
    return np.array([out[name].values[:, :n] for name in load.names()]).transpose(2, 1, 0)


def ours_by_level(people, n, found):
    """[(level, s a patient, errors)] of the default grid and of halved ones."""
    run, out = importlib.import_module("ketaqsp.solve.run"), []
    course = run.course
    for level in (0, 1, 2):
        run.course = lambda *asked, _level=level: course(*asked[:-1], asked[-1] + _level)
        spent = load.seconds(lambda: load.ours(people), 3)[0] / people.n
        out.append((level, spent, load.errors(table_of(people, n), found)))
    run.course = course
    return out


def peer(name, source, folder):
    """What run_peer measures, or None if the program is not here."""
    target = folder / f"{name}.pkl"
    command = [sys.executable, HERE / "run_peer.py", name, source, target, repr(time.time())]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{peers.PEERS[name][0]}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return pickle.loads(target.read_bytes())  # noqa: S301 - written by run_peer just now


def costs():
    """[(what, value, s)] of ours against patients, days, doses and outputs; the rest as above."""
    people, out = load.cohort(256), []

    def add(what, amount, run):
        out.append((what, amount, load.seconds(run, 5)[0]))

    for n in (1, 8, 64, 256, 2048):
        some = load.cohort(n)
        add("patients", n, lambda some=some: load.ours(some))
    for days in (7, 14, 28, 56, 112):
        add("days", days, lambda days=days: load.ours(people, days=days, extra_times=()))
    for count in (1, 2, 4, 8, 16):
        dose = kq.infusion(mg_per_kg=0.5, minutes=40, days=range(0, 28, 28 // count)[:count])
        add("doses", count, lambda dose=dose: kq.simulate(
            dose, people, days=28, every="24 h", wanted=load.names()))  # fmt: skip
    for every in ("24 h", "6 h", "1 h"):
        add("outputs, every state", every, lambda every=every: load.ours(people, every=every))
        add("outputs, MADRS alone", every,
            lambda every=every: load.ours(people, ("madrs",), every=every))  # fmt: skip
    return out


def single():
    """[(what, ms)] of one patient through the public call."""
    one, dose = kq.typical(), kq.infusion(mg_per_kg=0.5, minutes=40, days=[0])
    return [
        (label, load.seconds(lambda w=wanted: kq.simulate(dose, one, days=28, wanted=w), 21)[0])
        for label, wanted in (("every variable", None), ("MADRS alone", ("madrs",)))
    ]


def measure(asked, folder):
    """All that the report says."""
    out = {"cores": load.CORES, "machine": platform.machine(), "python": platform.python_version()}
    out |= {"patients": asked.patients, "cohort": asked.cohort, "load": [os.getloadavg()[0]]}
    out["date"] = time.strftime("%Y-%m-%d")
    work, source = load.workload(asked.patients), folder / "work.pkl"
    found, out["gap"], out["worst"] = reference(work)
    source.write_bytes(pickle.dumps({"work": work, "reference": found}))
    people, rounds = load.cohort(asked.cohort), []
    first = load.ours(people)
    out["states"], out["steps"] = len(load.names()) - len(load.READ), int(first.attrs["steps"])
    out["failed"] = int((first["status"] == 2).sum())

    def again():
        begin = time.perf_counter()
        load.ours(people)
        rounds.append((time.perf_counter() - begin) / people.n)

    out["one_core"] = load.seconds(lambda: load.ours(people, workers=1), 3)[0] / people.n
    out["levels"] = ours_by_level(load.cohort(max(512, asked.patients)), asked.patients, found)
    out["apart"] = load.elsewhere(table_of(load.cohort(asked.patients), asked.patients), found)
    out["cold"] = in_new_process(FIRST_RESULT, str(folder / "cache"))
    out["second"] = in_new_process(FIRST_RESULT, str(folder / "cache"))
    out["plain_cold"] = in_new_process(PLAIN_RESULT, str(folder / "other"))
    out["plain_warm"] = in_new_process(PLAIN_RESULT, str(folder / "other"))
    out["single"], out["costs"] = single(), costs()
    out["peers"] = {}
    for name in asked.only or peers.PEERS:
        again()
        measured = peer(name, source, folder)
        again()
        out["load"].append(os.getloadavg()[0])
        if measured:
            out["peers"][name] = measured
    out["memory"] = in_new_process(MEMORY.format(asked.cohort), str(folder / "memory"))[0]
    while len(rounds) < 5:
        again()
    out["rounds"] = rounds
    out["absent"] = peers.absent()
    out["ours"] = statistics.median(rounds)
    out["load"].append(os.getloadavg()[0])
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=48, help="whom every program solves")
    parser.add_argument("--cohort", type=int, default=2000, help="of whom ours is timed")
    parser.add_argument("--only", nargs="*", help=f"of {', '.join(peers.PEERS)}")
    parser.add_argument("--write", action="store_true", help="table and figure into docs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(asked, Path(folder))
    if os.environ.get("KEEP"):
        Path(os.environ["KEEP"]).write_bytes(pickle.dumps(found))
    import paper

    print(paper.text(found))
    if asked.write:
        paper.write(found)


if __name__ == "__main__":
    main()
