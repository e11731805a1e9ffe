"""What each drug is: molar mass, the analytes it delivers, its routes, and believable amounts.

The numbers are rows of ``drugs.csv``. A limit there is no advice on dosing: it is far above what
is given to anyone, and catches a slip of the unit (70 mg/kg for 70 mg).
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ketaqsp.errors import BadInput, unknown

ROUTES = {
    "iv": "intravenous",
    "im": "intramuscular",
    "sc": "subcutaneous",
    "in": "intranasal",
    "po": "by mouth",
    "po_er": "by mouth, extended release",
    "sl": "sublingual",
}
# What people write for a route, by the word that is read here.
ALSO_SAID = {
    "intravenous": "iv",
    "infusion": "iv",
    "intramuscular": "im",
    "subcutaneous": "sc",
    "intranasal": "in",
    "nasal": "in",
    "spray": "in",
    "oral": "po",
    "by mouth": "po",
    "sublingual": "sl",
    "extended release": "po_er",
    "er": "po_er",
    "xr": "po_er",
    "tablet": "po",
    "lozenge": "sl",
}
# Routes by which a pump may run; by the others a dose goes in at once.
PUMPED = ("iv", "sc")

# Limits in mg are those in mg/kg for a heavy adult.
HEAVY_ADULT_KG = 100.0


@dataclass(frozen=True)
class Drug:
    """One row of drugs.csv. Molar mass in g/mol of base; limits in mg, mg/kg and mg/kg/h.

    ``analytes`` are pairs (name, fraction of the moles). ``min_mg`` has no mg/kg counterpart: it
    is there because 0.5 mg of ketamine is mostly a lost '/kg'.
    """

    name: str
    molar_mass: float | None
    analytes: tuple[tuple[str, float], ...]
    routes: tuple[str, ...]
    min_mg: float | None
    max_mg: float | None
    max_mg_per_kg: float | None
    max_mg_per_kg_h: float | None
    reason: str

    @property
    def takes_dose(self):
        """False for saline and none."""
        return bool(self.analytes)


@cache
def table():
    """Return {name: Drug}, in the order of drugs.csv."""
    text = files("ketaqsp.dose").joinpath("drugs.csv").read_text(encoding="utf-8")
    return {row["drug"]: _drug(row) for row in csv.DictReader(text.splitlines())}


def _drug(row):
    pairs = (pair.split(":") for pair in row["analytes"].split(";") if pair)
    limits = ("molar_mass", "min_mg", "max_mg", "max_mg_per_kg", "max_mg_per_kg_h")
    return Drug(
        name=row["drug"],
        analytes=tuple((name, float(fraction)) for name, fraction in pairs),
        routes=tuple(route for route in row["routes"].split(";") if route),
        reason=row["reason"],
        **{key: float(row[key]) if row[key] else None for key in limits},
    )


def drug(name):
    """Return the Drug called ``name``; BadInput names the nearest one if there is none."""
    if not isinstance(name, str) or name not in table():
        raise unknown("drug", name, table(), field="drug")
    return table()[name]


def analytes():
    """Return the names of all analytes that some drug delivers, each once."""
    return tuple(dict.fromkeys(name for drug in table().values() for name, _ in drug.analytes))


def check_route(name, route):
    """Raise BadInput unless ``route`` is a route that drug ``name`` has."""
    if not isinstance(route, str) or route not in ROUTES:
        meant = ALSO_SAID.get(str(route).strip().lower())
        if meant:
            raise BadInput(f"unknown route {route!r}; did you mean {meant!r}?", field="route")
        raise unknown("route", route, ROUTES, field="route")
    now = drug(name).routes
    if route not in now:
        listing = ", ".join(f"{r} ({ROUTES[r]})" for r in now)
        raise BadInput(
            f"route {route!r} ({ROUTES[route]}) of {name} is not available: its uptake has no "
            f"parameters here. {name} has: {listing}. Use 'route: {now[0]}'.",
            field="route",
        )
