"""The SED-ML experiment, run exactly as it says: times, algorithm and one number per tolerance.

SED-ML has no list of tolerances, so a program that reads it must come through with single numbers.
"""

import zipfile
from dataclasses import dataclass

import libsbml
import libsedml
import numpy as np
import pytest

from cross.conftest import NASAL_DAYS, OPTIONS
from cross.referees import disagreements, export
from cross.sbml_reader import Reader
from tolerances import COPASI, DEFAULTS, ROADRUNNER

PROTOCOLS = {
    "one_infusion": ("--dose", "0.5 mg/kg", "--duration", "40 min"),
    "typical": OPTIONS,
    "nasal": "--drug esketamine --route in --dose".split()
    + ["84 mg", "--days", ",".join(map(str, NASAL_DAYS))],
}
RELATIVE, ABSOLUTE = "KISAO:0000209", "KISAO:0000211"


@dataclass(frozen=True)
class Experiment:
    """What the archive of a protocol says, and the curves that it should give."""

    folder: object
    model: str
    course: object
    document: object  # keeps `course` alive
    tolerances: dict
    mine: object


@pytest.fixture(scope="module", params=PROTOCOLS)
def experiment(request, tmp_path_factory):
    case = request.getfixturevalue(request.param)
    folder = tmp_path_factory.mktemp("experiment")
    export(folder / "one.omex", *PROTOCOLS[request.param], form="omex")
    with zipfile.ZipFile(folder / "one.omex") as opened:
        opened.extractall(folder)
    document = libsedml.readSedMLFromFile(str(folder / "simulation.sedml"))
    course = document.getSimulation(0)
    given = course.getAlgorithm().getListOfAlgorithmParameters()
    tolerances = {given.get(i).getKisaoID(): float(given.get(i).getValue()) for i in range(2)}
    text = (folder / document.getModel(0).getSource()).read_text(encoding="utf-8")
    assert text == case.text
    hours = np.linspace(0, course.getOutputEndTime(), course.getNumberOfSteps() + 1)
    on_grid = np.isin(case.mine.times, hours * 3600)
    mine = case.mine.only(Reader(text).states).without(*case.mine.times[~on_grid] / 3600)
    assert sorted(mine.values) == sorted(case.states) and len(mine.times) > 660
    return Experiment(folder, text, course, document, tolerances, mine)


def by_roadrunner(experiment, relative, absolute):
    """{state: (T,)} in SI at the times of `mine`; each tolerance is one number."""
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_CRITICAL)
    course, reader = experiment.course, Reader(experiment.model)
    engine = roadrunner.RoadRunner(experiment.model)
    if relative is not None:
        engine.integrator.setValue("relative_tolerance", relative)
        engine.integrator.setValue("absolute_tolerance", absolute)
    engine.timeCourseSelections = ["time", *reader.states]
    table = np.array(engine.simulate(0, course.getOutputEndTime(), course.getNumberOfSteps() + 1))
    kept = np.isin(np.round(table[:, 0] * reader.hour), np.round(experiment.mine.times))
    return {name: table[kept, 1 + i] * reader.unit[name] for i, name in enumerate(reader.states)}


def test_libroadrunner_runs_it(experiment):
    assert experiment.course.getAlgorithm().getKisaoID() == "KISAO:0000019"  # CVODE
    assert experiment.course.getOutputEndTime() == 672
    told = experiment.tolerances
    found = by_roadrunner(experiment, told[RELATIVE], told[ABSOLUTE])
    assert disagreements(found, experiment.mine, ROADRUNNER, "libRoadRunner by SED-ML") == []


def test_libroadrunner_runs_it_with_its_own_defaults(experiment):
    """Nobody has to set anything. How near it comes is its own affair: rtol is 1e-6."""
    found = by_roadrunner(experiment, None, None)
    assert abs(found["stress"][-1] / experiment.mine.values["stress"][-1] - 1) < DEFAULTS


def test_libroadrunner_cannot_without_the_zeros(experiment):
    """What the events set to zero is needed: without it the second dose stops the run."""
    document = libsbml.readSBMLFromString(experiment.model)
    events, removed = document.getModel().getListOfEvents(), 0
    for event in events:
        for name in [a.getVariable() for a in event.getListOfEventAssignments()]:
            if "piecewise" in libsbml.formulaToL3String(event.getEventAssignment(name).getMath()):
                event.removeEventAssignment(name)
                removed += 1
    if len(events) == 1:
        assert removed == 0
        return
    bare = Experiment(**{**vars(experiment), "model": libsbml.writeSBMLToString(document)})
    told = experiment.tolerances
    with pytest.raises(RuntimeError, match="CV_CONV_FAILURE"):
        by_roadrunner(bare, told[RELATIVE], told[ABSOLUTE])


def test_copasi_runs_it(experiment):
    """COPASI reads the SED-ML itself: nothing is said to it but `run`."""
    import basico

    model = basico.load_model(str(experiment.folder / "simulation.sedml"))
    try:
        asked = basico.get_task_settings(basico.T.TIME_COURSE, model=model)
        table = basico.run_time_course(use_sbml_id=True, model=model)
    finally:
        basico.remove_datamodel(model)
    course, told = experiment.course, experiment.tolerances
    problem, method = asked["problem"], asked["method"]
    assert problem["Duration"] == course.getOutputEndTime()
    assert problem["StepNumber"] == course.getNumberOfSteps()
    assert method["Relative Tolerance"] == told[RELATIVE]
    assert method["Absolute Tolerance"] == told[ABSOLUTE]
    reader = Reader(experiment.model)
    kept = np.isin(np.round(table.index * reader.hour), np.round(experiment.mine.times))
    found = {name: np.array(table[name])[kept] * reader.unit[name] for name in reader.states}
    assert disagreements(found, experiment.mine, COPASI, "COPASI by SED-ML") == []
