"""Published outcomes of the trials in protocols/: read from observed_outcomes.csv."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ketaqsp.errors import BadInput
from ketaqsp.trial.endpoints import Z95, wilson

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

    @property
    def interval(self):
        """95% interval, (low, high) in the unit of value; None if it cannot be known.

        Of a share Wilson's from n; of a change value +- 1.96 SE, where SE or SD was printed.
        Computed here, not printed there.
        """
        if self.unit == "percent":
            if not self.n:
                return None
            low, high = wilson(round(self.value / 100 * float(self.n)), float(self.n))
            return 100 * low, 100 * high
        found = re.match(r"(SE|SD) ([\d.]+)", self.spread)
        if found is None or (found[1] == "SD" and not self.n):
            return None
        se = float(found[2]) / (float(self.n) ** 0.5 if found[1] == "SD" else 1.0)
        return self.value - Z95 * se, self.value + Z95 * se


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
