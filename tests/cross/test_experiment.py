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
from ketaqsp.dose import bolus, infusion
from ketaqsp.dose.schedule import schedule
from ketaqsp.export import to_sbml
from ketaqsp.export.sedml import ATOL, RTOL
from ketaqsp.patient import typical
from ketaqsp.patient.simulate import model_for
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


def test_libroadrunner_cannot_without_the_trickle(experiment):
    """It is needed: without it the second dose stops the run."""
    document = libsbml.readSBMLFromString(experiment.model)
    model = document.getModel()
    trickles = [p for p in model.getListOfParameters() if p.getId().startswith("trickle_")]
    assert len(trickles) == 3
    for parameter in trickles:
        assert parameter.getConstant() and 0 < parameter.getValue() <= 1e-20
        parameter.setValue(0.0)
    if model.getNumEvents() == 1:
        return
    bare = Experiment(**{**vars(experiment), "model": libsbml.writeSBMLToString(document)})
    told = experiment.tolerances
    with pytest.raises(RuntimeError, match="CV_CONV_FAILURE"):
        by_roadrunner(bare, told[RELATIVE], told[ABSOLUTE])


SCHEDULES = {
    "once": infusion(mg_per_kg=0.5, minutes=40),
    "every six hours": infusion(mg_per_kg=0.5, minutes=40, days=[0, 0.25, 0.5]),
    "daily": infusion(mg_per_kg=0.5, minutes=40, days=[0, 1, 2, 3]),
    "weekly": infusion(mg_per_kg=0.5, minutes=40, days=[0, 7, 14]),
    "pushed": infusion(mg_per_kg=0.5, minutes=2, days=[0, 3, 10]),
    "slow": infusion(mg_per_kg=0.5, minutes=600, days=[0, 3, 10]),
    "swallowed": bolus("ketamine", mg=35, route="po", days=[0, 1, 5, 25]),
    "midazolam between": bolus("midazolam", mg=5, days=[0, 40])
    + infusion(mg_per_kg=0.5, minutes=40, days=[2, 30]),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("tolerances", [(RTOL, ATOL), (1e-6, 1e-12), (1e-8, 1e-12)])
def test_eight_weeks_of_any_schedule(name, tolerances):
    """Long after the last dose states are smallest: most of these stopped there before."""
    import roadrunner

    regimen, patient = SCHEDULES[name], typical()
    given = schedule(regimen, patient.weight())
    engine = roadrunner.RoadRunner(to_sbml(model_for(regimen), patient.parameters, given))
    for setting, value in zip(("relative", "absolute"), tolerances, strict=True):
        engine.integrator.setValue(f"{setting}_tolerance", value)
    engine.timeCourseSelections = ["madrs"]
    table = np.array(engine.simulate(0, 1344, 1345))
    assert np.isfinite(table).all()


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
