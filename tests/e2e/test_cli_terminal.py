"""What a person sees on a terminal of 80 and of 120 columns, and while something takes long."""

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time

import pytest

from ketaqsp.cli import output

WIDTHS = (80, 120)
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
PAGES = {
    "one": ("simulate", "--dose", "0.5 mg/kg", "--typical", "--until", "1 h"),
    "many": ("simulate", "--dose", "0.5 mg/kg", "--patients", "7", "--until", "1 h"),
    "thousands": ("simulate", "--dose", "0.5 mg/kg", "--patients", "3000", "--every", "7 d"),
    "parameters": ("parameters", "--link", "synapse"),
    "help": ("simulate", "--help"),
}


def seen(width, arguments):
    """Lines that a terminal of this width was given, without colours; status 0 is required."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color"}
    env.pop("COLUMNS", None)
    command = [sys.executable, "-m", "ketaqsp", *arguments]
    process = subprocess.Popen(command, stdout=slave, stderr=subprocess.PIPE, env=env)
    os.close(slave)
    text = b""
    while True:
        try:
            more = os.read(master, 65536)
        except OSError:  # how a terminal says that nobody writes to it any more
            break
        if not more:
            break
        text += more
    os.close(master)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return CONTROL.sub("", text.decode("utf-8")).split("\n")


@pytest.fixture(scope="module")
def pages():
    return {(name, w): seen(w, PAGES[name]) for name in PAGES for w in WIDTHS}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_or_too_wide(name, width, pages):
    lines = pages[name, width]
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if "…" in line]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_of_many_has_units_and_intervals(width, pages):
    text = "\n".join(pages["many", width])
    assert "7 virtual patients (trd): ketamine iv 0.5 mg/kg over 40 min, day 0" in text
    assert "MADRS, points" in text
    rows = [line for line in pages["many", width] if re.match(r"[01] h ", line)]
    assert len(rows) == 2
    share = r"\d+% \[[\d.]+ to [\d.]+\]"
    number = r"[−\d.]+%? \([−\d.]+ to [−\d.]+\)"
    for row in rows:
        assert re.fullmatch(rf"[01] h +{number} +{share} +{share} +{number}", row.strip()), row
    assert len(re.findall(r"\) ng/mL +0\.\d\d h", text)) == 2
    assert "never for dosing a person" in text and "seed 0" in text


def test_a_table_of_thousands_fits_80_columns(pages):
    lines = [line.strip() for line in pages["thousands", 80]]
    rows = [line for line in lines if re.match(r"(0 h|4 h|24 h|3 d|7 d|14 d|21 d|28 d) ", line)]
    assert len(rows) == 8 and all(line.endswith(")") for line in rows), rows


@pytest.mark.parametrize("width", WIDTHS)
def test_one_patient_has_values_without_a_spread(width, pages):
    text = "\n".join(pages["one", width])
    assert "1 typical patient" in text
    assert " to " not in text.partition("Response:")[0]


@pytest.mark.parametrize("width", WIDTHS)
def test_parameters_have_unit_source_and_confidence(width, pages):
    lines = [line.rstrip() for line in pages["parameters", width]]
    rows = [line for line in lines if " = " in line and line.startswith("  ")]
    assert len(rows) > 20
    for line in rows:
        assert re.search(r"\[.+ to .+\]|\(fixed\)", line), line
    assert any("rows by confidence" in line for line in lines)


class Screen(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self):
        return True


def test_a_bar_appears_when_it_takes_long(monkeypatch):
    monkeypatch.setattr(output, "PATIENCE", 0.05)
    monkeypatch.setattr(sys, "stderr", Screen())
    with output.Progress("simulating", 10) as progress:
        progress(4)
        time.sleep(0.5)
        progress(8)
    shown = sys.stderr.getvalue()
    assert "simulating" in shown and "40%" in shown


def test_no_bar_for_what_is_quick(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Screen())
    with output.Progress("simulating", 10) as progress:
        progress(10)
    assert sys.stderr.getvalue() == ""


def test_lines_where_nobody_watches(monkeypatch, capsys):
    monkeypatch.setattr(output, "PATIENCE", 0.05)
    with output.Progress("simulating", 10) as progress:
        progress(1)
        assert capsys.readouterr().err == ""
        time.sleep(0.1)
        progress(4)
        progress(5)
    out, err = capsys.readouterr()
    assert out == "" and err == "ketaqsp: simulating, 40% of 10 patients after 0 s\n"


def test_a_line_counts_patients_once_though_they_are_solved_in_two_phases(monkeypatch, capsys):
    monkeypatch.setattr(output, "PATIENCE", 0.0)
    with output.Progress("running the trial", 18, patients=9) as progress:
        time.sleep(0.01)
        progress(9)
    assert capsys.readouterr().err == "ketaqsp: running the trial, 50% of 9 patients after 0 s\n"


ENCODINGS = ("ascii", "latin-1", "cp1252")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_result_is_not_lost_for_a_letter(encoding, tmp_path):
    """A pipe that is not UTF-8: as on Windows, or in a locale of old."""
    told = {}
    for name, arguments in {
        "simulate": PAGES["many"],
        "cohort": ("cohort", "-n", "3"),
        "demo": ("demo", "--patients", "20"),
    }.items():
        run = subprocess.run(
            [sys.executable, "-m", "ketaqsp", *arguments],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            cwd=tmp_path,
            timeout=120,
        )
        assert run.returncode == 0, run.stderr
        told[name] = run.stdout.decode(encoding)
    assert "?" not in "".join(told.values())
    assert re.search(r"-----", told["simulate"]) and "MADRS, points" in told["simulate"]
    assert re.search(r"mean change, points +[|│] *-\d", told["demo"])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_whole_in_every_encoding(encoding, monkeypatch):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", file)
    output.prepare()
    output.emit_json({"name": "\N{MINUS SIGN}1, Ωmega"})
    text = file.buffer.getvalue().decode(encoding)
    assert json.loads(text) == {"name": "\N{MINUS SIGN}1, Ωmega"}
