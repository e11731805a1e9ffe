"""Drugs, quantities, regimens and schedules: right values, and a lesson in every refusal."""

import csv
import re
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest

from ketaqsp.dose import Dose, Regimen, bolus, infusion, nothing, oral
from ketaqsp.dose.drugs import drug, table
from ketaqsp.dose.quantity import parse_amount, parse_days, parse_time
from ketaqsp.dose.schedule import schedule
from ketaqsp.errors import BadInput, KetaqspError, MachineError, SolveFailure, nearest, unknown

ATOMIC_WEIGHT = {"C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999, "F": 18.998, "Cl": 35.453}


def rows(name):
    text = files("ketaqsp.dose").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_exit_status_of_each_error():
    statuses = [kind.exit_status for kind in (KetaqspError, BadInput, SolveFailure, MachineError)]
    assert statuses == [1, 2, 3, 4]
    assert all(issubclass(kind, KetaqspError) for kind in (BadInput, SolveFailure, MachineError))


def test_unknown_names_the_nearest_and_all():
    error = unknown("drug", "ketmine", ["ketamine", "midazolam"])
    assert str(error) == (
        "unknown drug 'ketmine'; did you mean 'ketamine'? Known: ketamine, midazolam."
    )
    assert nearest("KETAMINE", ["ketamine"]) == "ketamine"
    assert nearest("zzz", ["ketamine"]) is None
    assert "did you mean" not in str(unknown("drug", "zzz", ["ketamine"]))


@pytest.mark.parametrize(
    "row", [r for r in rows("drugs.csv") if r["formula"]], ids=lambda r: r["drug"]
)
def test_molar_mass_follows_from_the_formula(row):
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", row["formula"])
    mass = sum(ATOMIC_WEIGHT[element] * int(count or 1) for element, count in parts)
    assert float(row["molar_mass"]) == pytest.approx(mass, abs=0.05)


def test_rows_of_the_drug_table():
    keys = {row["key"] for row in rows("sources.csv")}
    for row in rows("drugs.csv"):
        assert None not in row and None not in row.values(), f"{row['drug']}: commas"
        assert {key for key in row["source"].split(";") if key} <= keys
    for entry in table().values():
        if entry.takes_dose:
            assert sum(fraction for _, fraction in entry.analytes) == 1.0
            assert entry.max_mg == pytest.approx(100 * entry.max_mg_per_kg)
            assert 0 < entry.min_mg < entry.max_mg and entry.reason
            assert (entry.max_mg_per_kg_h is None) == (entry.routes == ("po",))
    assert drug("ketamine").analytes == (("ketamine_s", 0.5), ("ketamine_r", 0.5))
    assert [name for name, entry in table().items() if not entry.takes_dose] == ["saline", "none"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5 mg/kg", (0.5, "mg/kg")),
        ("35mg", (35.0, "mg")),
        (" .5 MG / KG ", (0.5, "mg/kg")),
        ("1e1 mg", (10.0, "mg")),
    ],
)
def test_amounts(text, value):
    assert parse_amount(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40 min", 0.666666667),
        ("28 d", 672.0),
        ("24 h", 24.0),
        ("7 days", 168.0),
        ("2 weeks", 336.0),
        ("90 s", 0.025),
        ("0 h", 0.0),
    ],
)
def test_times(text, value):
    assert parse_time(text) == value


@pytest.mark.parametrize(
    "days", ["0,3,7", " 0, 3 ,7.0", [0, 3, 7], np.array([0, 3, 7]), (0, 3.0, 7)]
)
def test_days(days):
    assert parse_days(days) == (0.0, 3.0, 7.0)


STEADY = tuple(Dose("ketamine", "im", mg, "mg", ss=1, ii_h=24.0) for mg in (10, 20))
BAD = [
    # call, what the message must say
    (lambda: parse_amount("0.5"), ["'0.5'", "no unit", "mg, mg/kg", "'0.5 mg/kg'"]),
    (lambda: parse_amount(0.5), ["0.5", "without a unit", "mg, mg/kg"]),
    (lambda: parse_amount(None), ["None", "not text"]),
    (lambda: parse_amount("mg"), ["'mg'", "not a number and a unit"]),
    (lambda: parse_amount("infusion"), ["'infusion'", "not a number and a unit"]),
    (lambda: parse_amount("1.2.3 mg"), ["'1.2.3 mg'", "not a number and a unit"]),
    (lambda: parse_amount("0,5 mg"), ["'0,5 mg'", "decimal point"]),
    (lambda: parse_amount("-1 mg"), ["-1 mg", "above 0"]),
    (lambda: parse_amount("0 mg"), ["0 mg", "above 0", "'drug: saline'"]),
    (lambda: parse_amount("nan mg"), ["nan mg", "not finite"]),
    (lambda: parse_amount("inf mg/kg"), ["inf mg/kg", "not finite"]),
    (lambda: parse_amount("5 mgkg"), ["'5 mgkg'", "did you mean 'mg/kg'?"]),
    (lambda: parse_amount("5 g"), ["'g'", "Known: mg, mg/kg"]),
    (lambda: parse_time("40"), ["'40'", "no unit", "'40 min'"]),
    (lambda: parse_time("-4 h"), ["-4 h", "from 0 to 87600 h"]),
    (lambda: parse_time("nan h"), ["nan h", "not finite"]),
    (lambda: parse_time("11 years"), ["'11 years'", "no fixed length", "'28 d'"]),
    (lambda: parse_time("9999 weeks"), ["out of range", "'9999 weeks'"]),
    (lambda: parse_time("4 housr"), ["'housr'", "did you mean 'hours'?"]),
    (lambda: parse_days("0,3,3"), ["day 3 is repeated", "'0,3,7'"]),
    (lambda: parse_days("7,3"), ["day 3 comes after day 7", "'0,3,7'"]),
    (lambda: parse_days("0 3"), ["'0 3'", "not a number of days"]),
    (lambda: parse_days([-1]), ["-1 d", "from 0 to 3650 d"]),
    (lambda: parse_days([]), ["empty", "one day or more"]),
    (lambda: parse_days(None), ["None", "not a list of days"]),
    (lambda: parse_days([float("nan")]), ["nan d", "not finite"]),
    (lambda: parse_days([10**400]), ["not finite"]),
    (lambda: infusion(mg_per_kg=70), ["70 mg/kg", "15 mg/kg", "looks like mg", "'dose: 70 mg'"]),
    (lambda: infusion(mg=0.5), ["0.5 mg", "1 to 1500 mg", "looks like mg/kg", "'dose: 0.5 mg/kg'"]),
    (lambda: infusion("midazolam", mg_per_kg=3), ["3 mg/kg", "'dose: 3 mg'"]),
    (lambda: infusion(mg=5000), ["5000 mg", "1500 mg", "at most"]),
    (lambda: infusion(mg=1500, minutes=1), ["over 1 min", "mg/h", "bolus"]),
    (lambda: infusion("ketmine", mg=35), ["'ketmine'", "did you mean 'ketamine'?"]),
    (lambda: infusion(), ["no amount", "exactly one"]),
    (lambda: infusion(mg=35, mg_per_kg=0.5), ["both", "exactly one"]),
    (lambda: infusion(mg="35 mg"), ["'35 mg'", "not a number"]),
    (lambda: infusion(mg=True), ["True", "not a number"]),
    (lambda: infusion(mg=-35), ["-35 mg", "out of range"]),
    (lambda: infusion(mg=35, minutes=0), ["0 min", "bolus"]),
    (lambda: infusion(mg=35, minutes="40 min"), ["'40 min'", "not a number"]),
    (lambda: infusion("saline", mg=35), ["saline takes no dose", "nothing()"]),
    (lambda: bolus("memantine", mg=20, route="in"), ["intranasal", "not available", "'route: po'"]),
    (lambda: bolus(mg=35, route="ivv"), ["'ivv'", "did you mean 'iv'?"]),
    (lambda: oral("lanicemine", mg=50, days=0), ["by mouth", "iv (intravenous)"]),
    (lambda: infusion(mg=35, route="im"), ["into a muscle", "0.666667 h", "iv or sc", "bolus("]),
    (lambda: infusion(mg=35, route="po_er"), ["extended release", "at once", "0 h"]),
    (lambda: bolus(mg=35, route="nasal"), ["'nasal'", "did you mean 'in'?"]),
    (lambda: Dose("ketamine", "im", 35, "mg", ss=3, ii_h=24), ["ss 3", "0 (none)", "2 (steady"]),
    (lambda: Dose("ketamine", "im", 35, "mg", ss=1), ["ii_h 0 h", "0.25 to 1008 h", "hours"]),
    (lambda: Dose("ketamine", "im", 35, "mg", ii_h=24), ["ii_h 24 h", "only with ss"]),
    (lambda: Dose("ketamine", "im", 35, "mg", lag_h=49), ["lag of ketamine 49 h", "0 to 48 h"]),
    (lambda: Regimen((), resets=(-1,)), ["reset -1 h", "from 0"]),
    (lambda: Regimen(STEADY), ["2 doses with ss 1 at 0 h", "ss 2"]),
    (lambda: infusion("memantine", mg=20), ["'iv'", "po (by mouth)"]),
    (lambda: Dose("memantine", "po", 20, "mg", 0, 1), ["1 h", "at once", "oral("]),
    (lambda: Dose("ketamine", "iv", 35, "mg", 0, 1e-12), ["shorter than a second", "bolus"]),
    (lambda: Dose("ketamine", "iv", 35, "mgs"), ["'mgs'", "did you mean 'mg'?"]),
    (lambda: Dose("ketamine", "iv", 35, "mg", -1), ["-1 h", "from 0"]),
    (lambda: infusion(mg=35).scale(0), ["factor 0", "above 0", "nothing()"]),
    (lambda: infusion(mg=35).scale(1000), ["35000 mg", "1500 mg"]),
    (lambda: infusion(mg=35).shift(-5), ["-5 h", "from 0"]),
    (lambda: Regimen((35,)), ["35", "infusion("]),
    (lambda: schedule(nothing(), [70, -1]), ["patient 1", "-1 kg", "10 to 400 kg"]),
    (lambda: schedule(nothing(), [float("nan")]), ["nan kg", "10 to 400 kg"]),
    (lambda: schedule(nothing(), [[70]]), ["(1, 1)", "list of n"]),
    (lambda: schedule(nothing(), "heavy"), ["'heavy'", "not numbers"]),
    (lambda: schedule([nothing()], [70, 80]), ["1 regimens for 2 weights"]),
    (lambda: schedule([35], [70]), ["patient 0", "35"]),
    (lambda: schedule(35, [70]), ["35", "infusion("]),
    (lambda: schedule(nothing(), [70]).total("ketamin_s"), ["did you mean 'ketamine_s'?"]),
]


@pytest.mark.parametrize(("call", "says"), BAD, ids=[str(k) for k in range(len(BAD))])
def test_bad_input_teaches(call, says):
    with pytest.raises(BadInput) as caught:
        call()
    missing = [part for part in says if part not in str(caught.value)]
    assert not missing, f"{caught.value} does not say {missing}"


def test_regimens_are_sorted_and_add():
    one = infusion(mg_per_kg=0.5, days=[7]) + oral("oral_antidepressant", mg=20, days=range(2))
    assert [dose.start_h for dose in one.doses] == [0.0, 24.0, 168.0]
    assert one.drugs == ("ketamine", "oral_antidepressant")
    assert one.last_h == 168.666666667
    assert one == oral("oral_antidepressant", mg=20, days="0,1") + infusion(mg_per_kg=0.5, days=7)
    assert one + nothing() == one
    assert one.shift(24).doses[0].start_h == 24.0


def test_saline_is_nothing():
    assert infusion("saline") == bolus("none", days=[0, 3]) == nothing()
    assert nothing().last_h == 0.0 and nothing().drugs == ()
    plan = schedule(nothing(), [70, 80])
    assert plan.edges_h.tolist() == [0.0] and plan.analytes == ()
    assert plan.total("ketamine_s").tolist() == [0.0, 0.0]


def test_an_infusion_of_days_counts_by_the_day():
    days = infusion(mg_per_kg=57.6, minutes=96 * 60)  # 0.6 mg/kg/h, as has been given
    assert days.doses[0].amount == 57.6
    with pytest.raises(BadInput, match="looks like mg"):
        infusion(mg_per_kg=57.6, minutes=40)


def test_schedule_of_one_infusion():
    plan = schedule(infusion(mg_per_kg=0.5), [70.0, 100.0])
    assert plan.edges_h.tolist() == [0.0, 0.666666667]
    assert plan.analytes == ("ketamine_r", "ketamine_s")
    # 35 mg / 237.7 g/mol = 147.24 umol, half of it S.
    assert plan.total("ketamine_s") == pytest.approx([73.622, 105.174], rel=1e-4)
    assert plan.rate["ketamine_s"][0, 0] == pytest.approx(73.622 * 1.5, rel=1e-4)
    assert plan.rate["ketamine_s"][-1].tolist() == [0.0, 0.0]
    assert not plan.bolus["ketamine_s"].any() and plan.inputs == plan.analytes


def test_schedule_of_overlap_bolus_and_depot():
    mixed = (
        infusion(mg=30, minutes=60)
        + infusion(mg=30, minutes=60).shift(0.5)
        + bolus("midazolam", mg=3, days=[1])
        + oral("memantine", mg=20, days=[1])
    )
    plan = schedule([mixed, nothing()], [70, 70])
    assert plan.edges_h.tolist() == [0.0, 0.5, 1.0, 1.5, 24.0]
    rate = plan.rate["ketamine_r"]
    assert rate[:, 0] == pytest.approx(np.array([1, 2, 1, 0, 0]) * 15 / 237.7 * 1e3)
    assert not rate[:, 1].any()
    assert plan.bolus["midazolam"][4] == pytest.approx([3 / 325.8 * 1e3, 0])
    assert plan.bolus["memantine_oral"][4] == pytest.approx([20 / 179.3 * 1e3, 0])
    assert "memantine" not in plan.bolus and plan.of["memantine_oral"] == "memantine"
    with pytest.raises(ValueError, match="read-only"):
        rate[0, 0] = 1.0


def test_equal_times_written_differently_are_one_edge():
    both = infusion(mg=30, minutes=40) + bolus(mg=3).shift(2 / 3) + bolus(mg=3).shift(0.1 + 0.2)
    assert schedule(both, 70).edges_h.tolist() == [0.0, 0.3, 0.666666667]
    # 0.1 h + 12 min is 0.30000000000000004 h in floats.
    follows = infusion(mg=30, minutes=12).shift(0.1) + infusion(mg=30).shift(0.3)
    assert schedule(follows, 70).edges_h.tolist() == [0.0, 0.1, 0.3, 0.966666667]


def test_regimens_do_not_load_numpy():
    program = "import sys, ketaqsp.dose as d; d.infusion(mg=35); print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stderr
