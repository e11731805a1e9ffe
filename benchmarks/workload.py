"""What every program solves: six 40-min infusions, 28 days, every state daily and at their ends."""

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import ketaqsp as kq
from ketaqsp.dose.schedule import schedule
from ketaqsp.export.sbml import to_sbml
from ketaqsp.patient.simulate import model_for

DAYS, LAST = (0, 2, 4, 7, 9, 11), 28
ENDS = tuple(24.0 * day + 40 / 60 for day in DAYS)  # what lives for minutes has its range there
READ = ("madrs", "spine_density")
BAR = 1e-5  # of the range of a patient's curve, at the 99th percentile of patients
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@dataclass(frozen=True)
class Workload:
    """texts: the SBML file of each patient. hours (T,). names: states and read-outs asked for."""

    texts: tuple
    hours: np.ndarray
    names: tuple


def regimen(mg_per_kg=0.5):
    return kq.infusion(mg_per_kg=mg_per_kg, minutes=40, days=DAYS)


def cohort(n):
    return kq.cohort("trd", n=n, seed=1)


def hours():
    return np.unique(np.round([*np.arange(0, LAST * 24 + 1, 24.0), *ENDS], 9))


def names():
    return (*model_for(regimen()).states, *READ)


def workload(which):
    """The Workload of patients of the cohort, by place, as `ketaqsp export` writes them."""
    n, given, texts = max(which) + 1, regimen(), []
    people = cohort(n)
    model, weight = model_for(given), np.ravel(people.weight())
    for i in which:
        one = {k: float(np.broadcast_to(people.parameters[k], n)[i]) for k in model.parameters}
        texts.append(to_sbml(model, one, schedule(given, weight[i : i + 1])))
    return Workload(tuple(texts), hours(), names())


def ours(people, wanted=None, dose=None, **options):
    """simulate() on the workload."""
    asked = {"days": LAST, "every": "24 h", "extra_times": ENDS, **options}
    return kq.simulate(dose or regimen(), people, wanted=wanted or names(), **asked)


def table(found):
    """(n, T, names) of what ours() gave."""
    return np.array([found[name].values for name in names()]).transpose(2, 1, 0)


def errors(found, reference):
    """{read-out: (n,)} largest difference over times as a share of the patient's own range.

    found, reference: (n, T, names). A patient without a number has an error without bound.
    """
    out = {}
    for name in READ:
        place = names().index(name)
        gap = np.abs(found[:, :, place] - reference[:, :, place]).max(axis=1)
        gap = gap / np.ptp(reference[:, :, place], axis=1)
        out[name] = np.where(np.isfinite(gap), gap, np.inf)
    return out


def elsewhere(found, reference):
    """(n,) which patients end on another severity: over a MADRS point apart, or no number."""
    place = names().index("madrs")
    return ~(np.abs(found[:, -1, place] - reference[:, -1, place]) < 1)


def percentile(errors):
    """The 99th percentile, of a value that occurs."""
    return float(np.percentile(errors, 99, method="higher"))


def seconds(run, repeats=5):
    """Median seconds of a call after one that is not counted."""
    run()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def peak_memory():
    """Most memory that this process has held, MiB; NaN where the system does not say.

    Not by getrusage: a child begins with the peak of the process that started it.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(x.split()[1]) / 1024 for x in lines if x.startswith("VmHWM"))
