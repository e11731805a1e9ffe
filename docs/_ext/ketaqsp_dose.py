"""Tables of the page of dose: what a regimen may give, and into which state it goes."""

import csv

from docutils import nodes
from ketaqsp_equations import model
from ketaqsp_tables import cited_sources, table

from ketaqsp.dose.drugs import table as known_drugs
from ketaqsp.dose.routes import inputs as inputs_of
from ketaqsp.parameters.table import HOME


def drugs():
    """Table of drugs.csv: what can be given, and what amount is refused as a slip."""
    with open(HOME / "dose" / "drugs.csv", encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    head = ("drug", "g/mol", "delivers", "routes", "amount accepted", "why that limit")
    body = []
    for row in found:
        per_kg = f", {row['max_mg_per_kg']} mg/kg" if row["max_mg_per_kg"] else ""
        amount = f"{row['min_mg']} to {row['max_mg']} mg{per_kg}" if row["max_mg"] else "no dose"
        drug = [nodes.literal("", row["drug"])]
        delivers = row["analytes"].replace(";", ", ").replace(":", " × ")
        routes = row["routes"].replace(";", ", ")
        why = [nodes.Text(f"{row['reason']}; {row['confidence']}")]
        if row["note"]:
            why += [nodes.Text(" "), nodes.inline("", f"({row['note']})", classes=["note"])]
        body.append(
            (f"drug-{row['drug']}", (drug, row["molar_mass"], delivers, routes, amount, why))
        )
    keys = [key for row in found for key in row["source"].split(";") if key]
    return [table("drugs", head, body), *cited_sources(keys, "drug")]


def inputs():
    """Table of the inputs that a drug and its routes can reach: unit, state, drugs."""
    into = {name: state for system in model().linear for name, state in system.inputs}
    given = {}
    for drug in known_drugs().values():
        for name, routes in inputs_of(drug.name).items():
            given.setdefault(name, []).append(f"{drug.name} ({', '.join(routes)})")
    body = []
    for name, state in into.items():
        if name in given:
            cells = ([nodes.literal("", f"input_{name}")], "umol/h", [nodes.literal("", state)])
            body.append((f"input-{name}", (*cells, ", ".join(given[name]))))
    return [table("inputs", ("input", "unit", "enters the state", "given by"), body)]


def inhibitors():
    """Table of inhibitors.csv: factors by inhibitor and route, and the ratio behind them."""
    with open(HOME / "plasma" / "inhibitors.csv", encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    head = ("inhibitor", "route", "liver", "gut", "norketamine", "published area ratio", "how")
    body = []
    for row in found:
        how = f"{row['confidence']}; {row['note']}"
        factors = (row["cyp_liver"], row["cyp_gut"], row["cyp_nk"])
        cells = ([nodes.literal("", row["inhibitor"])], row["route"], *factors)
        key = f"inhibitor-{row['inhibitor']}-{row['route']}".replace("_", "-")
        body.append((key, (*cells, row["auc_ratio"], how)))
    keys = [row["source"] for row in found]
    return [table("inhibitors", head, body), *cited_sources(keys, "inhibitor")]
