"""Published outcomes of the trials in protocols/: read from observed_outcomes.csv."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ketaqsp.errors import BadInput

COLUMNS = (
    "protocol,arm,phase,time_h,outcome,scale,value,unit,spread,n,study,doi_or_pmid,place,confidence"
).split(",")
OUTCOMES = ("response", "remission", "mean_change", "relapse_free")


@dataclass(frozen=True)
class Observed:
    """One printed figure: shares in percent, changes in points, hours from the phase's start."""

    protocol: str
    arm: str
    phase: str
    time_h: float
    outcome: str
    scale: str
    value: float
    unit: str
    spread: str
    n: str
    study: str
    doi_or_pmid: str
    place: str
    confidence: str


@cache
def outcomes():
    """Every figure, in the order of the file. BadInput names the row and column of a bad cell."""
    path = Path(__file__).with_name("observed_outcomes.csv")
    found = []
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise BadInput(f"{path.name}: columns are {reader.fieldnames}, expected {COLUMNS}")
        for line, cells in enumerate(reader, 2):
            if cells["outcome"] not in OUTCOMES or cells["unit"] not in ("percent", "points"):
                raise BadInput(f"{path.name}, row {line}: outcome or unit is not known.")
            numbers = {k: float(cells[k]) for k in ("time_h", "value")}
            found.append(Observed(**{**cells, **numbers}))
    return tuple(found)


def of(protocol, arm=None, outcome=None):
    """Figures of a protocol by its name, of one arm or of all, of one outcome or of all."""
    return tuple(
        o
        for o in outcomes()
        if o.protocol == protocol
        and (arm is None or o.arm == arm)
        and (outcome is None or o.outcome == outcome)
    )
