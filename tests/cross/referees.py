"""Other programs solve the file that the command line writes; their curves are held against ours.

Each check returns a list of problems, empty where the two agree, and is used as it stands on the
file and on its mutations. Curves are compared in SI, every state and signal that both have.
"""

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import libsbml
import numpy as np

from cross.sbml_reader import Reader, in_si
from ketaqsp.units import quantity
from tolerances import COPASI, FLAT, NOTHING, ROADRUNNER, SCIPY

DAYS = (0, 2, 4, 7, 9, 11)
# Ends of the infusions: what lives for minutes has its range there. They are edges of our grid
# anyway, so asking for them makes no step smaller.
ENDS = tuple(24.0 * day + 40 / 60 for day in DAYS)
HOUR = 3600.0  # s
SMALL = 1e-14  # absolute tolerance of a solver: little in the file's units and in SI
COMMAND = Path(sys.executable).with_name("ketaqsp")


@dataclass(frozen=True)
class Curves:
    """times (T,) in s; values {name: (T,)} in SI."""

    times: np.ndarray
    values: dict

    def until(self, hours):
        """The part up to this time."""
        first = self.times <= hours * HOUR
        return replace(self, times=self.times[first], values=_at(self.values, first))

    def without(self, *hours):
        """All but these times: where a state jumps, programs show it before or after."""
        kept = ~np.isin(self.times, np.array(hours) * HOUR)
        return replace(self, times=self.times[kept], values=_at(self.values, kept))

    def only(self, names):
        """These curves alone."""
        return replace(self, values={name: self.values[name] for name in names})


def _at(values, places):
    return {name: x[places] for name, x in values.items()}


def export(path, *options, form):
    """`ketaqsp export` in a process of its own."""
    done = subprocess.run(
        [COMMAND, "export", "--format", form, "--out", path, *options],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise RuntimeError(f"ketaqsp export ended with {done.returncode}: {done.stderr}")


def exported(path, *options, form="sbml"):
    """The text that `ketaqsp export` writes to `path`."""
    export(path, *options, form=form)
    return path.read_text(encoding="utf-8")


def ours(out, patient=0):
    """One patient of a simulate() Dataset, every variable, by the units that it carries."""
    one = out.isel(patient=patient)
    values = {
        name: x.values * quantity(1.0, x.attrs["units"]).to_base_units().magnitude
        for name, x in one.data_vars.items()
        if "time" in x.dims
    }
    return Curves(one["time"].values * HOUR, values)


def flat(curve):
    """Whether a curve does not move: its range is rounding beside its size."""
    return np.ptp(curve) <= FLAT * np.abs(curve).max()


def distance(theirs, mine):
    """Largest difference as a share of the range of the referee's curve.

    A curve that is flat at a value is measured by that value, for it has no range. One that is
    flat at zero has neither: there any value beyond NOTHING is a difference without bound.
    """
    gap = np.abs(theirs - mine).max()
    if not np.isfinite(gap):
        return np.inf
    if not theirs.any() or np.abs(theirs).max() <= NOTHING:
        return 0.0 if gap <= NOTHING else np.inf
    return gap / (np.abs(theirs).max() if flat(theirs) else np.ptp(theirs))


def distances(theirs, mine):
    """{name: distance}, largest first, of every one of our curves. KeyError if one is missing."""
    found = {name: distance(theirs[name], x) for name, x in mine.values.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def disagreements(theirs, mine, tolerance, who):
    """One sentence for each curve that is further off than the tolerance."""
    apart = distances(theirs, mine)
    name, share = next(iter(apart.items()))
    print(f"{who}: {len(apart)} curves, largest difference {share:.1e} of range ({name})")
    return [
        f"{who}: {name} differs by {share:.2g} of its range; allowed {tolerance:g}"
        for name, share in apart.items()
        if not share <= tolerance
    ]


def complaints(text):
    """What libSBML has to say of a file: errors, and warnings of units or of practice."""
    document = libsbml.readSBMLFromString(text)
    document.checkConsistency()
    said = [document.getError(i) for i in range(document.getNumErrors())]
    return [f"libSBML {e.getErrorId()}: {' '.join(e.getMessage().split())}" for e in said]


def by_scipy(text, times, **options):
    """{name: (T,)} in SI at `times` (s), by the reader that knows nothing of the package."""
    reader = Reader(text)
    found = reader.run(times / reader.hour, atol=SMALL, **options)
    return {name: x * reader.unit[name] for name, x in found.items()}


def by_roadrunner(text, times):
    """{name: (T,)} in SI at `times` (s), by libRoadRunner."""
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_CRITICAL)
    # The newer of its two compilers, four times as quick to load a model.
    roadrunner.Config.setValue(roadrunner.Config.LLVM_BACKEND, roadrunner.Config.LLJIT)
    reader = Reader(text)
    engine = roadrunner.RoadRunner(text)
    engine.integrator.setValue("relative_tolerance", 1e-9)
    # One number would be multiplied by each state as it is when an event restarts the solver:
    # a state that has decayed to 1e-60 then stops it. A list is taken as it is.
    engine.integrator.setValue("absolute_tolerance", [SMALL] * len(reader.states))
    engine.timeCourseSelections = ["time", *reader.unit]
    # It starts at the first time asked for, so that has to be 0.
    asked = np.unique(np.append(0.0, times))
    table = np.array(engine.simulate(times=list(asked / reader.hour)))[asked.size - times.size :]
    return {name: table[:, 1 + i] * one for i, (name, one) in enumerate(reader.unit.items())}


def by_copasi(text, times):
    """{name: (T,)} in SI at `times` (s), by COPASI's LSODA."""
    import basico

    reader = Reader(text)
    model = basico.create_datamodel()
    if not model.importSBMLFromString(text, None, True):
        raise RuntimeError("COPASI does not take the file")
    asked = np.unique(np.append(0.0, times))
    try:
        table = basico.run_time_course(
            values=list(asked / reader.hour),
            r_tol=1e-9,
            a_tol=SMALL,
            max_steps=100_000,
            use_sbml_id=True,
            model=model,
        )
    finally:
        basico.remove_datamodel(model)
    kept = slice(asked.size - times.size, None)
    # What never moves has no column: its value stands in the model alone.
    return {
        name: np.array(table[name])[kept] * one
        for name, one in reader.unit.items()
        if name in table
    }


def _check(engine, who, text, mine, tolerance):
    """Problems of the file as it is, and of the same file with all numbers in SI.

    Neither program converts units. Written in SI the model must give the same curves, and does
    not where a unit is wrong.
    """
    for version in (text, in_si(text)):
        try:
            found = disagreements(engine(version, mine.times), mine, tolerance, who)
        except (ArithmeticError, KeyError, RuntimeError, ValueError) as problem:
            found = [f"{who}: {problem!r}"]
        if found:
            return found
    return []


def check_scipy(text, mine, tolerance=SCIPY):
    """Problems of the file as SciPy solves it."""
    return _check(by_scipy, "SciPy", text, mine, tolerance)


def check_roadrunner(text, mine, tolerance=ROADRUNNER):
    """Problems of the file as libRoadRunner solves it."""
    return _check(by_roadrunner, "libRoadRunner", text, mine, tolerance)


def check_copasi(text, mine, tolerance=COPASI):
    """Problems of the file as COPASI solves it: every curve that moves in the model."""
    return _check(by_copasi, "COPASI", text, mine, tolerance)
