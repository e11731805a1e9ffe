"""Bad input: status 2, one line that names the value and the remedy, nothing written or printed.

Most cases run in this process through `main`, which is what the script calls; some as a process
of their own, which also shows that no traceback leaks and how long it takes.
"""

import subprocess
import sys
import time

import pytest

from ketaqsp.cli import main

DOSE = ("--dose", "0.5 mg/kg")
HEAD = "ID,TIME,EVID,AMT,RATE,DRUG,ROUTE\n"
GOOD = "1,0,1,35,52.5,ketamine,iv\n"
WITHIN_S = 1.0  # of the machine's own work: --help and bad input must feel immediate

# (arguments after `simulate`, what the message has to contain)
SIMULATE = [
    # amounts
    (("--dose", "-0.5 mg/kg"), ("-0.5 mg/kg", "above 0", "--drug 'saline'")),
    (("--dose", "0 mg/kg"), ("0 mg/kg", "above 0", "--drug 'saline'")),
    (("--dose", "nan mg/kg"), ("nan", "not finite", "0.5 mg/kg")),
    (("--dose", "inf mg"), ("inf", "not finite", "0.5 mg/kg")),
    (("--dose", "1e400 mg"), ("inf mg", "not finite")),
    (("--dose", "70 mg/kg"), ("70 mg/kg", "15 mg/kg", "--dose '70 mg'")),
    (("--dose", "40 mg/kg"), ("40 mg/kg", "15 mg/kg", "--dose '40 mg'")),
    (("--dose", "0.5 mg"), ("0.5 mg", "1 to 1500 mg", "--dose '0.5 mg/kg'")),
    (("--dose", "500000 mg"), ("500000 mg", "1500 mg")),
    (("--dose", "0.5"), ("'0.5'", "no unit", "mg/kg")),
    (("--dose", "0.5 mcg/kg"), ("'mcg/kg'", "mg/kg")),
    (("--dose", "0,5 mg/kg"), ("'0,5 mg/kg'", "decimal point")),
    (("--dose", "half a gram"), ("'half a gram'", "0.5 mg/kg")),
    (("--dose", ""), ("''", "0.5 mg/kg")),
    ((), ("ketamine needs a dose", "--dose '0.5 mg/kg'")),
    (("--drug", "saline", *DOSE), ("saline takes no dose", "Leave --dose out")),
    # names, with the nearest known one
    (("--drug", "ketmine", *DOSE), ("'ketmine'", "did you mean 'ketamine'")),
    (("--drug", "Ketamine", *DOSE), ("'Ketamine'", "did you mean 'ketamine'")),
    (("--drug", "", *DOSE), ("unknown drug ''", "Known: ketamine")),
    (("--route", "IV", *DOSE), ("'IV'", "did you mean 'iv'")),
    (("--route", "nasal", *DOSE), ("'nasal'", "did you mean 'in'?")),
    (("--drug", "lanicemine", "--route", "po", *DOSE), ("'po'", "not available", "--route 'iv'")),
    (("--route", "im", "--duration", "40 min", *DOSE), ("into a muscle", "at once", "--duration")),
    (("--inhibitor", "rifampicine", *DOSE), ("did you mean 'rifampicin'?", "st_johns_wort")),
    (("--inhibitor", "itraconazole", *DOSE), ("'itraconazole'", "route 'iv'", "allowed: po")),
    (("--inhibitor", "rifampicin", "--drug", "saline"), ("without ketamine", "Leave it out")),
    (("--preset", "trdd", *DOSE), ("'trdd'", "did you mean 'trd'")),
    (("--pk", "domno", *DOSE), ("'domno'", "did you mean 'domino'")),
    (("--cut", "spine", *DOSE), ("'spine'", "did you mean 'spines'")),
    (("--cut", "spines", "--cut", "", *DOSE), ("unknown cut ''", "Known:")),
    (("--scenario", "agonst", *DOSE), ("'agonst'", "did you mean 'agonist'")),
    # times
    (("--duration", "-40 min", *DOSE), ("-40", "'-40 min'", "0 h or later")),
    (("--duration", "40", *DOSE), ("'40'", "no unit", "40 min")),
    (("--duration", "nan min", *DOSE), ("nan", "not finite")),
    (("--duration", "400 h", *DOSE), ("400 h", "336 h")),
    (
        ("--duration", "1 s", "--dose", "10 mg/kg"),
        ("10 mg/kg", "300 mg/kg/h", "--duration '0 min'"),
    ),
    (("--duration", "2 months", *DOSE), ("'2 months'", "no fixed length", "28 d")),
    (("--days", "3,0", *DOSE), ("day 0 comes after day 3", "'0,3,7'")),
    (("--days", "0,0", *DOSE), ("day 0 is repeated", "'0,3,7'")),
    (("--days", "-1", *DOSE), ("-1", "0 to 3650 d")),
    (("--days", "Monday", *DOSE), ("'Monday'", "'0,3,7'")),
    (("--days", "", *DOSE), ("''", "'0,3,7'")),
    (("--days", "nan", *DOSE), ("nan", "not finite")),
    (("--until", "30 min", *DOSE), ("ends at 0.666667 h", "--until '30 min'", "longer")),
    (("--until", "30 min", "--every", "1 h", "--drug", "saline"), ("--every '1 h'", "0.5 h")),
    (("--until", "7 d", "--days", "0,7", *DOSE), ("day 7", "--until '7 d'", "leave the dose out")),
    (("--until", "0 h", *DOSE), ("--until '0 h'", "above 0", "28 d")),
    (("--until", "inf d", *DOSE), ("inf d", "not finite")),
    (("--until", "900 d", *DOSE), ("--until '900 d'", "730 d")),
    (("--every", "0 h", *DOSE), ("--every '0 h'", "1 min")),
    (("--every", "0", *DOSE), ("'0'", "no unit")),
    (("--every", "30 s", *DOSE), ("--every '30 s'", "1 min")),
    (("--every", "29 d", *DOSE), ("--every '29 d'", "672 h")),
    # people
    (("--patients", "0", *DOSE), ("--patients 0", "1 to 1000000")),
    (("--patients", "-5", *DOSE), ("--patients -5", "1 to 1000000")),
    (("--patients", "2.5", *DOSE), ("'2.5'", "whole number")),
    (("--patients", "1e9", *DOSE), ("'1e9'", "whole number")),
    (("--patients", "9" * 40, *DOSE), ("9999", "1 to 1000000")),
    (("--patients", "5", "--typical", *DOSE), ("--patients 5", "--typical", "Leave one out")),
    (("--seed", "-1", *DOSE), ("--seed -1", "4294967295")),
    (("--seed", "abc", *DOSE), ("'abc'", "whole number")),
    # results
    (("--out", "run.txt", *DOSE), ("'run.txt'", ".zarr", ".csv", "run.zarr")),
    (("--out", "", *DOSE), ("--out ''", "run.zarr")),
    (("--out", "nowhere/run.zarr", *DOSE), ("'nowhere'", "no folder", "Make it first")),
    (("--out", "n" * 300 + ".zarr", *DOSE), ("305", "200", "Shorten")),
    (("--resume", *DOSE), ("--resume", "--out")),
    (("--resume", "--out", "run.zarr", *DOSE), ("'run.zarr.partial'", "Leave --resume out")),
    (("--resume", "--overwrite", "--out", "run.zarr", *DOSE), ("--resume", "--overwrite")),
    # the command line itself
    (("--doze", "0.5 mg/kg"), ("'--doze'", "did you mean '--dose'")),
    (("--dose",), ("--dose", "--help")),
    (("extra", *DOSE), ("extra", "--help")),
]
# (rows after the header, what the message has to contain), all with the file's name
TABLES = [
    (GOOD.replace("35", "abc"), ("row 2", "column AMT", "'abc'")),
    (GOOD.replace("35,", ","), ("row 2", "column AMT", "0")),
    (GOOD + "1,24,1,-35,52.5,ketamine,iv\n", ("row 3", "column AMT", "-35")),
    (GOOD.replace("35", "nan"), ("row 2", "column AMT", "nan")),
    (GOOD.replace("1,0,1", "1,24,1") + GOOD, ("row 3", "column TIME", "before 24 h", "sort")),
    (GOOD.replace("1,0,1", "1,x,1"), ("row 2", "column TIME", "'x'")),
    (GOOD.replace("ketamine", "ketmine"), ("row 2", "column DRUG", "did you mean 'ketamine'")),
    (
        GOOD.replace("iv", "po").replace("ketamine", "lanicemine"),
        ("row 2", "column ROUTE", "'po'", "Write ROUTE iv"),
    ),
    (GOOD.replace("1,0,1", "1,0,5"), ("row 2", "column EVID", "5")),
    (GOOD.replace("1,0,1", "1.5,0,1"), ("row 2", "column ID", "1.5")),
    (GOOD.replace("35", "0.5"), ("row 2", "column AMT", "write AMT 0.5 and AMT_UNIT mg/kg")),
    ("1,0,1,35\n", ("row 2", "number of cells")),
    ("", ("no rows",)),
]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys, arguments, said, folder, before=()):
    """Run in this process and check everything that holds for each bad input."""
    status = main(list(arguments))
    out, err = capsys.readouterr()
    assert status == 2, err
    assert out == ""
    assert err.startswith("ketaqsp: ") and err.count("\n") == 1, err
    assert "Traceback" not in err
    missing = [text for text in said if text not in err]
    assert not missing, f"{missing} not in: {err}"
    assert sorted(path.name for path in folder.iterdir()) == sorted(before)


@pytest.mark.parametrize(("options", "said"), SIMULATE, ids=lambda x: " ".join(x)[:40] or "none")
def test_simulate_refuses(options, said, capsys, empty_folder):
    refused(capsys, ("simulate", *options), said, empty_folder)


def test_there_are_many_cases():
    assert len(SIMULATE) + len(TABLES) >= 40


@pytest.mark.parametrize("as_json", [(), ("--json",)])
@pytest.mark.parametrize(("rows", "said"), TABLES, ids=lambda x: str(x)[:30])
def test_an_event_table_is_refused_by_file_row_and_column(
    rows, said, as_json, capsys, empty_folder
):
    (empty_folder / "doses.csv").write_text(HEAD + rows, encoding="utf-8")
    arguments = ("simulate", "--events", "doses.csv", *as_json)
    refused(capsys, arguments, ("doses.csv", *said), empty_folder, ("doses.csv",))


OMEX = ("--format", "omex", "--out", "x")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simulate", "--events", "no.csv"), ("no.csv", "No such file")),
        (("simulate", "--events", "."), (".", "directory")),
        (("simulate", "--events", "no.csv", *DOSE), ("--dose '0.5 mg/kg'", "--events", "one of")),
        (("export", "--format", "smbl", "--out", "x", *DOSE), ("'smbl'", "did you mean 'sbml'")),
        (("export", "--out", "x", "--until", "3 d", *DOSE), ("'3 d'", "--format omex")),
        (("export", *OMEX, "--every", "5 h", *DOSE), ("'5 h'", "does not divide", "'1 h'")),
        (("export", *OMEX, "--until", "1 d", *DOSE, "--days", "0,3"), ("day 3", "'1 d'")),
        (("export", *DOSE), ("--out ketamine.xml",)),
        (("export", "--out", "no/x.xml", *DOSE), ("'no'", "Make it first")),
        (("export", "--out", "x.xml", "--patient", "-1", *DOSE), ("--patient -1", "0 to 999999")),
        (("export", "--out", "x.xml", "--seed", "3", *DOSE), ("--seed 3", "--patient")),
        (("export", "--out", "x.xml", "--cut", "spins", *DOSE), ("'spins'", "'spines'")),
        (("parameters", "--link", "plasme"), ("'plasme'", "did you mean 'plasma'")),
        (("parameters", "--confidence", "guessed"), ("'guessed'", "Known: read, recalled")),
        (("demo", "--patients", "0"), ("--patients 0", "2 to 100000")),
        (("demo", "--patients", "1"), ("--patients 1", "2 to 100000")),
        (("demo", "--seed", "1.5"), ("'1.5'", "whole number")),
        (("demo", "--out", "no/demo"), ("'no'", "Make it first")),
        (("demo", "--out", "."), ("'.'", "another name")),
        (("simulat",), ("'simulat'", "did you mean 'simulate'")),
        ((), ("--help",)),
    ],
    ids=lambda x: " ".join(x)[:40] or "none",
)
def test_other_commands_refuse(arguments, said, capsys, empty_folder):
    refused(capsys, arguments, said, empty_folder)


@pytest.mark.parametrize("command", ["simulate", "export", "demo"])
def test_an_existing_result_is_left_alone(command, capsys, empty_folder):
    (empty_folder / "old.csv").write_text("mine", encoding="utf-8")
    options = () if command == "demo" else DOSE
    refused(capsys, (command, "--out", "old.csv", *options), ("'old.csv'", "name"), empty_folder,
            ("old.csv",))  # fmt: skip
    assert (empty_folder / "old.csv").read_text(encoding="utf-8") == "mine"


def test_overwrite_leaves_a_folder_alone_that_is_no_result(capsys, empty_folder):
    (empty_folder / "photos.zarr").mkdir()
    (empty_folder / "photos.zarr" / "cat.jpg").write_text("cat", encoding="utf-8")
    arguments = ("simulate", *DOSE, "--out", "photos.zarr", "--overwrite")
    said = ("'photos.zarr'", "not a zarr store", "another name")
    refused(capsys, arguments, said, empty_folder, ("photos.zarr",))
    assert (empty_folder / "photos.zarr" / "cat.jpg").is_file()


def test_the_demo_leaves_a_folder_alone_that_is_not_its_own(capsys, empty_folder):
    (empty_folder / "photos").mkdir()
    (empty_folder / "photos" / "cat.jpg").write_text("cat", encoding="utf-8")
    refused(capsys, ("demo", "--out", "photos"), ("photos", "another"), empty_folder, ("photos",))
    assert (empty_folder / "photos" / "cat.jpg").is_file()


@pytest.mark.parametrize("command", ["simulate", "export", "demo"])
def test_an_unwritable_folder_is_refused(command, capsys, empty_folder, monkeypatch):
    """By monkeypatch, as the tests may run with rights over every folder."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    options = () if command == "demo" else DOSE
    said = ("may not be written to", "another")
    refused(capsys, (command, "--out", "x.csv", *options), said, empty_folder)


def test_an_unfinished_run_is_left_alone(capsys, empty_folder):
    (empty_folder / "run.zarr.partial").mkdir()
    said = ("'run.zarr.partial'", "--resume", "--overwrite")
    arguments = ("simulate", *DOSE, "--out", "run.zarr")
    refused(capsys, arguments, said, empty_folder, ("run.zarr.partial",))


PROCESSES = [
    ("--help",),
    ("simulate", "--help"),
    ("simulate", "--dose", "70 mg/kg"),
    ("simulate", "--dose", "0.5 mg/kg", "--cut", "spine"),
    ("simulate", "--dose", "0.5 mg/kg", "--patients", "0", "--json"),
    ("simulate", "--dose", "0.5 mg/kg", "--out", "run.txt"),
    ("simulate", "--events", "doses.csv", "--json"),
    ("export", "--dose", "0.5 mg/kg", "--format", "smbl", "--out", "x"),
    ("parameters", "--link", "plasme"),
    ("demo", "--patients", "0"),
    ("simulat",),
]


@pytest.mark.parametrize("arguments", PROCESSES, ids=" ".join)
def test_as_a_process(arguments, empty_folder):
    """Status, both streams, no file, and within a second of processor time."""
    import resource

    (empty_folder / "doses.csv").write_text(HEAD + GOOD.replace("35", "x"), encoding="utf-8")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "ketaqsp", *arguments]
    begun = time.monotonic()
    run = subprocess.run(
        command, capture_output=True, encoding="utf-8", cwd=empty_folder, timeout=60
    )
    wall = time.monotonic() - begun
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Processor time, as other processes may share the machine.
    took = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    assert min(took, wall) < WITHIN_S
    assert [path.name for path in empty_folder.iterdir()] == ["doses.csv"]
    assert "Traceback" not in run.stderr
    if "--help" in arguments:
        assert run.returncode == 0 and "Usage: ketaqsp" in run.stdout and run.stderr == ""
    else:
        assert run.returncode == 2 and run.stdout == ""
        assert run.stderr.startswith("ketaqsp: ") and run.stderr.count("\n") == 1
