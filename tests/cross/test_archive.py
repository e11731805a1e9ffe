"""The other two formats: read back by the libraries of those who defined them, and run."""

import hashlib
import json
import subprocess
import zipfile

import antimony
import libcombine
import libsedml
import pytest
import roadrunner

from cross.referees import COMMAND, exported
from cross.sbml_reader import Reader
from ketaqsp.export.annotate import TABLE, identifiers
from ketaqsp.export.antimony import to_antimony
from tolerances import ROUNDING

OPTIONS = ("--dose", "0.5 mg/kg", "--duration", "40 min")
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


def test_it_says_what_made_it(files):
    made = json.loads(files["provenance.json"])
    for name, digest in made["files_sha256"].items():
        assert hashlib.sha256(files[name]).hexdigest() == digest
    assert set(made["files_sha256"]) == set(FILES) - {"manifest.xml", "provenance.json"}
    assert made["model"]["parameters_sha256"] and made["libraries"]["python-libsbml"]
    assert made["seed"] is None and made["patient"] == "typical"
    assert made["regimen"][0]["amount"] == 0.5 and made["parameters"]["W"] == 75


def test_equal_bytes(archive, tmp_path):
    again = write(
        tmp_path / "other name.omex", "--format", "omex", *"--until 2d --every 0.5h".split()
    )
    assert again.read_bytes() == archive.read_bytes()
    other = write(tmp_path / "drawn.omex", *"--format omex --patient 1 --seed 4".split())
    with zipfile.ZipFile(other) as opened:
        made = json.loads(opened.read("provenance.json"))
    assert (made["patient"], made["seed"], made["until_h"]) == (1, 4, 672)


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
    import numpy as np

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


def test_identifiers_are_there(one_infusion):
    import libsbml

    model = libsbml.readSBMLFromString(one_infusion.text).getModel()
    bare = [p.getId() for p in model.getListOfParameters() if not p.isSetSBOTerm()]
    assert bare == [] and model.isSetSBOTerm()
    assert all(rule.isSetSBOTerm() for rule in model.getListOfRules())

    def pointed(name):
        terms = model.getParameter(name).getCVTerms()
        return {t.getResourceURI(i) for t in terms for i in range(t.getNumResources())}

    assert pointed("bdnf") == {"https://identifiers.org/uniprot:P23560"}
    assert pointed("V1") == {"https://identifiers.org/doi:10.3389/fpain.2022.946486"}
    norketamine = "https://identifiers.org/inchikey:BEQZHFIKTBVCAU-UHFFFAOYSA-N"
    assert pointed("norketamine_s_central") == {norketamine}
    assert pointed("madrs") == set()


def test_every_row_of_the_identifiers_is_used():
    import csv

    from ketaqsp.chain import build
    from ketaqsp.plasma import LIGANDS

    model = build(LIGANDS, midazolam=True, ssri=True)
    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    used = {
        uri for name in (*model.states, *model.signals, "(model)") for _, uri in identifiers(name)
    }
    unused = [row for row in rows if not any(uri.endswith(row["identifier"]) for uri in used)]
    assert unused == [] and {row["confidence"] for row in rows} <= {"read", "recalled"}
