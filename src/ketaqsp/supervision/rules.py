"""The table of rules. A rule without a check names a fact that the simulator has not."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("rules.csv")


@dataclass(frozen=True)
class Rule:
    """One rule: limit in `unit`, counted over patients or sessions, and where it comes from.

    applies: all | vein | im | per_kg, the doses that it speaks of. check: name of the function
    that runs it; where empty, why_not says which fact is missing.
    """

    rule: str
    topic: str
    said: str
    limit: str
    unit: str
    counts: str
    applies: str
    check: str
    why_not: str
    source: str
    doi: str
    confidence: str

    @property
    def limits(self):
        """The numbers of `limit`: "160/100, 110" gives (160, 100, 110); "any" gives (0,)."""
        if self.limit == "any":
            return (0.0,)
        return tuple(float(x) for x in self.limit.replace("/", ",").split(","))


@cache
def rules():
    """Every rule, in the order of the table: those that are run first."""
    with open(TABLE, encoding="utf-8", newline="") as file:
        return tuple(Rule(**cells) for cells in csv.DictReader(file))
