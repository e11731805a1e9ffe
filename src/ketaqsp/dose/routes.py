"""Where a dose goes in and how fast it is let go there, by drug and route: rows of routes.csv.

What happens behind that place (how much is taken up, how fast, what the liver takes) is the link
plasma's.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ketaqsp.dose.drugs import check_route, drug

# Forms of ketamine share the routes of the racemate: the mirror image changes no mucosa.
SAME_AS = {"esketamine": "ketamine", "arketamine": "ketamine"}
# Nasal sprays of one sitting count together: the label gives them five minutes apart.
SITTING_H = 1.0


@dataclass(frozen=True)
class Entry:
    """One row of routes.csv.

    site: name of the place that a dose goes into, "" for plasma itself. release_h: the dose is let
    go at a constant rate over this time, 0 at once. lag_h: time before that. first_mg: what goes
    beyond this amount in one sitting goes to `later` instead, None where there is no such limit.
    """

    site: str
    release_h: float
    lag_h: float
    first_mg: float | None

    @property
    def later(self):
        """Site of what goes beyond first_mg."""
        return f"{self.site}_later"

    @property
    def sites(self):
        """Every site that a dose by this route may reach; none for plasma itself."""
        if not self.site:
            return ()
        return (self.site,) if self.first_mg is None else (self.site, self.later)


@cache
def table():
    """Return {(drug, route): Entry}, in the order of routes.csv."""
    text = files("ketaqsp.dose").joinpath("routes.csv").read_text(encoding="utf-8")
    return {
        (row["drug"], row["route"]): Entry(
            row["site"],
            float(row["release_h"]),
            float(row["lag_h"]),
            float(row["first_mg"]) if row["first_mg"] else None,
        )
        for row in csv.DictReader(text.splitlines())
    }


def entry(name, route):
    """Return the Entry of a drug by a route; BadInput if there is no such drug or route."""
    check_route(name, route)
    return table()[SAME_AS.get(name, name), route]


def into(analyte, site):
    """Name of the input by which an analyte enters a site: `ketamine_s_nose`; "" is plasma."""
    return f"{analyte}_{site}" if site else analyte


def places(doses):
    """Inputs beside plasma that some doses use, as `ketamine_nose`: sorted, forms as one."""
    found = set()
    for name, route in {(dose.drug, dose.route) for dose in doses}:
        base = SAME_AS.get(name, name)
        found |= {into(base, site) for site in entry(name, route).sites}
    return tuple(sorted(found))


def inputs(name):
    """Every input that a drug can reach: {input: routes that lead there}."""
    found = {}
    for route in drug(name).routes:
        for analyte, _ in drug(name).analytes:
            for site in entry(name, route).sites or ("",):
                found.setdefault(into(analyte, site), []).append(route)
    return found
