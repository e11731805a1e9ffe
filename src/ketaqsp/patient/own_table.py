"""A user's own patients: CSV or Parquet, one row a patient, columns named as the covariates.

What a table leaves out is drawn, given what it holds, from the population named beside it.
"""

import csv
import io
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ketaqsp.errors import BadInput, nearest
from ketaqsp.patient.populations import ANCESTRIES, covariates
from ketaqsp.patient.random import MOST_ID, uniform

SUFFIXES = (".csv", ".parquet")
ID = "id"
MISSING = ("", "na", "nan", "none", "null", ".")
YES, NO = ("1", "1.0", "true", "yes", "y"), ("0", "0.0", "false", "no", "n")
SEX = {"f": 1.0, "female": 1.0, "woman": 1.0, "m": 0.0, "male": 0.0, "man": 0.0}
LIKELY = {  # column that people write: what to write here
    "age": "age_years",
    "weight": "weight_kg",
    "wt": "weight_kg",
    "height": "height_cm",
    "ht": "height_cm",
    "madrs": "baseline_madrs",
    "gender": "sex",
    "bmi": "weight_kg and height_cm",
    "pain": "chronic_pain",
    "val66met": "met_alleles",
    "cyp2b6": "cyp2b6_6_alleles",
}


@dataclass(frozen=True)
class OwnTable:
    """ids (n,), values {covariate: (n,) with NaN where empty}, columns that mean nothing here."""

    path: str
    ids: np.ndarray
    values: dict
    ignored: tuple


def is_table(preset):
    """Is this the path of a table rather than the name of a population?"""
    return isinstance(preset, Path) or (
        isinstance(preset, str) and Path(preset).suffix.lower() in SUFFIXES
    )


def drawn(table, ids, seed):
    """Another OwnTable of the patients `ids`: each has a row of `table`, drawn with replacement."""
    rows = (uniform(seed, "row of the table", ids) * len(table.ids)).astype(int)
    return replace(table, ids=ids, values={k: v[rows] for k, v in table.values.items()})


def read(path):
    """The OwnTable of a file. Raises BadInput with file, row, column, value, range and remedy."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{path} ends in {path.suffix!r}; allowed: {' and '.join(SUFFIXES)}.")
    header, lines = _csv(path) if path.suffix.lower() == ".csv" else _parquet(path)
    columns = _columns(path, header)
    found = {name: [] for name in columns.values() if name != ID}
    ids, seen = [], {}
    for line, cells in lines:
        for column, name in columns.items():
            where = f"{path}, row {line}, column {column}"
            if name == ID:
                ids.append(_identity(where, cells[column], seen, line))
            else:
                found[name].append(_cell(where, column, name, cells[column]))
        _consistent(path, line, {name: x[-1] for name, x in found.items()})
    n = len(next(iter(found.values()), ids))
    if not n:
        raise BadInput(f"{path}: the table has no rows. Write one row a patient.")
    numbers = np.array(ids if ids else range(n), dtype=np.int64)
    ignored = tuple(name for name in header if name not in columns)
    values = {k: np.array(v) for k, v in found.items()}
    if "benzodiazepine_mg" in values:  # a dose says whether one is taken
        taken = (values["benzodiazepine_mg"] > 0) + 0 * values["benzodiazepine_mg"]
        said = values.get("benzodiazepine", np.full(n, np.nan))
        values["benzodiazepine"] = np.where(np.isfinite(said), said, taken)
    return OwnTable(str(path), numbers, values, ignored)


def _csv(path):
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise BadInput(f"{path}: cannot be read: {problem.strerror}. Check the name.") from problem
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not a text file in UTF-8. Save it as CSV in UTF-8.") from None
    if "\0" in text:
        raise BadInput(f"{path}: not a text file. Save it as CSV in UTF-8.")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as problem:
        raise BadInput(f"{path}, row {reader.line_num}: {problem}. Check the quotes.") from None
    for line, cells in lines:
        if None in cells or None in cells.values():
            raise BadInput(
                f"{path}, row {line}: the number of cells is not that of the header "
                f"({len(header)}). Check the commas."
            )
    return header, lines


def _parquet(path):
    import pandas as pd

    try:
        table = pd.read_parquet(path)
    except OSError as problem:
        if getattr(problem, "strerror", None):
            raise BadInput(f"{path}: cannot be read: {problem.strerror}. Check the name.") from None
        raise BadInput(f"{path}: not a Parquet file ({_first(problem)}). Save it anew.") from None
    except Exception as problem:  # every reader has errors of its own
        raise BadInput(f"{path}: not a Parquet file ({_first(problem)}). Save it anew.") from None
    header = [str(name) for name in table.columns]
    table.columns = header
    if len(set(header)) == len(header):
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
    else:
        rows = []
    return header, list(enumerate(rows, 1))


def _first(problem):
    return (str(problem).splitlines() or [type(problem).__name__])[0][:120]


def _columns(path, header):
    """{column: covariate or id}, in the order of the file."""
    if not [name for name in header if name]:
        raise BadInput(f"{path}: the table is empty. Begin with a row such as id,age_years,sex.")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise BadInput(f"{path}: column {twice[0]!r} is there twice. Remove one.")
    known = {**{name: name for name in covariates()}, ID: ID, "sex": "female"}
    out = {name: known[name] for name in header if name in known}
    for name in header:
        if name in out:
            continue
        plain = name.strip().lower()
        meant = LIKELY.get(plain) or nearest(plain, known, cutoff=0.75)
        if meant:
            raise BadInput(f"{path}: unknown column {name!r}; did you mean {meant!r}?")
    if "sex" in out and "female" in out:
        raise BadInput(f"{path}: columns 'sex' and 'female' say the same. Remove one.")
    if not [name for name in out.values() if name != ID]:
        raise BadInput(
            f"{path}: no column is a covariate. Found: {', '.join(header)}. "
            f"Known: {', '.join(covariates())}."
        )
    return out


def _identity(where, cell, seen, line):
    text = str(cell).strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value == math.floor(value) if math.isfinite(value) else False) or not (
        0 <= value < MOST_ID
    ):
        raise BadInput(
            f"{where}: {text[:40]!r}; allowed: a whole number from 0 to {MOST_ID - 1}. Number the "
            "patients, or leave the column out."
        )
    if value in seen:
        raise BadInput(f"{where}: {text} stands in row {seen[value]} already. Give each its own.")
    seen[value] = line
    return int(value)


def _cell(where, column, name, cell):
    """A cell as a number in the unit of the covariate; NaN where it is empty."""
    about = covariates()[name]
    text = "" if cell is None else str(cell).strip()
    low_text = text.lower()
    if low_text in MISSING:
        return math.nan
    if about.kind == "fraction":
        if column == "sex":
            if low_text in SEX:
                return SEX[low_text]
            raise BadInput(f"{where}: {text[:40]!r}; allowed: F, M or empty.")
        if low_text in YES or low_text in NO:
            return float(low_text in YES)
        raise BadInput(f"{where}: {text[:40]!r}; allowed: 1 (yes), 0 (no) or empty.")
    if about.kind == "ancestry" and low_text in ANCESTRIES:
        return float(ANCESTRIES.index(low_text))
    try:
        value = float(text)
    except ValueError:
        comma = " Use a decimal point." if "," in text else ""
        raise BadInput(
            f"{where}: {text[:40]!r} is not a number; allowed: {_allowed(about)}, or empty.{comma}"
        ) from None
    whole = about.kind in ("count", "ancestry", "alleles")
    if not about.low <= value <= about.high or (whole and value != math.floor(value)):
        raise BadInput(
            f"{where}: {text[:40]}; allowed: {_allowed(about)}, or empty.{_hint(name, value)}"
        )
    return value


def _allowed(about):
    words = f" or one of {', '.join(ANCESTRIES)}" if about.kind == "ancestry" else ""
    whole = "a whole number from " if about.kind in ("count", "ancestry", "alleles") else ""
    unit = "" if about.unit == "1" else f" {about.unit}"
    return f"{whole}{about.low:g} to {about.high:g}{unit}{words}"


def _hint(name, value):
    if name == "height_cm" and 1.2 <= value <= 2.2:
        return f" That looks like metres: write {100 * value:g}."
    if name == "age_years" and 1900 <= value <= 2100:
        return " That looks like a year of birth: write the age."
    if name == "weight_kg" and value > 250:
        return f" If that is in pounds, write {value * 0.45359237:.1f}."
    return " Check the unit."


def _consistent(path, line, row):
    """Cells that contradict each other."""
    pairs = (
        ("illness_years", "age_years", 1.0, "years", "years of age"),
        ("episode_months", "illness_years", 12.0, "months", "months of illness"),
    )
    for inner, outer, factor, unit, words in pairs:
        a, b = row.get(inner, math.nan), row.get(outer, math.nan) * factor
        if a > b:
            raise BadInput(
                f"{path}, row {line}, column {inner}: {a:g} {unit}; allowed: at most the {b:g} "
                f"{words} in this row. Correct one of them."
            )
    if row.get("benzodiazepine") == 0 and row.get("benzodiazepine_mg", 0) > 0:
        raise BadInput(
            f"{path}, row {line}, column benzodiazepine_mg: {row['benzodiazepine_mg']:g} mg, but "
            "benzodiazepine is 0; allowed: 0 mg. Correct one of them."
        )
