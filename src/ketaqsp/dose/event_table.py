"""Regimens as NONMEM event tables (CSV): one row a dose, one group of rows a patient.

Columns: ID (whole number), TIME (h), EVID, AMT, DRUG and ROUTE are needed (CMT 'central' or
'depot' may stand for ROUTE); RATE (AMT per hour, 0 = at once), II (h), ADDL, SS, CMT and AMT_UNIT
(mg unless it says mg/kg), DUR (h, in place of RATE) and LAG (h from the dose to its entry) may be
left out. '.' and an empty cell mean 0. Other columns, such as covariates, are passed over. EVID 0
and 2 (an observation, another event) are passed over, 1 is a dose, 3 a reset, 4 a reset and a dose.
SS 1 and 2 stand for the same dose every II hours without beginning; 1 clears all else.
"""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from pathlib import Path

from ketaqsp.dose.drugs import drug
from ketaqsp.dose.quantity import MAX_HOURS, TIME_DIGITS, number
from ketaqsp.dose.regimen import MAX_LAG_H, Dose, Regimen
from ketaqsp.errors import BadInput, MachineError, check_path, nearest

COLUMNS = (
    *("ID", "TIME", "EVID", "AMT", "RATE", "II", "ADDL", "SS", "CMT"),
    *("DRUG", "ROUTE", "AMT_UNIT", "DUR", "LAG"),
)
NEEDED = ("ID", "TIME", "EVID", "AMT", "DRUG")
NEVER_EMPTY = ("ID", "TIME", "EVID")
# With one of these NONMEM reads TIME as the clock of that day, not as hours from the start.
CALENDAR = ("DATE", "DAT1", "DAT2", "DAT3")
IGNORED = ("C", "#", "@")  # what a column C holds in rows that NONMEM is told to ignore
MAX_ID = 2**53 - 1  # up to here a float, as which cells are read, tells neighbours apart
# More repeats than hours in ten years cannot be meant, and would fill the memory.
MAX_ADDL = int(MAX_HOURS)

NO_DOSE = {
    0: "an observation row (EVID 0)",
    2: "a row that gives nothing (EVID 2)",
    3: "a reset (EVID 3)",
}
_COLUMN_OF = {
    "drug": "DRUG",
    "route": "ROUTE",
    "amount": "AMT",
    "unit": "AMT_UNIT",
    "start_h": "TIME",
    "duration_h": "RATE",
    "lag_h": "LAG",
    "ss": "SS",
    "ii_h": "II",
}
_COMPARTMENT = {"central": 2, "depot": 1}  # numbered as in ADVAN4


def read_events(path):
    """Read an event table. Return {ID: Regimen} in the order of the file.

    BadInput names file, row (the header is row 1), column, value and remedy. A patient with
    observation rows only gets the empty regimen.
    """
    found, last = {}, None
    for row in _rows(path):
        patient = row.whole("ID", low=0, high=MAX_ID)
        time_h = row.number("TIME", low=0.0, high=MAX_HOURS, unit="h")
        if last is None or patient != last[0]:
            if patient in found:
                row.refuse("ID", patient, "came before, with other IDs between; sort the rows")
            found[patient] = _Course()
        elif time_h < last[1]:
            row.refuse("TIME", time_h, f"is before {last[1]:g} h in the row above; sort the rows")
        last = (patient, time_h)
        found[patient].take(row, time_h)
    return {patient: course.regimen() for patient, course in found.items()}


def write_events(regimen, path):
    """Write a Regimen (as ID 1), or {ID: Regimen}, so that ``read_events`` gives it back.

    An empty regimen is written as one observation row, which keeps its ID. An existing file is
    replaced.
    """
    check_path(path, "an event table, as doses.csv")
    regimens = regimen if isinstance(regimen, Mapping) else {1: regimen}
    lines = []
    for patient, one in regimens.items():
        if isinstance(patient, bool) or not isinstance(patient, Integral) or patient < 0:
            raise BadInput(f"ID {patient!r}: allowed: whole numbers from 0. Number the patients.")
        if not isinstance(one, Regimen):
            raise BadInput(f"ID {patient}: {one!r} is no Regimen. Use infusion(...).")
        lines += _lines(patient, one)
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(lines)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise BadInput(
            f"{path}: cannot write the event table: {error.strerror}. Name a file in a folder "
            "that exists."
        ) from error
    except OSError as error:
        raise MachineError(f"{path}: cannot write the event table: {error.strerror}") from error


def _lines(patient, regimen):
    """Rows of one patient in an order that reads back: resets, then what clears, then the rest."""
    rows = [((time, 0), (3, 0, 0, 0, 0, 0, 0, ".", ".", "mg", 0, 0)) for time in regimen.resets]
    for dose in regimen.doses:
        rate = dose.amount / dose.duration_h if dose.duration_h else 0
        cmt = _COMPARTMENT["central" if dose.route == "iv" else "depot"]
        cells = (1, dose.amount, rate, dose.ii_h or 0, 0, dose.ss, cmt)
        cells += (dose.drug, dose.route, dose.unit, 0, dose.lag_h or 0)
        rows.append(((dose.start_h, 2 if dose.ss != 1 else 1), cells))
    rows = rows or [((0.0, 0), (0, 0, 0, 0, 0, 0, 0, ".", ".", "mg", 0, 0))]
    return [(patient, key[0], *cells) for key, cells in sorted(rows, key=lambda row: row[0])]


class _Row:
    """One row that knows its file and number, so that every error can name them."""

    def __init__(self, path, line, cells):
        self.path, self.line = path, line
        self.cells = {key: (cell or "").strip() for key, cell in cells.items()}

    def text(self, column):
        """Return the cell, '' where it is absent, empty or '.'."""
        cell = self.cells.get(column, "")
        return "" if cell == "." else cell

    def number(self, column, *, low, high, unit=""):
        """Return the cell as a float in the range; absent, empty or '.' is 0."""
        cell = self.text(column) or "0"
        if column in NEVER_EMPTY and not self.text(column):
            self.refuse(column, self.cells[column], "is missing; write a number")
        try:
            value = float(cell)
        except ValueError:
            bounds = f"{low:g} to {high:g} {unit}".rstrip()
            self.refuse(column, cell, f"is not a number; allowed: {bounds}")
        with self.naming(column):
            return number(value, column, low=low, high=high, unit=unit, remedy="Correct the cell.")

    def whole(self, column, *, low, high):
        """Return the cell as an int in the range."""
        value = self.number(column, low=low, high=high)
        if value != int(value):
            self.refuse(column, value, f"is not whole; allowed: whole numbers from {low}")
        return int(value)

    def refuse(self, column, value, why):
        raise BadInput(f"{self.path}, row {self.line}, column {column}: {value!r} {why}.")

    def naming(self, column=None):
        return _Naming(self, column)


class _Naming:
    """Put file, row and column before the message of a BadInput raised inside."""

    def __init__(self, row, column):
        self.row, self.column = row, column

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, BadInput):
            column = self.column or _COLUMN_OF.get(error.field, "AMT")
            if column == "RATE" and self.row.text("DUR"):
                column = "DUR"
            where = f"{self.row.path}, row {self.row.line}, column {column}"
            raise BadInput(f"{where}: {error}") from None


def _rows(path):
    """Yield the rows of the table after checking its header."""
    check_path(path, "an event table, as doses.csv")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: cannot read the event table: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not a text file in UTF-8. Save it as CSV in UTF-8.") from None
    if "\0" in text:
        raise BadInput(f"{path}: not a text file. Save it as CSV in UTF-8.")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    _check_header(path, reader.fieldnames)
    found = False
    try:
        for cells in reader:
            extra = cells.pop(None, None)
            row = _Row(path, reader.line_num, cells)
            if extra or None in cells.values():
                raise BadInput(
                    f"{path}, row {row.line}: the number of cells is not that of the header "
                    f"({len(reader.fieldnames)}). Check the commas."
                )
            found = True
            mark = row.text("C")
            if mark.upper().startswith(IGNORED):
                row.refuse("C", mark, "marks a row that NONMEM ignores; take the row out")
            yield row
    except csv.Error as error:
        raise BadInput(f"{path}, row {reader.line_num}: {error}. Check the quotes.") from None
    if not found:
        raise BadInput(f"{path}: the event table has no rows. Write one row a dose.")


def _found(header):
    """The names of a header on one line, however broken its quotes are."""
    said = " ".join(", ".join(header).split())
    return said if len(said) <= 200 else f"{said[:200]}..."


def _check_header(path, header):
    if not header:
        raise BadInput(f"{path}: the event table is empty. Begin with {','.join(COLUMNS)}.")
    header[:] = [name.strip() for name in header]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise BadInput(f"{path}, row 1: column {twice[0]} is there twice. Remove one.")
    missing = [name for name in NEEDED if name not in header]
    if "ROUTE" not in header and "CMT" not in header:
        missing.append("ROUTE")
    if missing:
        raise BadInput(
            f"{path}, row 1: missing column {', '.join(missing)}. Found: {_found(header)}. "
            f"Needed, in capitals, separated by commas: {', '.join((*NEEDED, 'ROUTE'))}."
        )
    calendar = [name for name in header if name.upper() in CALENDAR]
    if calendar:
        raise BadInput(
            f"{path}, row 1: column {calendar[0]} makes TIME the clock of a day in NONMEM; here "
            "TIME counts in hours from the start. Write it so, and take the column out."
        )
    # A misspelt optional column would be a silent default, such as mg/kg read as mg.
    absent = [name for name in COLUMNS if name not in header]
    for name in header:
        meant = None if name in COLUMNS else nearest(name, absent, cutoff=0.8)
        if meant is None and "UNIT" in name.upper() and "AMT_UNIT" in absent:
            meant = "AMT_UNIT"
        if meant:
            raise BadInput(f"{path}, row 1: unknown column {name!r}; did you mean {meant!r}?")


class _Course:
    """What one patient's rows have said so far: doses and resets, in the order of the file."""

    def __init__(self):
        self.doses, self.resets = [], []

    def regimen(self):
        return Regimen(tuple(self.doses), tuple(self.resets))

    def clear(self, time_h):
        """Rows above this one count for what came before this time: ADDL that is due is off."""
        self.doses = [dose for dose in self.doses if dose.start_h < time_h]

    def take(self, row, time_h):
        """Add what one row says."""
        event = row.whole("EVID", low=0, high=4)
        amount = row.number("AMT", low=0.0, high=1e6)
        if event in NO_DOSE and amount:
            row.refuse("AMT", amount, f"on {NO_DOSE[event]}; write 0, or EVID 1")
        if event in (3, 4):
            self.clear(time_h)
            self.resets.append(time_h)
        if event not in NO_DOSE:
            self.give(row, time_h, amount)

    def give(self, row, time_h, amount):
        """Add the dose of a row and its repeats."""
        with row.naming("DRUG"):
            takes_dose = drug(row.text("DRUG")).takes_dose
        if not takes_dose:
            row.refuse("DRUG", row.text("DRUG"), "takes no dose; leave the row out, or use EVID 0")
        steady = row.whole("SS", low=0, high=2)
        if steady and not amount:
            row.refuse("AMT", amount, _ENDLESS)
        more, every = _more(row, steady)
        route, duration_h = _route(row), _duration(row, amount)
        unit, lag = row.text("AMT_UNIT") or "mg", row.number("LAG", low=0.0, high=MAX_LAG_H)
        if steady == 1:
            if any(d.ss == 1 and d.start_h == time_h for d in self.doses):
                row.refuse("SS", 1, "would clear the SS 1 dose at this time above; write SS 2")
            self.clear(time_h)
        with row.naming():
            what = (row.text("DRUG"), route, amount, unit, time_h, duration_h, lag)
            first = Dose(*what, ss=steady, ii_h=every if steady else 0.0)
        with row.naming("ADDL"):
            repeat = replace(first, ss=0, ii_h=0.0)
            later = [replace(repeat, start_h=time_h + k * every) for k in range(1, more + 1)]
        self.doses += [first, *later]


_ENDLESS = (
    "with SS: an infusion without end is written as one that repeats; write AMT = RATE x II, in "
    "II the hours of one, and EVID 3 or the next SS 1 where it stops"
)


def _duration(row, amount):
    """Duration in hours: DUR, or AMT / RATE, or 0 (at once) where both are 0."""
    rate, given = row.text("RATE"), row.number("DUR", low=0.0, high=MAX_HOURS, unit="h")
    modelled = {-1.0: "the rate is a parameter of the model (R1)", -2.0: "the duration is (D1)"}
    if rate.startswith("-"):
        why = next((why for code, why in modelled.items() if _same(rate, code)), None)
        meaning = f"means in NONMEM that {why}" if why else "is not read"
        remedy = "write the hours in a column DUR and RATE 0" if why else "allowed: AMT per hour"
        row.refuse("RATE", rate, f"{meaning}; {remedy}, or 0 for at once")
    rate = row.number("RATE", low=0.0, high=math.inf, unit="AMT/h")
    if rate and given:
        row.refuse("DUR", given, f"and RATE {rate:g} both say how long; leave one at 0")
    # To the digits of a time: 336 h written as AMT and RATE may come back a rounding longer.
    return round(amount / rate, TIME_DIGITS) if rate else given


def _same(text, value):
    try:
        return float(text) == value
    except ValueError:
        return False


def _route(row):
    """ROUTE, or the one route of the drug that goes into the compartment named by CMT."""
    route, cmt = row.text("ROUTE"), row.text("CMT").lower()
    into = None if cmt not in _COMPARTMENT else cmt == "depot"
    if cmt and into is None:
        row.whole("CMT", low=0, high=99)  # a number: ROUTE decides
    if not route:
        routes = drug(row.text("DRUG")).routes
        fitting = [r for r in routes if into is not None and (r != "iv") == into]
        if len(fitting) != 1:
            row.refuse("ROUTE", route, f"is missing; write one of: {', '.join(routes)}")
        return fitting[0]
    if into is not None and (route != "iv") != into:
        row.refuse("CMT", cmt, f"does not go with ROUTE {route!r}; leave CMT out")
    return route


def _more(row, steady):
    """ADDL and II, checked against each other and SS."""
    more = row.whole("ADDL", low=0, high=MAX_ADDL)
    every = row.number("II", low=0.0, high=MAX_HOURS, unit="h")
    if more and not every:
        row.refuse("II", row.text("II"), f"with ADDL {more}; write the hours between doses")
    if steady and not every:
        row.refuse("II", row.text("II"), f"with SS {steady}; write the hours between doses")
    if every and not (more or steady):
        row.refuse("ADDL", row.text("ADDL"), f"with II {every:g}; write how many more, or II 0")
    return more, every
