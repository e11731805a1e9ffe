"""Inhibitors: rows, refusals, and that nothing moves without one."""

import csv
from importlib.resources import files

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.dose.drugs import ROUTES
from ketaqsp.errors import BadInput
from ketaqsp.parameters import sources
from ketaqsp.plasma import inhibitors

NASAL = kq.bolus("esketamine", mg=56, route="in")
ORAL = kq.bolus("ketamine", mg=50, route="po", days=[1])


def test_rows():
    text = files("ketaqsp.plasma").joinpath("inhibitors.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len({(row["inhibitor"], row["route"]) for row in rows}) == len(rows)
    for row in rows:
        assert None not in row and None not in row.values(), row
        assert row["route"] in ROUTES and row["source"] in sources() and row["note"]
        assert row["confidence"] in ("read", "recalled", "derived", "assumed")
        assert (row["confidence"] == "assumed") or row["auc_ratio"], row
        assert all(0.05 < float(row[symbol]) < 20 for symbol in inhibitors.FACTORS)


@pytest.mark.parametrize(
    ("regimen", "inhibitor", "says"),
    [
        (NASAL, "clarithromicin", ["did you mean 'clarithromycin'?", "Known: ticlopidine"]),
        (NASAL, 3, ["unknown inhibitor 3"]),
        (NASAL, "grapefruit_juice", ["route 'in'", "allowed: po"]),
        (NASAL + ORAL, "ticlopidine", ["'in'", "'po'", "one route in a run"]),
        (kq.infusion("midazolam", mg=3), "rifampicin", ["without ketamine"]),
        (kq.nothing(), "rifampicin", ["without ketamine"]),
    ],
)
def test_refusals(regimen, inhibitor, says):
    with pytest.raises(BadInput) as caught:
        kq.simulate(regimen, days=1, inhibitor=inhibitor)
    missing = [part for part in says if part not in str(caught.value)]
    assert not missing, f"{caught.value} does not say {missing}"


def test_routes_that_agree_may_be_mixed():
    out = kq.simulate(NASAL + ORAL, days=2, every="1 h", inhibitor="rifampicin")
    plain = kq.simulate(NASAL + ORAL, days=2, every="1 h")
    assert out["ketamine_venous"].max() < plain["ketamine_venous"].max()


def test_one_that_changes_nothing_changes_no_bit():
    more = {"days": 2, "every": "6 h"}
    plain = kq.simulate(ORAL, **more)
    same = kq.simulate(ORAL, inhibitor="itraconazole", **more)
    for name in plain.data_vars:
        assert np.array_equal(plain[name], same[name]), name
