"""The tables of covariates: what they are, how a population has them, how they go together."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ketaqsp.errors import BadInput
from ketaqsp.parameters.table import CONFIDENCE

HOME = Path(__file__).resolve().parent
KINDS = ("normal", "lognormal", "fraction", "count", "dose", "ancestry", "alleles")
MOMENTS = ("mean", "sd", "min", "max")
ANCESTRIES = ("european", "east_asian", "african")  # codes 0, 1, 2; the first is the rest
PRESETS = {
    "trd": "treatment-resistant depression, adults of the ketamine trials",
    "mdd": "major depression, not resistant",
    "bipolar": "resistant depression in bipolar disorder, on a mood stabiliser",
    "late_life": "treatment-resistant depression from 65 years",
    "healthy": "volunteers who are not ill",
}
WELL = ("healthy",)  # populations that rest at the well end of the landscape


@dataclass(frozen=True)
class Covariate:
    """What is known of a person. kind: how it is spread; low, high: what can be, in `unit`."""

    name: str
    long_name: str
    unit: str
    kind: str
    low: float
    high: float
    note: str

    @property
    def discrete(self):
        return self.kind in ("fraction", "count")


@dataclass(frozen=True)
class Figure:
    """One number of a population: measure is mean, sd, min, max, fraction or an ancestry."""

    preset: str
    covariate: str
    measure: str
    value: float
    unit: str
    n: str
    source: str
    place: str
    confidence: str
    note: str


def table(name):
    """Rows of patient/NAME.csv as dicts with their place, cells checked for number."""
    with open(HOME / f"{name}.csv", encoding="utf-8", newline="") as file:
        for line, cells in enumerate(csv.DictReader(file), 2):
            where = f"patient/{name}.csv, row {line}"
            if None in cells or None in cells.values():
                raise BadInput(f"{where}: wrong number of cells; quote cells with commas")
            if cells.get("confidence", "read") not in CONFIDENCE:
                raise BadInput(f"{where}: confidence {cells['confidence']!r}, not {CONFIDENCE}")
            yield where, cells


def number(where, cells, column):
    """A cell as a finite float."""
    try:
        value = float(cells[column])
    except ValueError:
        raise BadInput(f"{where}, column {column}: {cells[column]!r} is not a number") from None
    if not abs(value) < 1e300:
        raise BadInput(f"{where}, column {column}: {cells[column]!r} is not finite")
    return value


@cache
def covariates():
    """{name: Covariate} in the order in which they are drawn."""
    found = {}
    for where, cells in table("covariates"):
        low, high = number(where, cells, "low"), number(where, cells, "high")
        if cells["kind"] not in KINDS or not low < high:
            raise BadInput(f"{where}: kind {cells['kind']!r} of {KINDS}, low below high")
        found[cells["name"]] = Covariate(**{**cells, "low": low, "high": high})
    return found


@cache
def figures():
    """Every Figure of every population."""
    out = []
    for where, cells in table("populations"):
        if cells["preset"] not in (*PRESETS, "any") or cells["covariate"] not in covariates():
            raise BadInput(f"{where}: no population or covariate of this name")
        out.append(Figure(**{**cells, "value": number(where, cells, "value")}))
    return tuple(out)


@cache
def figures_of(preset):
    """{covariate: {measure: value}} of a population; where it has none, those of `any`."""
    found = {}
    for name in covariates():
        mine = [f for f in figures() if f.covariate == name]
        own = [f for f in mine if f.preset == preset] or [f for f in mine if f.preset == "any"]
        found[name] = {f.measure: f.value for f in own}
    return found


@cache
def correlations():
    """{(first, second): value} between latent normals; a pair is written once."""
    found = {}
    for where, cells in table("correlations"):
        pair = (cells["first"], cells["second"])
        if pair[0] == pair[1] or pair in found or pair[::-1] in found:
            raise BadInput(f"{where}: {pair} is there twice")
        if not {*pair} <= set(linked()):
            raise BadInput(f"{where}: {pair} are not both covariates that correlate")
        value = number(where, cells, "value")
        if not -1 < value < 1:
            raise BadInput(f"{where}: {value:g}; allowed: between -1 and 1")
        found[pair] = value
    return found


@cache
def linked():
    """Names of the covariates that are drawn together, in order."""
    kinds = ("normal", "lognormal", "fraction", "count")
    return tuple(name for name, c in covariates().items() if c.kind in kinds)


def matrix(names=None):
    """The correlation matrix of `names` (default: all that are linked), checked to be possible.

    Raises BadInput unless it is positive definite.
    """
    import numpy as np

    names = linked() if names is None else tuple(names)
    place = {name: i for i, name in enumerate(names)}
    out = np.eye(len(names))
    for (a, b), value in correlations().items():
        if a in place and b in place:
            out[place[a], place[b]] = out[place[b], place[a]] = value
    return possible(out)


def possible(matrix):
    """The matrix itself if it is positive definite, else BadInput."""
    import numpy as np

    least = np.linalg.eigvalsh(matrix).min()
    if not least > 1e-9:
        raise BadInput(
            f"the correlations of covariates cannot hold together: least eigenvalue {least:.3g}, "
            "allowed: above 0. Bring some of patient/correlations.csv nearer to 0."
        )
    return matrix
