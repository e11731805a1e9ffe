"""Speed of the default solver beside other simulators, on the model that `ketaqsp export` writes.

Workload: the full chain, six 40-min infusions, 28 days, every state daily and at their ends.
Referees run one patient in one process at a tolerance of 1e-6 and their speed is multiplied by the
cores: more than they would reach. Loading a model is left out for all. Error: the largest over
states and times, as a share of the state's range, against libRoadRunner at 1e-11. Needs the test
libraries.

    python benchmarks/engines.py [--patients 2000] [--slow]     --slow adds SciPy
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import ketaqsp as kq  # noqa: E402
from cross.sbml_reader import Reader  # noqa: E402
from ketaqsp.dose.schedule import schedule  # noqa: E402
from ketaqsp.export.sbml import to_sbml  # noqa: E402
from ketaqsp.patient.simulate import model_for  # noqa: E402

DAYS, LAST = (0, 2, 4, 7, 9, 11), 28
TOLERANCE, TIGHT, SMALL = 1e-6, 1e-11, 1e-14
REPEATS = 5
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
FIRST_RESULT = """
import time; start = time.perf_counter()
import ketaqsp as kq; imported = time.perf_counter()
kq.simulate(kq.infusion(mg_per_kg=0.5, minutes=40, days=[0]), kq.typical(), days=28)
print(imported - start, time.perf_counter() - start)
"""


def median(run, repeats=REPEATS):
    """Median seconds of a call, the first left out."""
    run()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def patient():
    """(regimen, model, SBML text) of the typical patient."""
    regimen, one = kq.infusion(mg_per_kg=0.5, minutes=40, days=DAYS), kq.typical()
    model = model_for(regimen)
    values = {name: float(np.ravel(one.parameters[name])[0]) for name in model.parameters}
    return regimen, model, to_sbml(model, values, schedule(regimen, one.weight()))


def roadrunner(text, states, hours):
    """f(rtol) -> table (times, states)."""
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_CRITICAL)
    engine = rr.RoadRunner(text)
    engine.timeCourseSelections = list(states)

    def run(rtol=TOLERANCE):
        engine.resetToOrigin()
        engine.integrator.setValue("relative_tolerance", rtol)
        small = SMALL if rtol < TOLERANCE else rtol * TOLERANCE
        engine.integrator.setValue("absolute_tolerance", [small] * len(states))
        return np.array(engine.simulate(times=list(hours)))

    return run


def copasi(text, states, hours):
    """f() -> table (times, states)."""
    import basico

    model = basico.load_model_from_string(text)

    def run():
        table = basico.run_time_course(
            values=list(hours),
            r_tol=TOLERANCE,
            a_tol=TOLERANCE**2,
            max_steps=100_000,
            use_sbml_id=True,
            model=model,
        )
        return np.array([table[name] for name in states]).T

    return run


def scipy(text, states, hours):
    """f() -> table (times, states): LSODA, right-hand side in Python."""
    reader = Reader(text)

    def run():
        found = reader.run(hours, rtol=TOLERANCE, atol=TOLERANCE**2)
        return np.array([found[name] for name in states]).T

    return run


def error(found, reference):
    """Largest difference as a share of a state's range, of the states that move."""
    moves = np.ptp(reference, axis=0) > 1e-9 * np.abs(reference).max(axis=0)
    apart = np.abs(found - reference).max(axis=0)[moves]
    return float((apart / np.ptp(reference, axis=0)[moves]).max())


def others(text, states, hours, slow):
    """{name: seconds a patient, error} of the simulators that are installed."""
    reference = roadrunner(text, states, hours)(TIGHT)
    out = {}
    for name, make in (
        ("libRoadRunner CVODE", roadrunner),
        ("COPASI LSODA", copasi),
        *([("SciPy LSODA", scipy)] if slow else []),
    ):
        try:
            run = make(text, states, hours)
        except ImportError as missing:
            print(f"{name}: not here ({missing})")
            continue
        out[name] = median(run, 1 if make is scipy else REPEATS), error(run(), reference)
    return reference, out


def first_result(cache):
    """(import, first result) in seconds, in a new process with this cache folder."""
    environment = {**os.environ, "KETAQSP_CACHE": cache}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_RESULT], env=environment, capture_output=True, check=True
    )
    return [float(x) for x in done.stdout.split()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--slow", action="store_true")
    asked = parser.parse_args()
    regimen, model, text = patient()
    ends = [24.0 * day + 40 / 60 for day in DAYS]  # what lives for minutes has its range there
    hours = np.unique(np.round([*np.arange(0, LAST * 24 + 1, 24.0), *ends], 9))
    states = [name for name in model.states if name in Reader(text).states]
    reference, table = others(text, states, hours, asked.slow)

    def ours(people):
        return kq.simulate(
            regimen, people, days=LAST, every="24 h", extra_times=ends, wanted=tuple(states)
        )

    one = ours(kq.typical())
    found = np.array([one[name].values[:, 0] for name in states]).T
    people = kq.cohort("trd", n=asked.patients, seed=1)
    taken = median(lambda: ours(people)) / asked.patients
    fastest = max(CORES / seconds for seconds, _ in table.values())
    print(f"{CORES} cores, {len(states)} states, {asked.patients} patients, {one.steps} steps")
    print(f"{'':24}{'patients/s':>12}{'error':>10}")
    print(f"{'ketaqsp':24}{1 / taken:12.0f}{error(found, reference):10.1e}")
    for name, (seconds, off) in table.items():
        print(f"{name:24}{CORES / seconds:12.2f}{off:10.1e}")
    print(f"ketaqsp against the fastest other: {1 / taken / fastest:.1f} times")
    single, alone = kq.infusion(mg_per_kg=0.5, minutes=40, days=[0]), kq.typical()
    for label, wanted in (("every variable", None), ("MADRS alone", ("madrs",))):
        spent = median(lambda w=wanted: kq.simulate(single, alone, days=28, wanted=w), 21)
        print(f"one patient, 28 d hourly, {label}: {spent * 1e3:.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        for label in ("empty cache", "warm cache"):
            imported, first = first_result(str(Path(folder) / "cache"))
            print(f"new process, {label}: import {imported:.2f} s, first result {first:.2f} s")


if __name__ == "__main__":
    main()
