"""Tables for the terminal."""

from rich.table import Table

from ketaqsp.errors import KetaqspError

PEAK_NAMES = {
    "ketamine_venous": "ketamine (S+R), forearm vein",
    "ketamine_arterial": "ketamine (S+R), artery",
    "nmda_block_sst": "NMDA block on SST interneurons",
}


def _range(entry, prefix, form):
    """Median and 10-90%."""
    low, middle, high = (entry[f"{prefix}_p{p}"] for p in (10, 50, 90))
    if middle is None:
        return "none solved"
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def _time(hours):
    return f"{hours:g} h" if hours < 48 else f"{hours / 24:g} d"


def _percent(share):
    return "none solved" if share is None else f"{100 * share:.0f}%"


def simulate_tables(report):
    """What `simulate` prints: a table by time, the peaks, what made it."""
    by_time = Table(
        title=f"{report['patients']} patients: median (10 to 90%)", title_justify="left"
    )
    by_time.add_column("time", justify="right")
    for heading in ("MADRS", "response", "remission", "spine density (before = 1)"):
        by_time.add_column(heading, justify="right")
    for entry in report["summary"]:
        by_time.add_row(
            _time(entry["time_h"]),
            _range(entry, "madrs", ".1f"),
            _percent(entry["response"]),
            _percent(entry["remission"]),
            _range(entry, "spine_density", ".3f"),
        )
    by_peak = Table(title="Peaks: median (10 to 90%)", title_justify="left")
    for heading in ("what", "peak", "unit", "median time"):
        by_peak.add_column(heading, justify="left" if heading == "what" else "right")
    for name, entry in report["peaks"].items():
        when = entry["time_h_p50"]
        form = ".1f" if entry["unit"] == "ng/mL" else ".3f"
        shown = "" if when is None else f"{when:.2f} h"
        by_peak.add_row(PEAK_NAMES[name], _range(entry, "peak", form), entry["unit"], shown)
    model = report["model"]
    made = f"seed {report['seed']}, model {model['version']}, "
    made += f"parameters {model['parameters_sha256'][:12]}"
    lines = [by_time, by_peak, made]
    if report["out"]:
        lines.append(f"written: {report['out']}")
    return (*lines, report["notice"])


def parameter_tables(entries, counts):
    """What `parameters` prints: a table a link, the sources, the counts by confidence."""
    parts = []
    for group in dict.fromkeys((e["link"], e["model"]) for e in entries):
        link, model = group
        title = link if model == "default" else f"{link}, published model {model}"
        table = Table(title=title, title_justify="left")
        for name in ("symbol", "value", "unit", "spread", "prior", "source", "confidence", "role"):
            right = name in ("value", "spread", "prior")
            table.add_column(name, justify="right" if right else "left", overflow="fold")
        for e in entries:
            if (e["link"], e["model"]) == group:
                table.add_row(*_cells(e))
        parts.append(table)
    sources = Table(title="sources", title_justify="left")
    for name in ("key", "citation", "DOI or PMID"):
        sources.add_column(name, overflow="fold")
    known = {e["source"]: (e["citation"], e["doi_or_pmid"]) for e in entries}
    for key in sorted(known):
        sources.add_row(key, *known[key])
    total = sum(counts.values())
    said = ", ".join(f"{name} {count}" for name, count in counts.items())
    return (*parts, sources, f"{total} rows by confidence: {said}")


def _cells(e):
    if not isinstance(e["value"], float):
        raise KetaqspError(f"{e['symbol']}: value {e['value']!r} is no number")
    spread = f"omega {e['omega']:.3g}" if e["omega"] else ""
    prior = f"x/÷ {e['prior_fold']:g}" if e["prior_fold"] > 1 else "fixed"
    value = f"{e['value']:.6g}"
    words = (e["source"], e["confidence"], e["role"])
    return (e["symbol"], value, e["unit"], spread, prior, *words)
