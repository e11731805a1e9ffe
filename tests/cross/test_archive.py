"""The other two formats: read back by the libraries of those who defined them, and run."""

import hashlib
import json
import subprocess
import zipfile
from importlib.metadata import version

import antimony
import libcombine
import libsbml
import libsedml
import numpy as np
import pytest
import roadrunner

import ketaqsp
from cross.referees import COMMAND, exported
from cross.sbml_reader import Reader
from ketaqsp.export.antimony import to_antimony
from ketaqsp.trial.identity import identity
from tolerances import ROUNDING

OPTIONS = ("--dose", "0.5 mg/kg", "--duration", "40 min")
DRAWN = "--format omex --patient 0 --seed 4"
FILES = ["manifest.xml", "model.xml", "simulation.sedml", "metadata.rdf", "provenance.json"]


def write(path, *options):
    done = subprocess.run(
        [COMMAND, "export", "--out", path, *OPTIONS, *options], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("omex") / "one.omex"
    return write(path, "--format", "omex", "--until", "2 d", "--every", "30 min")


@pytest.fixture(scope="module")
def files(archive):
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def test_libcombine_reads_the_archive(archive, files):
    read = libcombine.CombineArchive()
    assert read.initializeFromArchive(str(archive))
    assert read.getMasterFile().getLocation() == "./simulation.sedml"
    places = {read.getEntry(i).getLocation() for i in range(read.getNumEntries())}
    assert {"./model.xml", "./simulation.sedml", "./provenance.json"} <= places
    assert list(files) == FILES
    assert read.getMetadataForLocation(".").getDescription() or b"dc:description" in files[FILES[3]]


def test_libsedml_finds_nothing_wrong(files, one_infusion):
    document = libsedml.readSedMLFromString(files["simulation.sedml"].decode())
    assert document.getNumErrors() == 0
    assert (document.getLevel(), document.getVersion()) == (1, 4)
    assert document.getModel(0).getSource() == "model.xml"
    course = document.getSimulation(0)
    assert course.getOutputEndTime() == 48 and course.getNumberOfSteps() == 96
    labels = {
        document.getOutput(0).getDataSet(i).getLabel()
        for i in range(document.getOutput(0).getNumDataSets())
    }
    assert {"time", "madrs", *one_infusion.states} <= labels
    # Every curve that is asked for is in the model.
    known = set(Reader(files["model.xml"].decode()).unit)
    assert labels - {"time"} <= known


def test_copasi_opens_the_archive_itself(archive, one_infusion):
    """A program that is no library of the format's authors, on the file as it is."""
    import COPASI

    ode = COPASI.CModelEntity.Status_ODE
    model = COPASI.CRootContainer.addDatamodel()
    try:
        assert model.openCombineArchive(str(archive))
        values = [
            model.getModel().getModelValue(i) for i in range(model.getModel().getNumModelValues())
        ]
        found = [v.getObjectName() for v in values if v.getStatus() == ode]
    finally:
        COPASI.CRootContainer.removeDatamodel(model)
    assert len(found) == len(one_infusion.states)


def test_it_says_what_made_it(files):
    made = json.loads(files["provenance.json"])
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    hashed = set(FILES) - {"manifest.xml", "provenance.json"}
    assert made["files_sha256"] == {name: digests[name] for name in hashed}
    known = identity()
    assert made["model"] == {
        "version": version("ketaqsp"),
        "parameters_sha256": known["parameters_sha256"],
        "equations_sha256": known["equations_sha256"],
    }
    assert made["libraries"] == {
        name: version(name) for name in ("numpy", "sympy", "python-libsbml")
    }
    assert made["seed"] is None and made["patient"] == "typical"
    assert made["regimen"][0]["amount"] == 0.5 and made["parameters"]["W"] == 75


@pytest.fixture(scope="module")
def drawn_archive(tmp_path_factory):
    return write(tmp_path_factory.mktemp("omex") / "drawn.omex", *DRAWN.split())


def test_a_drawn_patient_is_the_one_of_the_seed(drawn_archive):
    """Patient 0 of seed 4: what provenance says, what the model holds, and what is drawn here."""
    with zipfile.ZipFile(drawn_archive) as opened:
        made = json.loads(opened.read("provenance.json"))
        text = opened.read("model.xml").decode()
    assert (made["patient"], made["seed"], made["until_h"]) == (0, 4, 672)
    people = ketaqsp.cohort(made["population"], n=1, seed=4)
    document = libsbml.readSBMLFromString(text)
    for name, value in made["parameters"].items():
        mine = float(np.ravel(people.parameters[name])[0])
        assert value == mine, name
        written = document.getModel().getParameter(name).getValue()  # 15 digits
        assert written == pytest.approx(mine, rel=ROUNDING, abs=0), name
    assert made["parameters"]["W"] != 75


def test_equal_bytes(archive, drawn_archive, tmp_path):
    again = write(
        tmp_path / "other name.omex", "--format", "omex", *"--until 2d --every 0.5h".split()
    )
    assert again.read_bytes() == archive.read_bytes()
    assert write(tmp_path / "again.omex", *DRAWN.split()).read_bytes() == drawn_archive.read_bytes()
    other = write(tmp_path / "other.omex", *DRAWN.replace("4", "5").split())
    assert other.read_bytes() != drawn_archive.read_bytes()


def test_antimony_says_the_same(one_infusion, tmp_path):
    """Its text, read by its own library and written as SBML, gives the curves of the model."""
    text = exported(tmp_path / "one.ant", *OPTIONS, form="antimony")
    assert text == to_antimony(one_infusion.text)
    antimony.clearPreviousLoads()
    assert antimony.loadAntimonyString(text) > 0, antimony.getLastError()
    mine = one_infusion.mine.until(24)
    back = antimony.getSBMLString("ketaqsp")
    model = roadrunner.RoadRunner(back)
    first = roadrunner.RoadRunner(one_infusion.text)
    assert model.getRateRuleIds() == first.getRateRuleIds()
    for name in first.model.getGlobalParameterIds():
        a, b = model.getValue(name), first.getValue(name)
        assert a == pytest.approx(b, rel=ROUNDING, abs=0), name
    assert engine_curves(back, mine) == []
    assert engine_curves(back.replace('value="33"', 'value="33.1"'), mine)


def engine_curves(text, mine):
    """Problems of Antimony's SBML against ours; its notes and units are its own."""
    from cross.referees import SMALL, disagreements
    from tolerances import ROADRUNNER

    engine = roadrunner.RoadRunner(text)
    engine.integrator.setValue("relative_tolerance", 1e-9)
    engine.integrator.setValue("absolute_tolerance", [SMALL] * len(engine.getRateRuleIds()))
    some = mine.only(["madrs", "glutamate", "spine_density"])
    engine.timeCourseSelections = list(some.values)
    table = np.array(engine.simulate(times=list(some.times / 3600)))
    found = dict(zip(some.values, table.T, strict=True))
    return disagreements(found, some, ROADRUNNER, "Antimony by libRoadRunner")
