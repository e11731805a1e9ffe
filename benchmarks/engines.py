"""Speed of the default solver beside other simulators, on the model that `ketaqsp export` writes.

    make bench [BENCH_OPTIONS="--patients 48 --cohort 2000 --write"]

Peers run one after another, each in a process of its own on one core, and their speed is multiplied
by the cores: more than they would reach. Each runs at the fastest of its tolerances at which the
99th percentile over patients of the error of MADRS and spine density stays below the bar. Ours is
measured between them, on all cores. --write puts tables and figure into docs.
"""

import argparse
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import limit  # noqa: E402
import ours  # noqa: E402
import peers  # noqa: E402
import workload as load  # noqa: E402

HERE = Path(__file__).parent


def peer(name, source, folder):
    """What run_peer measures, or None if the program is not here."""
    target = folder / f"{name}.pkl"
    command = [sys.executable, HERE / "run_peer.py", name, source, target, repr(time.time())]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{peers.PEERS[name].label}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return pickle.loads(target.read_bytes())  # noqa: S301 - written by run_peer just now


def alone(asked, found, folder):
    """What is measured of ours beside the rounds between peers."""
    people, out = load.cohort(asked.cohort), {}
    first = load.ours(people)
    out["states"], out["steps"] = len(load.names()) - len(load.READ), int(first.attrs["steps"])
    out["failed"] = int((first["status"] == 2).sum())
    out["apart"] = int(load.elsewhere(load.table(first)[: len(found)], found).sum())
    out["one_core"] = load.seconds(lambda: load.ours(people, workers=1), 3) / people.n
    out["levels"] = ours.by_level(load.cohort(max(512, asked.patients)), found)
    out["many"] = ours.of_many(people, found)
    out["cold"] = ours.in_new_process(ours.FIRST_RESULT, str(folder / "cache"))
    out["second"] = ours.in_new_process(ours.FIRST_RESULT, str(folder / "cache"))
    out["plain_cold"] = ours.in_new_process(ours.PLAIN_RESULT, str(folder / "other"))
    out["plain_warm"] = ours.in_new_process(ours.PLAIN_RESULT, str(folder / "other"))
    out["limit"] = limit.found(load.cohort(256))
    memory = ours.MEMORY.format(asked.cohort)
    out["memory"] = ours.in_new_process(memory, str(folder / "memory"))[0]
    return out | {"single": ours.single(), "costs": ours.costs()}


def measure(asked, folder):
    """All that the report says."""
    begun = time.perf_counter()
    out = {"cores": load.CORES, "machine": platform.machine(), "python": platform.python_version()}
    out |= {"patients": asked.patients, "cohort": asked.cohort, "load": [os.getloadavg()[0]]}
    out["date"] = time.strftime("%Y-%m-%d")
    work, source = load.workload(range(asked.patients)), folder / "work.pkl"
    found, out["gap"], out["worst"] = ours.reference(work)
    source.write_bytes(pickle.dumps({"work": work, "reference": found}))
    out |= alone(asked, found, folder)
    people, rounds, out["peers"] = load.cohort(asked.cohort), [], {}

    def again():
        begin = time.perf_counter()
        load.ours(people)
        rounds.append((time.perf_counter() - begin) / people.n)

    for name in asked.only or peers.PEERS:
        again()
        measured = peer(name, source, folder)
        again()
        out["load"].append(os.getloadavg()[0])
        if measured:
            out["peers"][name] = measured
    while len(rounds) < 5:
        again()
    out |= {"rounds": rounds, "ours": statistics.median(rounds), "absent": peers.absent()}
    out["minutes"] = (time.perf_counter() - begun) / 60
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=48, help="whom every program solves")
    parser.add_argument("--cohort", type=int, default=2000, help="of whom ours is timed")
    parser.add_argument("--only", nargs="*", help=f"of {', '.join(peers.PEERS)}")
    parser.add_argument("--write", action="store_true", help="tables and figure into docs")
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
