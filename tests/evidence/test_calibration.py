"""The shipped numbers are those of the stored calibration, and a part of it comes out again."""

import csv
import hashlib
import json
import sys
from pathlib import Path

import pytest

from ketaqsp.parameters import rows
from tolerances import CALIBRATION_SHARE

FOLDER = Path(__file__).resolve().parents[2] / "calibration"
SHIPPED = FOLDER / "landscape-seed2.json"


@pytest.fixture(scope="module")
def stored():
    return json.loads(SHIPPED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def script():
    """calibration/courses.py as a module."""
    sys.path.insert(0, str(FOLDER))
    try:
        import courses

        yield courses
    finally:
        sys.path.remove(str(FOLDER))


def test_the_targets_are_those_of_the_stored_run(stored):
    assert (
        hashlib.sha256((FOLDER / "targets.csv").read_bytes()).hexdigest()
        == (stored["targets_sha256"])
    )


def test_the_tables_carry_the_result(stored):
    table = {r.symbol: r for r in rows() if r.role == "default"}
    for key, x in stored["parameters"].items():
        row = table[key.lstrip("~")]
        found = row.omega if key.startswith("~") else row.value
        assert found == pytest.approx(x, rel=0.005), key
        assert row.confidence == "fitted"


def test_the_other_seed_is_no_better(stored):
    other = json.loads((FOLDER / "landscape-seed1.json").read_text(encoding="utf-8"))
    assert stored["loss"] <= other["loss"]


def test_the_stored_figures_come_out_again(stored, script):
    """The same 300 patients, the same candidate, solved now."""
    found = script.figures([stored["parameters"]])[0]
    with open(FOLDER / "targets.csv", encoding="utf-8", newline="") as file:
        names = [row["target"] for row in csv.DictReader(file)]
    for name in names:
        assert found[name] == pytest.approx(stored["figures"][name], abs=CALIBRATION_SHARE), name
    assert script.loss(found, script.targets()) < 1.5 * stored["loss"]
