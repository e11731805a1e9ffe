"""`ketaqsp parameters`: every row of every table."""

from collections import Counter

from ketaqsp.cli.output import emit_json, emit_rich


def run(*, link, confidence, as_json):
    """List the rows, those of the published plasma models included."""
    from ketaqsp.errors import BadInput, unknown
    from ketaqsp.parameters import links
    from ketaqsp.parameters.table import CONFIDENCE

    if link is not None and link not in links():
        raise unknown("link", link, links())
    if confidence is not None and confidence not in CONFIDENCE:
        raise unknown("confidence", confidence, CONFIDENCE)
    entries = [
        e for e in listing() if link in (None, e["link"]) and confidence in (None, e["confidence"])
    ]
    if not entries:
        raise BadInput(f"{link} has no row with confidence {confidence!r}. Leave one of them out.")
    counts = Counter(e["confidence"] for e in entries)
    by_confidence = {name: counts[name] for name in CONFIDENCE if counts[name]}
    if not as_json:
        emit_rich(*_page(entries, by_confidence))
        return 0
    from ketaqsp.cli.identity import model_identity
    from ketaqsp.patient.summary import NOTICE

    emit_json(
        {
            "model": model_identity(),
            "count": len(entries),
            "by_confidence": by_confidence,
            "parameters": entries,
            "notice": NOTICE,
        }
    )
    return 0


def listing():
    """Every row as a dict with its source spelled out; `model` names a published plasma model."""
    from dataclasses import asdict

    from ketaqsp.parameters import rows, sources
    from ketaqsp.parameters.table import published, published_names

    known = sources()
    tables = [("default", rows()), *((name, published(name)) for name in published_names())]
    out = []
    for model, found in tables:
        for row in found:
            citation, doi, _ = known[row.source]
            out.append({**asdict(row), "model": model, "citation": citation, "doi_or_pmid": doi})
    return out


def _page(entries, by_confidence):
    """Two lines a row, as seven columns and a meaning do not fit on a terminal."""
    from rich.padding import Padding
    from rich.text import Text

    from ketaqsp.patient.summary import NOTICE

    yield (
        "Value and unit; in square brackets 95% of the prior; omega is the SD between patients of "
        "the logarithm (of the logit for a fraction); confidence; source."
    )
    for link, model in dict.fromkeys((e["link"], e["model"]) for e in entries):
        title = link if model == "default" else f"{link}, published model {model} (--pk {model})"
        yield Text(f"\n{title}", style="bold")
        for e in (e for e in entries if (e["link"], e["model"]) == (link, model)):
            yield Padding(Text(_line(e)), (0, 0, 0, 2))
            yield Padding(Text(e["meaning"], style="dim"), (0, 0, 0, 6))
    yield Text("\nsources", style="bold")
    known = {e["source"]: (e["citation"], e["doi_or_pmid"]) for e in entries}
    for key in sorted(known):
        citation, doi = known[key]
        yield Padding(Text(f"{key}: {citation}{f'. {doi}' if doi else ''}"), (0, 0, 0, 2))
    said = ", ".join(f"{name} {count}" for name, count in by_confidence.items())
    yield f"\n{sum(by_confidence.values())} rows by confidence: {said}"
    yield NOTICE


def _line(e):
    """'tau_mood = 0.75 h [0.5 to 1.13], recalled, murrough2013b'."""
    value, fold = e["value"], e["prior_fold"]
    ends = sorted((value / fold, value * fold))
    prior = f" [{ends[0]:.3g} to {ends[1]:.3g}]" if fold > 1 else " (fixed)"
    unit = "" if e["unit"] == "1" else f" {e['unit']}"
    spread = f", omega {e['omega']:.3g}" if e["omega"] else ""
    role = "" if e["role"] == "default" else f", {e['role']}"
    return (
        f"{e['symbol']} = {value:.6g}{unit}{prior}{spread}, {e['confidence']}{role}, {e['source']}"
    )
