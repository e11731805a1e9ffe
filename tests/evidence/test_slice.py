"""The inverted U in a dish: a bath of 1 uM raises pyramidal activity, one of 10 uM lowers it.

The gain of pyramidal activity on its own block was set with these rows, so they are constraints
and not predictions; they show that the set-up still meets them.
"""

import csv
from pathlib import Path

import pytest

from ketaqsp.circuit import equations as circuit
from ketaqsp.patient.cohort import typical_values
from ketaqsp.receptor import equations as receptor

with open(Path(__file__).with_name("slice_observed.csv"), encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def block(pool, bath, p):
    """Steady block by a racemic bath (uM): S and R share the free sites."""
    ratio = 0.0
    for form in ("ketamine_s", "ketamine_r"):
        po, u, koff = p[f"po_{pool}"], p[f"u_{pool}"], p[f"koff_{form}"]
        on = receptor.association(koff, p[f"IC50_{form}"], bath / 2, po, u)
        ratio += on / receptor.dissociation(koff, po, p[f"kc_{form}"])
    return ratio / (1 + ratio)


def activity(bath, p):
    """Pyramidal activity (rest = 1) in a bath that has been there for some minutes."""
    drives = {
        cell: circuit.interneuron(block(cell, bath, p), p[f"w_{cell}"], 1.0)
        for cell in ("sst", "pv")
    }
    gains = [p[g] for g in ("g_sst", "g_pv", "g_pyr", "g_gaba")]
    own = block("pyramidal", bath, p)
    return circuit.pyramidal(drives["sst"], drives["pv"], own, 0.0, *gains, 1.0)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['uM']} uM")
def test_direction(row):
    change = activity(float(row["uM"]), typical_values()) - 1
    assert change * float(row["direction"]) > 0.02


def test_without_block_of_pyramidal_cells_there_is_no_fall():
    p = {**typical_values(), "g_pyr": 0.0}
    assert activity(10.0, p) > activity(1.0, p) > 1
