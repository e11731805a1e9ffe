"""Parameter tables, sources and cuts as docutils nodes, read from the files of the package."""

import math

import ketaqsp_mathml as mathml
from docutils import nodes

from ketaqsp.chain import CUTS, SCENARIOS
from ketaqsp.parameters import rows
from ketaqsp.parameters.table import published, sources

HEAD = tuple("symbol,meaning,value,unit,between people,prior (95%),source,confidence".split(","))
LEGEND = (
    "Unit 1 is dimensionless, log the natural logarithm of a ratio. Between people: how far "
    "patients differ; prior: how far the value itself may be off. A row marked alternative is a "
    "rival value that is used only when it is set."
)


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


def number(value, digits=4):
    """So many digits, without trailing zeros; a large number is written out."""
    text = f"{value:.{digits}g}"
    return (f"{float(text):.0f}" if "e+" in text else text).replace("-", "−")


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
    return f"{number(low, 3)} to {number(high, 3)}"


def link_to(identifier):
    """A reference for a DOI or PubMed number; plain text for another; nothing for none."""
    if identifier.startswith("10."):
        address, text = f"https://doi.org/{identifier}", f"doi:{identifier}"
    elif identifier.startswith("PMID "):
        address, text = f"https://pubmed.ncbi.nlm.nih.gov/{identifier[5:]}/", identifier
    else:
        return [nodes.Text(identifier)] if identifier else []
    return [nodes.reference("", text, refuri=address, internal=False)]


def parameters(link, chosen=None, tag="", said=()):
    """Table of the rows of a link, and the list of the sources that they name.

    said: notes that are told above the table and left out in it.
    Raises ValueError where a row names a source that no sources.csv has.
    """
    chosen = rows(link) if chosen is None else chosen
    known, body = sources(), []
    for row in chosen:
        if row.source not in known:
            raise ValueError(f"{link}: {row.symbol} names source {row.source!r}; no table has it")
        note = "" if row.note in said else row.note
        cells = _cells(row, note, _ident(tag + link, row.source), known)
        body.append((f"parameter-{tag}{link}-{row.symbol}", cells))
    label = f"parameters-{tag}{link}".replace("_", "-")
    legend = [] if tag else [nodes.paragraph("", LEGEND)]
    cited = cited_sources((row.source for row in chosen), tag + link)
    return [*legend, table(label, HEAD, body), *cited]


def _cells(row, note, ident, known):
    drawn = raw(mathml.inline(mathml.parameter(row.symbol)))
    symbol = [drawn, nodes.Text(" "), nodes.literal("", row.symbol)]
    if row.role != "default":
        symbol += [nodes.Text(" "), nodes.inline("", row.role, classes=["role"])]
    meaning = [nodes.Text(row.meaning)]
    if note:
        meaning += [nodes.Text(" "), nodes.inline("", f"({note})", classes=["note"])]
    source = [nodes.reference("", row.source, refid=ident, internal=True)]
    identifier = known[row.source][1]
    if identifier:
        source += [nodes.Text(", "), *link_to(identifier)]
    where = "; ".join(part for part in (row.place, row.species, row.population) if part)
    source.append(nodes.Text(f" ({where})"))
    confidence = [nodes.inline("", row.confidence, classes=["confidence", row.confidence])]
    return (
        *(symbol, meaning, number(row.value), row.unit, spread(row), prior(row)),
        *(source, confidence),
    )


def _ident(where, key):
    return f"source-{where}-{key}".replace("_", "-")


def cited_sources(keys, where):
    """A rubric and the list of the sources with these keys; ids say where they are cited."""
    out = nodes.bullet_list(bullet="-")
    for key in sorted(set(keys)):
        citation, identifier, note = sources()[key]
        text = nodes.paragraph("", "", nodes.literal("", key), nodes.Text(f": {citation}. "))
        text += link_to(identifier)
        if note:
            text += nodes.Text(f" ({note})")
        out += nodes.list_item("", text, ids=[_ident(where, key)])
    return [nodes.rubric("", "Sources"), out]


def model_of_plasma(name):
    """Rows of a published plasma model with its sources; its validity stands in the notes."""
    chosen = published(name)
    valid = dict.fromkeys(row.note for row in chosen if row.note)
    text = f": {'; '.join(note.rstrip('.') for note in valid)}."
    said = nodes.paragraph("", "", nodes.literal("", name), nodes.Text(text))
    return [said, *parameters("plasma", chosen, f"{name}-", valid)]


def cuts(link):
    """Table of the cuts and scenarios that change a row of this link, or a sentence if none do."""
    mine = {row.symbol: row for row in rows(link) if row.role == "default"}
    body = []
    for kind, known in (("cut", CUTS), ("scenario", SCENARIOS)):
        for name, changes in known.items():
            here = [(mine[s], value) for s, value in changes.items() if s in mine]
            if here:
                ask = [nodes.literal("", f'{kind}="{name}"')]
                body.append((f"{kind}-{link}-{name}", (ask, *_changes(here))))
    if not body:
        return [nodes.paragraph("", "No named cut or scenario changes a row of this link.")]
    return [table(f"cuts-{link}", ("ask for", "changes", "which is"), body)]


def _changes(found):
    """Two cells: which rows change from what to what, and what they mean."""
    change, meaning = [], "; ".join(row.meaning for row, _ in found)
    for row, value in found:
        change += [nodes.Text("; ")] if change else []
        change.append(nodes.literal("", row.symbol))
        change.append(nodes.Text(f" from {number(row.value)} to {number(value)}"))
    return change, meaning
