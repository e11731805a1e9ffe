"""Published acute effects against virtual patients: CADSS, circulation, anaesthesia, pain, CRPS.

A row that the model misses is a strict expected failure (acute_misses.csv) that names what was
observed, what is predicted and why. Rows that set a number (`calibrates`) prove nothing; they
show that it was set.
"""

import csv
from functools import cache
from pathlib import Path

import pytest

from evidence import acute_rows
from tolerances import QUOTED

TABLE = acute_rows.rows()
USES = ("calibrates", "tests")


def misses():
    with open(Path(__file__).with_name("acute_misses.csv"), encoding="utf-8", newline="") as file:
        return {cells["row"]: cells for cells in csv.DictReader(file)}


MISSES = misses()
predicted = cache(acute_rows.predicted)


def marked(row):
    if row.row not in MISSES:
        return pytest.param(row, id=row.row)
    miss = MISSES[row.row]
    reason = f"observed {row.observed} {row.unit}, predicted {miss['predicted']}: {miss['reason']}"
    return pytest.param(row, id=row.row, marks=pytest.mark.xfail(strict=True, reason=reason))


@pytest.mark.parametrize("row", [marked(row) for row in TABLE])
def test_row(row):
    assert row.low <= predicted(row) <= row.high


@pytest.mark.parametrize("name", MISSES)
def test_a_quoted_prediction_is_todays(name):
    (row,) = [row for row in TABLE if row.row == name]
    assert predicted(row) == pytest.approx(float(MISSES[name]["predicted"]), rel=QUOTED)


def test_more_drug_more_effect_and_slower_less():
    """Peaks rise with the dose at one rate of giving, and fall when a dose takes longer."""
    from evidence.acute_rows import curves

    by_dose = ["0.1", "0.2", "0.5", "1"]
    for signal in ("cadss", "sbp_change", "hr_change", "sedation_probability"):
        peaks = [
            curves("ketamine", f"{d} mg/kg over 40 min", "4")[1][signal].max(axis=0).mean()
            for d in by_dose
        ]
        assert peaks == sorted(peaks) and peaks[-1] > 1.3 * peaks[0], signal
        slow = [
            curves("ketamine", f"0.5 mg/kg over {m} min", "4")[1][signal].max(axis=0).mean()
            for m in (5, 40, 100)
        ]
        assert slow == sorted(slow, reverse=True) and slow[0] > slow[-1], signal


def test_pressure_has_no_tolerance_and_dissociation_has():
    """Six infusions: pressure rises as at the first (Riva-Posse 2018), CADSS less."""
    import ketaqsp as kq

    six = kq.infusion(mg_per_kg=0.5, minutes=40, days=[0, 2, 4, 7, 9, 11])
    ends = [24 * day + 40 / 60 for day in (0, 11)]
    out = kq.simulate(six, acute_rows.people(), days=12, every="1 d", extra_times=ends)
    peaks = out[["cadss", "sbp_change"]].sel(time=ends, method="nearest").mean("patient")
    first, last = (peaks.isel(time=i) for i in (0, 1))
    assert float(last["sbp_change"] / first["sbp_change"]) == pytest.approx(1, abs=0.05)
    assert 0.5 < float(last["cadss"] / first["cadss"]) < 0.95


def test_midazolam_sedates_and_does_not_dissociate():
    import ketaqsp as kq

    drugs = ("midazolam", "saline")
    out = {
        drug: kq.simulate(
            kq.infusion(drug, **({} if drug == "saline" else {"mg_per_kg": 0.045})),
            acute_rows.people(),
            days=0.25,
            every="10 min",
            wanted=("sedation_probability", "cadss", "unresponsive_probability"),
        ).max("time")
        for drug in drugs
    }
    assert 0.1 < out["midazolam"]["sedation_probability"].mean() < 0.9
    assert float(out["saline"]["sedation_probability"].max()) == 0
    assert float(out["midazolam"]["cadss"].max()) == 0


def test_the_table_is_complete():
    with open(acute_rows.TABLE, encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    names = [c["row"] for c in cells]
    assert len(set(names)) == len(names) and set(MISSES) <= set(names)
    for c in cells:
        assert None not in c and None not in c.values(), c
        assert c["source"] and c["observed"] and c["unit"] and c["effect"], c["row"]
        assert c["use"] in USES and c["confidence"] in ("read", "recalled"), c["row"]
        assert float(c["low"]) < float(c["high"]), c["row"]
        assert c["statistic"] in acute_rows.STATISTICS, c["row"]


def test_print_observed_beside_predicted(capsys):
    with capsys.disabled():
        print(f"\n{'acute effects':24} {'observed':32} {'predicted':>9} unit")
        for row in TABLE:
            inside = "" if row.low <= predicted(row) <= row.high else "  outside"
            value = f"{predicted(row):9.3g}"
            print(f"{row.row:24} {row.observed[:32]:32} {value} {row.unit}{inside}")
    assert all(predicted(row) == predicted(row) for row in TABLE)


def test_the_figure_is_of_today():
    """docs/figures/acute.png holds the means that it was drawn from."""
    import json

    from PIL import Image

    from ketaqsp.view.acute_figure import acute_curves, peaks

    path = Path(__file__).resolve().parents[2] / "docs" / "figures" / "acute.png"
    with Image.open(path) as image:
        drawn = json.loads(image.text["Description"])
    assert drawn == pytest.approx(peaks(acute_curves()), rel=QUOTED)
