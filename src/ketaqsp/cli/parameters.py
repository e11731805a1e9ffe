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
    if as_json:
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
    else:
        from ketaqsp.cli.tables import parameter_tables

        emit_rich(*parameter_tables(entries, by_confidence))
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
