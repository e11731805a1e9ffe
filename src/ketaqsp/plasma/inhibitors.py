"""What other drugs do to the enzymes that take ketamine: factors by inhibitor and route.

Published ratios of one inhibitor by two routes do not fit one account of gut and liver, so each
route has factors of its own (rows of inhibitors.csv), and a run has one route.
"""

import csv
from functools import cache
from importlib.resources import files

from ketaqsp.errors import BadInput, unknown

FACTORS = ("cyp_liver", "cyp_gut", "cyp_nk")  # rows of parameters.csv that are 1 without one


@cache
def table():
    """Return {inhibitor: {route: {symbol: factor}}}, in the order of inhibitors.csv."""
    text = files("ketaqsp.plasma").joinpath("inhibitors.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        factors = {symbol: float(row[symbol]) for symbol in FACTORS}
        found.setdefault(row["inhibitor"], {})[row["route"]] = factors
    return found


def check(name):
    """Raise BadInput, with the nearest name, unless there is such an inhibitor."""
    if not isinstance(name, str) or name not in table():
        raise unknown("inhibitor", name, table(), field="inhibitor")


def factors(name, routes):
    """Return {symbol: factor} of an inhibitor, taken throughout, for ketamine by these routes.

    BadInput if nothing is known of a route, if two routes ask for different factors, or if no
    ketamine is given at all.
    """
    check(name)
    known = table()[name]
    if not routes:
        raise BadInput(
            f"inhibitor {name!r} without ketamine: it acts on ketamine, esketamine and arketamine "
            "alone. Leave it out.",
            field="inhibitor",
        )
    for route in routes:
        if route not in known:
            raise BadInput(
                f"inhibitor {name!r}: nothing published on ketamine by route {route!r}; allowed: "
                f"{', '.join(known)}. Use one of these routes, or leave the inhibitor out.",
                field="inhibitor",
            )
    first, *rest = sorted(routes)
    for other in rest:
        if known[other] != known[first]:
            raise BadInput(
                f"inhibitor {name!r} acts by other factors on route {first!r} than on {other!r} "
                "(published ratios do not agree); allowed: one route in a run. Give them apart.",
                field="inhibitor",
            )
    return dict(known[first])
