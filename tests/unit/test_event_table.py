"""Event tables: what is read, and that a refusal names file, row, column and remedy."""

from dataclasses import replace

import pytest

from ketaqsp.dose import Dose, Regimen, bolus, infusion, nothing, oral
from ketaqsp.dose.event_table import COLUMNS, read_events, write_events
from ketaqsp.errors import BadInput

HEADER = "ID,TIME,EVID,AMT,RATE,II,ADDL,SS,CMT,DRUG,ROUTE,AMT_UNIT"
GOOD = "1,0,1,35,52.5,0,0,0,2,ketamine,iv,mg"


def written(folder, *lines):
    path = folder / "events.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_table_of_three_patients(tmp_path):
    path = written(
        tmp_path,
        HEADER + ",WT",
        "1,0,0,.,.,.,.,.,.,.,.,.,70",
        "1,0,1,0.5,0.75,72,2,0,2,ketamine,iv,mg/kg,70",
        "1,1,0,0,0,0,0,0,2,ketamine,iv,mg/kg,70",
        "2,0,0,0,0,0,0,0,.,.,.,.,80",
        "7,24,1,20,0,24,6,0,1,oral_antidepressant,po,.,60",
    )
    assert read_events(path) == {
        1: infusion(mg_per_kg=0.5, days=[0, 3, 6]),
        2: nothing(),
        7: oral("oral_antidepressant", mg=20, days=range(1, 8)),
    }


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("DRUG,AMT,EVID,TIME,ID,ROUTE", "ketamine,35,1,0,1,iv"),
        ("ID,TIME,EVID,AMT,DRUG,CMT", "1,0,1,35,ketamine,central"),
        ("\ufeffID, TIME, EVID, AMT, DRUG, ROUTE", "1, 0, 1, 35, ketamine, iv"),
        ("ID,TIME,EVID,AMT,DRUG,ROUTE,CMT", "1.0,0,1,35,ketamine,iv,1"),
        ("ID,TIME,EVID,AMT,DRUG,ROUTE,RACE,DV", "1,0,1,35,ketamine,iv,2,."),
    ],
)
def test_columns_that_may_be_left_out_or_moved(tmp_path, header, row):
    assert read_events(written(tmp_path, header, row)) == {1: bolus(mg=35)}


def test_resets_and_steady_states(tmp_path):
    """What NONMEM says: a reset or SS 1 ends what is pending, and a dose in the row above it."""
    path = written(
        tmp_path,
        "ID,TIME,EVID,AMT,RATE,II,ADDL,SS,DRUG,ROUTE,DUR,LAG",
        "1,0,1,20,0,12.5,9,2,oral_antidepressant,po,0,0.5",
        "1,30,1,35,0,0,0,0,ketamine,iv,0.5,0",
        "1,30,4,10,0,0,0,0,ketamine,im,0,0",
        "1,40,2,0,0,0,0,0,.,.,0,0",
        "1,50,1,30,0,48,1,1,ketamine,sc,1,0",
        "1,60,3,0,0,0,0,0,.,.,0,0",
    )
    oral_dose = Dose("oral_antidepressant", "po", 20, "mg", lag_h=0.5)
    assert read_events(path)[1] == Regimen(
        (
            replace(oral_dose, ss=2, ii_h=12.5),
            replace(oral_dose, start_h=12.5),
            replace(oral_dose, start_h=25.0),
            Dose("ketamine", "im", 10, "mg", 30.0),
            Dose("ketamine", "sc", 30, "mg", 50.0, 1.0, ss=1, ii_h=48.0),
        ),
        resets=(30.0, 60.0),
    )


def test_two_doses_that_clear_each_other(tmp_path):
    line = "1,0,1,35,0,24,0,1,1,ketamine,im,mg"
    with pytest.raises(BadInput, match="row 3, column SS.*write SS 2"):
        read_events(written(tmp_path, HEADER, line, line))


def test_how_long_is_said_once(tmp_path):
    row = "1,0,1,35,35,0,0,0,2,ketamine,iv,mg,1"
    with pytest.raises(BadInput, match="row 2, column DUR: 1.0 and RATE 35 both"):
        read_events(written(tmp_path, HEADER + ",DUR", row))
    slow = "1,0,1,35,0,0,0,0,1,ketamine,im,mg,1"
    with pytest.raises(BadInput, match="row 2, column DUR: .*into a muscle"):
        read_events(written(tmp_path, HEADER + ",DUR", slow))


BAD_ROWS = [
    # row, column, what the message must say
    ("x,0,1,35,0,0,0,0,2,ketamine,iv,mg", "ID", ["'x'", "not a number"]),
    (",0,1,35,0,0,0,0,2,ketamine,iv,mg", "ID", ["missing"]),
    ("1.5,0,1,35,0,0,0,0,2,ketamine,iv,mg", "ID", ["1.5", "not whole"]),
    ("1,-1,1,35,0,0,0,0,2,ketamine,iv,mg", "TIME", ["-1 h", "from 0 to 87600 h"]),
    ("1,nan,1,35,0,0,0,0,2,ketamine,iv,mg", "TIME", ["nan", "not finite"]),
    ("1,.,1,35,0,0,0,0,2,ketamine,iv,mg", "TIME", ["missing"]),
    ("1,0,2,35,0,0,0,0,2,ketamine,iv,mg", "AMT", ["35", "EVID 2", "EVID 1"]),
    ("1,0,3,35,0,0,0,0,2,ketamine,iv,mg", "AMT", ["35", "reset", "EVID 1"]),
    ("1,0,4,0,0,0,0,0,2,ketamine,iv,mg", "AMT", ["0 mg", "saline"]),
    ("1,0,5,35,0,0,0,0,2,ketamine,iv,mg", "EVID", ["5", "out of range"]),
    ("1,0,.,35,0,0,0,0,2,ketamine,iv,mg", "EVID", ["missing"]),
    ("1,0,1,much,0,0,0,0,2,ketamine,iv,mg", "AMT", ["'much'", "not a number"]),
    ("1,0,1,-35,0,0,0,0,2,ketamine,iv,mg", "AMT", ["-35", "out of range"]),
    ("1,0,1,0,0,0,0,0,2,ketamine,iv,mg", "AMT", ["0 mg", "saline"]),
    ("1,0,0,35,0,0,0,0,2,ketamine,iv,mg", "AMT", ["35", "EVID 1"]),
    ("1,0,1,70,0,0,0,0,2,ketamine,iv,mg/kg", "AMT", ["70 mg/kg", "'dose: 70 mg'"]),
    ("1,0,1,0.5,0,0,0,0,2,ketamine,iv,mg", "AMT", ["0.5 mg", "'dose: 0.5 mg/kg'"]),
    ("1,0,1,35,-2,0,0,0,2,ketamine,iv,mg", "RATE", ["'-2'", "D1", "column DUR"]),
    ("1,0,1,35,-1,0,0,0,2,ketamine,iv,mg", "RATE", ["'-1'", "R1", "column DUR"]),
    ("1,0,1,35,-7,0,0,0,2,ketamine,iv,mg", "RATE", ["'-7'", "not read", "AMT per hour"]),
    ("1,0,1,35,35,0,0,0,1,ketamine,im,mg", "RATE", ["into a muscle", "0 h"]),
    ("1,0,1,35,inf,0,0,0,2,ketamine,iv,mg", "RATE", ["inf", "not finite"]),
    ("1,0,1,35,1e9,0,0,0,2,ketamine,iv,mg", "RATE", ["shorter than a second"]),
    ("1,0,1,35,0.01,0,0,0,2,ketamine,iv,mg", "RATE", ["3500 h", "336 h"]),
    ("1,0,1,35,0,0,3,0,2,ketamine,iv,mg", "II", ["ADDL 3", "hours between"]),
    ("1,0,1,35,0,24,0,0,2,ketamine,iv,mg", "ADDL", ["II 24", "II 0"]),
    ("1,0,1,35,0,24,1e9,0,2,ketamine,iv,mg", "ADDL", ["out of range", "87600"]),
    ("1,0,1,35,0,9e4,1,0,2,ketamine,iv,mg", "II", ["90000 h", "87600 h"]),
    ("1,0,1,35,0,8e4,2,0,2,ketamine,iv,mg", "ADDL", ["160000 h", "87600 h"]),
    ("1,0,1,35,0,0,0,1,2,ketamine,iv,mg", "II", ["SS 1", "hours between"]),
    ("1,0,1,35,0,24,0,3,2,ketamine,iv,mg", "SS", ["3", "from 0 to 2"]),
    ("1,0,1,0,35,0,0,1,2,ketamine,iv,mg", "AMT", ["without end", "AMT = RATE x II"]),
    ("1,0,1,35,0,0.1,0,1,2,ketamine,iv,mg", "II", ["0.1 h", "0.25 to 1008 h"]),
    ("1,0,1,35,0,0,0,0,x,ketamine,iv,mg", "CMT", ["'x'", "not a number"]),
    ("1,0,1,35,0,0,0,0,depot,ketamine,iv,mg", "CMT", ["'depot'", "'iv'"]),
    ("1,0,1,35,0,0,0,0,2,ketmine,iv,mg", "DRUG", ["did you mean 'ketamine'?"]),
    ("1,0,1,35,0,0,0,0,2,saline,iv,mg", "DRUG", ["takes no dose", "EVID 0"]),
    ("1,0,1,35,0,0,0,0,2,memantine,in,mg", "ROUTE", ["intranasal", "'route: po'"]),
    ("1,0,1,35,0,0,0,0,2,ketamine,,mg", "ROUTE", ["missing", "one of: iv"]),
    ("1,0,1,35,0,0,0,0,2,ketamine,iv,ug", "AMT_UNIT", ["'ug'", "Known: mg, mg/kg"]),
]


@pytest.mark.parametrize(("row", "column", "says"), BAD_ROWS)
def test_a_bad_row_is_named(tmp_path, row, column, says):
    path = written(tmp_path, HEADER, GOOD.replace("1,", "0,", 1), row)
    with pytest.raises(BadInput) as caught:
        read_events(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, row 3, column {column}: ")
    assert message.count(str(path)) == 1
    missing = [part for part in says if part not in message]
    assert not missing, f"{message} does not say {missing}"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([""], ["empty", "ID,TIME"]),
        ([HEADER], ["no rows"]),
        (["ID,TIME,AMT,DRUG,ROUTE", "1,0,35,ketamine,iv"], ["row 1", "missing column EVID"]),
        (["ID,TIME,EVID,AMT,DRUG", "1,0,1,35,ketamine"], ["missing column ROUTE"]),
        ([HEADER.replace(",", ";"), GOOD], ["missing column ID", "commas"]),
        ([HEADER + ",ID", GOOD + ",1"], ["column ID is there twice"]),
        ([HEADER.replace("AMT_UNIT", "AMT_UNITS"), GOOD], ["did you mean 'AMT_UNIT'?"]),
        ([HEADER.replace("AMT_UNIT", "UNIT"), GOOD], ["did you mean 'AMT_UNIT'?"]),
        ([HEADER.replace("RATE", "rate"), GOOD], ["did you mean 'RATE'?"]),
        ([HEADER, GOOD, GOOD + ",9"], ["row 3", "number of cells"]),
        ([HEADER, "1,0,1"], ["row 2", "number of cells"]),
        ([HEADER, GOOD.replace("1,0", "1,24", 1), GOOD], ["row 3", "TIME", "24 h", "sort"]),
        ([HEADER, GOOD, "2" + GOOD[1:], GOOD], ["row 4", "column ID", "sort"]),
    ],
)
def test_a_bad_table_is_refused(tmp_path, lines, says):
    path = written(tmp_path, *lines)
    with pytest.raises(BadInput) as caught:
        read_events(path)
    missing = [part for part in [str(path), *says] if part not in str(caught.value)]
    assert not missing, f"{caught.value} does not say {missing}"


def test_files_that_are_no_tables(tmp_path):
    binary = tmp_path / "binary.csv"
    for content in (b"\xff\xfe\x00", b"ID\0"):
        binary.write_bytes(content)
        with pytest.raises(BadInput, match="not a text file"):
            read_events(binary)
    for path in (tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(BadInput, match="cannot read"):
            read_events(path)
    with pytest.raises(BadInput, match="cannot write"):
        write_events(nothing(), tmp_path / "absent" / "events.csv")


def test_one_regimen_is_written_as_patient_1(tmp_path):
    path = tmp_path / "events.csv"
    write_events(infusion(mg=30, minutes=60, days=[0, 3]), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines == [
        ",".join(COLUMNS),
        "1,0.0,1,30.0,30.0,0,0,0,2,ketamine,iv,mg,0,0",
        "1,72.0,1,30.0,30.0,0,0,0,2,ketamine,iv,mg,0,0",
    ]


@pytest.mark.parametrize("regimens", [{"a": nothing()}, {-1: nothing()}, {1: 35}])
def test_only_numbered_regimens_are_written(tmp_path, regimens):
    path = tmp_path / "events.csv"
    with pytest.raises(BadInput):
        write_events(regimens, path)
    assert not path.exists()


def test_what_nonmem_would_not_read_as_it_stands(tmp_path):
    """Both were passed over: two days became one, and a row to be ignored was given."""
    rows = "ID,TIME,EVID,AMT,DRUG,ROUTE,DATE", "1,9,1,35,ketamine,iv,1", "1,9,1,35,ketamine,iv,3"
    with pytest.raises(BadInput, match="row 1: column DATE makes TIME the clock of a day"):
        read_events(written(tmp_path, *rows))
    header = "C,ID,TIME,EVID,AMT,DRUG,ROUTE"
    plain = written(tmp_path, header, ".,1,0,1,35,ketamine,iv", "0.5,1,24,1,35,ketamine,iv")
    assert read_events(plain) == {1: bolus(mg=35, days=[0, 1])}
    marked = written(tmp_path, header, ".,1,0,1,35,ketamine,iv", "C,1,0,1,35,ketamine,iv")
    with pytest.raises(BadInput, match="row 3, column C: 'C' marks a row that NONMEM ignores"):
        read_events(marked)


def test_the_longest_infusion_comes_back(tmp_path):
    """AMT / RATE of this one is a rounding above 336 h, which was refused."""
    given = infusion(mg=183.824, minutes=336 * 60)
    assert 183.824 / (183.824 / 336.0) > 336.0
    write_events(given, tmp_path / "events.csv")
    assert read_events(tmp_path / "events.csv") == {1: given}
