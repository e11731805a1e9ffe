"""Tables of the page of trial: effects that must emerge, and the published figures."""

import inspect

from docutils import nodes
from ketaqsp_tables import link_to, number, table

from ketaqsp.trial.emergence import EFFECTS, shares
from ketaqsp.trial.published import published


def _share(row):
    """Share of the draws in which an effect holds, with Wilson's interval."""
    if row is None:
        return "not computed"
    share, low, high = (f"{100 * float(row[key]):.0f}" for key in ("share", "low", "high"))
    return f"{share}% ({low} to {high}%) of {row['ill']}"


def effects():
    """Table of every effect: what is claimed, when it counts as seen, what must take it away."""
    body = []
    found = shares()
    for effect in EFFECTS:
        seen = " ".join(inspect.getdoc(effect.holds).split())
        cut = [nodes.Text("none: nothing is to happen")] if not effect.cut else []
        for name in effect.cut:
            cut += [nodes.Text(" and ")] if cut else []
            cut.append(nodes.literal("", name))
        name = [nodes.literal("", effect.name), nodes.Text(f": {effect.statement}")]
        body.append((f"effect-{effect.name}", (name, seen, cut, _share(found.get(effect.name)))))
    head = ("effect", "counts as seen if", "and is gone after the cut", "share of the prior, 95%")
    return [table("effects", head, body)]


def published_figures():
    """Table of published.csv, in its order."""
    head = ("study", "arm", "time", "outcome", "value", "n", "in fit", "source", "confidence")
    body = []
    for place, figure in enumerate(published()):
        value = f"{number(figure.value)} {figure.unit}"
        if figure.spread:
            value += f" ({figure.spread})"
        source = [nodes.Text(f"{figure.citation}, "), *link_to(figure.doi_or_pmid)]
        source.append(nodes.Text(f" ({figure.place})"))
        if figure.note:
            source += [nodes.Text(" "), nodes.inline("", f"({figure.note})", classes=["note"])]
        confidence = [
            nodes.inline("", figure.confidence, classes=["confidence", figure.confidence])
        ]
        cells = (figure.study, figure.arm, figure.time_label, figure.outcome.replace("_", " "))
        n = figure.n if figure.n_of == "arm" or not figure.n else f"{figure.n} in {figure.n_of}"
        row = (*cells, value, n, figure.in_fit, source, confidence)
        body.append((f"figure-{place}", row))
    return [table("published-figures", head, body)]
