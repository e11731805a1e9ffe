"""Published figures that the demonstration sets beside its own: read from published.csv."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ketaqsp.errors import BadInput

COLUMNS = (
    "study,treatment,arm,time_h,time_label,outcome,value,unit,spread,n,citation,doi_or_pmid,place,"
    "confidence,note"
).split(",")
TREATMENTS = ("ketamine", "control")
OUTCOMES = ("response", "remission", "change_mean", "change_sd", "relapse_free")


@dataclass(frozen=True)
class Figure:
    """One printed number: shares in percent, changes in MADRS points, time in h."""

    study: str
    treatment: str
    arm: str
    time_h: float
    time_label: str
    outcome: str
    value: float
    unit: str
    spread: str
    n: str
    citation: str
    doi_or_pmid: str
    place: str
    confidence: str
    note: str


@cache
def published():
    """Every figure, in the order of the file. BadInput names the row and column of a bad cell."""
    path = Path(__file__).with_name("published.csv")
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise BadInput(f"{path.name}: columns are {reader.fieldnames}, expected {COLUMNS}")
        return tuple(_figure(cells, f"{path.name}, row {i}") for i, cells in enumerate(reader, 2))


def _figure(cells, where):
    checks = (
        ("treatment", TREATMENTS),
        ("outcome", OUTCOMES),
        ("unit", ("percent", "points")),
        ("confidence", ("read", "recalled", "derived")),
    )
    for column, allowed in checks:
        if cells[column] not in allowed:
            raise BadInput(f"{where}, column {column}: {cells[column]!r}, allowed: {allowed}")
    numbers = {}
    for column in ("time_h", "value"):
        try:
            numbers[column] = float(cells[column])
        except ValueError:
            raise BadInput(f"{where}, column {column}: {cells[column]!r} is no number") from None
    return Figure(**{**cells, **numbers})


def beside(outcome, treatment, time_h=None):
    """The figures of one outcome and treatment, at one time or at all."""
    return tuple(
        f
        for f in published()
        if f.outcome == outcome
        and f.treatment == treatment
        and (time_h is None or abs(f.time_h - time_h) < 1e-9)
    )
