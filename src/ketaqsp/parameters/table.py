"""Read the parameter tables. A bad cell is told with file, row and column."""

import csv
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ketaqsp.errors import BadInput

COLUMNS = (
    "symbol,meaning,value,unit,iiv_cv,iiv_omega,prior_fold,species,population,n,source,place,"
    "confidence,role,note"
).split(",")
CONFIDENCE = ("read", "recalled", "derived", "assumed", "fitted")
ROLES = ("default", "alternative")
LINKS = (
    "dose",
    "plasma",
    "receptor",
    "circuit",
    "synapse",
    "mood",
    "acute",
    "expectancy",
    "patient",
    "trial",
)
HOME = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Row:
    """One number: value in `unit`, spread between patients as omega, prior as a fold range."""

    symbol: str
    meaning: str
    value: float
    unit: str
    omega: float  # SD of the logarithm (of the logit for a fraction) between patients; 0 if none
    prior_fold: float  # 95% of the prior within value/fold .. value*fold; 1 if fixed
    species: str
    population: str
    n: str
    source: str
    place: str
    confidence: str
    role: str
    note: str
    link: str


def _number(cell, where, column, default=None, low=-math.inf):
    if cell.strip() == "" and default is not None:
        return default
    try:
        value = float(cell)
    except ValueError:
        raise BadInput(f"{where}, column {column}: {cell!r} is not a number") from None
    if not math.isfinite(value) or value < low:
        raise BadInput(f"{where}, column {column}: {cell} must be finite and at least {low:g}")
    return value


def _row(cells, where, link):
    for column, allowed in (("confidence", CONFIDENCE), ("role", ROLES)):
        if cells[column] not in allowed:
            raise BadInput(f"{where}, column {column}: {cells[column]!r}, allowed: {allowed}")
    if cells["iiv_cv"] and cells["iiv_omega"]:
        raise BadInput(f"{where}: give iiv_cv or iiv_omega, not both")
    cv = _number(cells["iiv_cv"], where, "iiv_cv", 0.0, 0.0)
    omega = _number(cells["iiv_omega"], where, "iiv_omega", math.sqrt(math.log1p(cv**2)), 0.0)
    return Row(
        symbol=cells["symbol"],
        meaning=cells["meaning"],
        value=_number(cells["value"], where, "value"),
        unit=cells["unit"],
        omega=omega,
        prior_fold=_number(cells["prior_fold"], where, "prior_fold", 1.0, 1.0),
        link=link,
        **{k: cells[k] for k in "species population n source place confidence role note".split()},
    )


def read(path, link):
    """The rows of one CSV file. Raises BadInput with file, row and column."""
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise BadInput(f"{path.name}: columns are {reader.fieldnames}, expected {COLUMNS}")
        out, seen = [], set()
        for number, cells in enumerate(reader, 2):
            where = f"{link}/{path.name}, row {number}"
            if None in cells or None in cells.values():
                raise BadInput(f"{where}: {len(COLUMNS)} cells expected; quote cells with commas")
            if cells["symbol"] in seen:
                raise BadInput(f"{where}: symbol {cells['symbol']!r} is there twice")
            seen.add(cells["symbol"])
            out.append(_row(cells, where, link))
    return tuple(out)


@cache
def rows(link=None):
    """Rows of one link, or of all links in the order of the chain."""
    chosen = LINKS if link is None else (link,)
    found = []
    for name in chosen:
        path = HOME / name / "parameters.csv"
        if path.exists():
            found.extend(read(path, name))
    return tuple(found)


def links():
    """Names of the links that have a table."""
    return tuple(name for name in LINKS if (HOME / name / "parameters.csv").exists())


@cache
def published(name):
    """Rows of a published plasma model that replace the default ones of the same symbol."""
    return read(HOME / "plasma" / "published" / f"{name}.csv", "plasma")


@cache
def published_names():
    """Names of the published plasma models at hand."""
    return tuple(sorted(path.stem for path in (HOME / "plasma" / "published").glob("*.csv")))


@cache
def sources():
    """Every source: key -> (citation, DOI or PMID, note), over all links."""
    found = {}
    for path in sorted(HOME.glob("*/sources.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            for cells in csv.DictReader(file):
                found[cells["key"]] = (cells["citation"], cells["doi_or_pmid"], cells["note"])
    return found
