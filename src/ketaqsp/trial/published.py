"""Published figures that the demonstration sets beside its own: read from published.csv."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ketaqsp.errors import BadInput
from ketaqsp.trial.endpoints import Z95, wilson

COLUMNS = (
    "study,treatment,arm,time_h,time_label,outcome,value,unit,spread,n,n_of,citation,doi_or_pmid,"
    "place,confidence,note,in_fit"
).split(",")
TREATMENTS = ("ketamine", "control")
OUTCOMES = ("response", "remission", "change_mean", "change_sd", "relapse_free")


@dataclass(frozen=True)
class Figure:
    """One printed number: shares in percent, changes in MADRS points, time in h.

    n_of: "arm" if n counts the patients of this arm, "all arms" if of all together. in_fit:
    "yes" if the calibration was given this number, so that agreement with it proves nothing.
    """

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
    n_of: str
    citation: str
    doi_or_pmid: str
    place: str
    confidence: str
    note: str
    in_fit: str

    @property
    def interval(self):
        """95% interval, (low, high) in the unit of value, from n and its kind; None if unknown.

        Of a share Wilson's; of a mean change value +- 1.96 SD/sqrt(n), with the SD of the same
        study. Computed here, not printed there. None where n is not the arm's own.
        """
        if self.n_of != "arm" or not self.n:
            return None
        n = float(self.n)
        if self.unit == "percent":
            low, high = wilson(round(self.value / 100 * n), n)
            return 100 * low, 100 * high
        sd = next((f.value for f in beside("change_sd", self.treatment, self.time_h)
                   if f.study == self.study), None)  # fmt: skip
        if self.outcome != "change_mean" or sd is None:
            return None
        return self.value - Z95 * sd / n**0.5, self.value + Z95 * sd / n**0.5


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
        ("n_of", ("arm", "all arms")),
        ("in_fit", ("yes", "no")),
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
