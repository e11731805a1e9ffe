"""Every option of the command line that changes the file: no error, no warning, names and terms."""

import libsbml
import pytest

from cross.referees import complaints
from cross.sbml_reader import CORE, MATHML, parsed
from ketaqsp.chain.cuts import CUTS, SCENARIOS
from ketaqsp.cli import main
from ketaqsp.dose.drugs import table
from ketaqsp.parameters.table import published_names
from ketaqsp.patient import PRESETS

GIVEN = "--dose 10mg --days 0,2"
KETAMINE = f"{GIVEN} --duration 40min"
# The enantiomers alone share the routes and the equations of ketamine.
ROUTES = {name: drug.routes for name, drug in table().items()}
ROUTES |= {"esketamine": ("in",), "arketamine": ("iv",)}
CASES = (
    *(f"--drug {drug} --route {route} {GIVEN}" for drug in ROUTES for route in ROUTES[drug]),
    "--drug saline",
    "--drug none",
    f"{GIVEN} --duration 0min",
    *(f"{KETAMINE} --pk {name}" for name in published_names()),
    *(f"{KETAMINE} --scenario {name}" for name in SCENARIOS),
    *(f"{KETAMINE} --preset {name} --patient 1 --seed 3" for name in PRESETS),
    f"{KETAMINE} " + " ".join(f"--cut {name}" for name in CUTS),
    f"{KETAMINE} --inhibitor ticlopidine",
    "--route po --dose 50mg --inhibitor clarithromycin --days 0,1",
)


@pytest.mark.parametrize("options", CASES)
def test_nothing_to_complain_of(options, tmp_path, capsys):
    path = tmp_path / "file.xml"
    assert main(["export", "--out", str(path), *options.split()]) == 0, capsys.readouterr().err
    text = path.read_text(encoding="utf-8")
    assert complaints(text) == []
    _, model = parsed(text)
    assert {n.get(f"{CORE}units") for n in model.iter(f"{MATHML}cn")} == {"dimensionless"}
    document = libsbml.readSBMLFromString(text)  # its parts live as long as it does
    parameters = document.getModel().getListOfParameters()
    assert [p.getId() for p in parameters if not (p.isSetUnits() and p.isSetSBOTerm())] == []
