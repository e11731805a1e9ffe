"""Parameter tables, sources, cuts and drugs as docutils nodes, read from the files of the package."""

import csv
import math

import ketaqsp_mathml as mathml
from docutils import nodes

from ketaqsp.chain import CUTS, SCENARIOS
from ketaqsp.parameters import rows
from ketaqsp.parameters.table import HOME, published, sources

HEAD = (
    "symbol", "meaning", "value", "unit", "spread between people", "prior, 95%",
    "source", "confidence", "role", "note",
)  # fmt: skip


def table(ident, head, body):
    """A table; body rows are (id or None, cells), a cell being text or a list of nodes."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    top = nodes.thead("", _row(None, head))
    group += [top, nodes.tbody("", *(_row(name, cells) for name, cells in body))]
    return nodes.table("", group, ids=[ident], classes=["ketaqsp"])


def _row(ident, cells):
    row = nodes.row(ids=[ident] if ident else [])
    for cell in cells:
        inside = [nodes.Text(cell)] if isinstance(cell, str) else cell
        row += nodes.entry("", nodes.paragraph("", "", *inside))
    return row


def raw(html):
    """HTML that is part of the page as it stands."""
    return nodes.raw("", html, format="html")


def number(value):
    """Four digits, without trailing zeros."""
    return f"{value:.4g}".replace("-", "−")


def spread(row):
    """Spread between people, in the words of its scale."""
    if row.omega == 0:
        return "none"
    if row.unit == "fraction" and 0 < row.value < 1:
        return f"logit SD {row.omega:.2g}"
    if row.unit == "log":
        return f"SD {row.omega:.2g}"
    return f"CV {100 * math.sqrt(math.expm1(row.omega**2)):.0f}%"


def prior(row):
    """Range that holds 95% of the prior, as patient.prior draws it."""
    value, fold = row.value, row.prior_fold
    if fold <= 1 or value == 0:
        return "fixed"
    low, high = value / fold, value * fold
    if row.unit == "fraction" and 0 < value < 1:
        odds = value / (1 - value)
        low, high = (o / (1 + o) for o in (odds / fold, odds * fold))
    return f"{low:.3g} to {high:.3g}"


def link_to(identifier):
    """A reference for a DOI or PubMed number; plain text for another; nothing for none."""
    if identifier.startswith("10."):
        address, text = f"https://doi.org/{identifier}", f"doi:{identifier}"
    elif identifier.startswith("PMID "):
        address, text = f"https://pubmed.ncbi.nlm.nih.gov/{identifier[5:]}/", identifier
    else:
        return [nodes.Text(identifier)] if identifier else []
    return [nodes.reference("", text, refuri=address, internal=False)]


def parameters(link, chosen=None, tag=""):
    """Table of the rows of a link, and the list of the sources that they name.

    Raises ValueError where a row names a source that no sources.csv has.
    """
    chosen = rows(link) if chosen is None else chosen
    known, body, cited = sources(), [], {}
    for row in chosen:
        if row.source not in known:
            raise ValueError(f"{link}: {row.symbol} names source {row.source!r}; no table has it")
        ident = f"source-{tag}{link}-{row.source}".replace("_", "-")
        cited[row.source] = ident
        body.append((f"parameter-{tag}{link}-{row.symbol}", _cells(row, ident, known)))
    label = f"parameters-{tag}{link}".replace("_", "-")
    return [table(label, HEAD, body), nodes.rubric("", "Sources"), _sources(cited, known)]


def _cells(row, ident, known):
    symbol = [raw(mathml.inline(mathml.parameter(row.symbol))), nodes.Text(" "), nodes.literal("", row.symbol)]
    source = [nodes.reference("", row.source, refid=ident, internal=True)]
    identifier = known[row.source][1]
    if identifier:
        source += [nodes.Text(", "), *link_to(identifier)]
    where = "; ".join(part for part in (row.place, row.species, row.population) if part)
    source.append(nodes.Text(f" ({where})"))
    confidence = [nodes.inline("", row.confidence, classes=["confidence", row.confidence])]
    return (
        *(symbol, row.meaning, number(row.value), row.unit, spread(row), prior(row)),
        *(source, confidence, row.role, row.note),
    )


def _sources(cited, known):
    out = nodes.bullet_list(bullet="-")
    for key, ident in sorted(cited.items()):
        citation, identifier, note = known[key]
        text = nodes.paragraph("", "", nodes.literal("", key), nodes.Text(f": {citation}. "))
        text += link_to(identifier)
        if note:
            text += nodes.Text(f" ({note})")
        out += nodes.list_item("", text, ids=[ident])
    return out


def model_of_plasma(name):
    """Rows of a published plasma model with its sources; its validity stands in the notes."""
    chosen = published(name)
    valid = dict.fromkeys(row.note for row in chosen if row.note)
    said = nodes.paragraph("", "", nodes.literal("", name), nodes.Text(f": {'; '.join(valid)}."))
    return [said, *parameters("plasma", chosen, f"{name}-")]


def cuts(link):
    """Table of the cuts and scenarios that change a row of this link, or a sentence if none do."""
    mine = {row.symbol: row for row in rows(link) if row.role == "default"}
    body = []
    for kind, known in (("cut", CUTS), ("scenario", SCENARIOS)):
        for name, changes in known.items():
            for symbol, value in changes.items():
                if symbol in mine:
                    ask = [nodes.literal("", f'{kind}="{name}"')]
                    row = mine[symbol]
                    change = [
                        nodes.literal("", symbol),
                        nodes.Text(f" from {number(row.value)} to {number(value)}"),
                    ]
                    body.append((f"{kind}-{name}-{symbol}", (ask, change, row.meaning)))
    if not body:
        return [nodes.paragraph("", "No named cut or scenario changes a row of this link.")]
    return [table(f"cuts-{link}", ("ask for", "changes", "which is"), body)]


def drugs():
    """Table of drugs.csv: what can be given, and what amount is refused as a slip."""
    with open(HOME / "dose" / "drugs.csv", encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    head = ("drug", "g/mol", "delivers", "routes", "amount accepted", "why that limit", "note")
    body = []
    for row in found:
        per_kg = f", {row['max_mg_per_kg']} mg/kg" if row["max_mg_per_kg"] else ""
        amount = f"{row['min_mg']} to {row['max_mg']} mg{per_kg}" if row["max_mg"] else "no dose"
        drug = [nodes.literal("", row["drug"])]
        delivers = row["analytes"].replace(";", ", ").replace(":", " × ")
        routes = row["routes"].replace(";", ", ")
        rest = (routes, amount, row["reason"], row["note"])
        body.append((f"drug-{row['drug']}", (drug, row["molar_mass"], delivers, *rest)))
    keys = dict.fromkeys(key for row in found for key in row["source"].split(";") if key)
    cited = {key: f"source-drug-{key}".replace("_", "-") for key in keys}
    return [table("drugs", head, body), nodes.rubric("", "Sources"), _sources(cited, sources())]
