"""The report: one HTML file that needs no network, no script and no other file."""

from pathlib import Path

from ketaqsp.parameters import sources
from ketaqsp.trial.demo import BANDS, NOTICE
from ketaqsp.view import table
from ketaqsp.view.chain_figure import POOLS
from ketaqsp.view.figures import drawings
from ketaqsp.view.page import page

CONFIDENCE = {
    "read": "seen in the paper, its abstract, a table or a public transcription of it",
    "derived": "computed from figures that were read, or true by definition",
    "recalled": "from memory, not seen again",
    "assumed": "nothing found: a guess with a range",
    "fitted": "set by our calibration to published outcomes",
}
LINK_TITLES = {
    "plasma": "Plasma",
    "receptor": "Receptor",
    "circuit": "Circuit",
    "synapse": "Synapse",
    "mood": "Mood",
    "acute": "Acute effects",
    "patient": "Patient",
}


def write_report(data, folder):
    """Write `folder`/report.html from DemoData and return its path. The folder has to exist."""
    path = Path(folder) / "report.html"
    path.write_text(render(data), encoding="utf-8")
    return path


def render(data):
    """The page as text."""
    return page(
        "report.html.j2",
        drawings(data),
        data=data,
        notice=NOTICE,
        caveat=table.CAVEAT,
        intervals=table.INTERVALS,
        rows=table.rows(data.arms),
        lost=table.lost_line(data.arms),
        blocks=block_rows(data.chain),
        relapse=relapse_rows(data),
        prior=table.prior_rows(data.prior),
        bands=BANDS,
        landings=landings(data),
        groups=parameter_groups(data.used),
        lists=confidence_lists(data.used),
        counts=confidence_counts(data.used),
        confidence=CONFIDENCE,
        cited=citations(data.figures),
        percent=table.percent,
    )


def relapse_rows(data):
    """[(time, followed, cell, published)] of the ketamine arm's responders without relapse."""
    arm = data.arms.arms["ketamine"]
    return [
        (
            table.TIMES[hour],
            arm.followed,
            table.share_cell(estimate),
            table.published_cell("relapse_free", "ketamine", hour),
        )
        for hour, estimate in arm.relapse_free.items()
    ]


def block_rows(chain):
    """[(pool, highest block in %, its time, block at 3 h in %)] of the typical patient."""
    hours = chain["time"].values
    late = int(abs(hours - 3.0).argmin())
    out = []
    for name, label in POOLS.items():
        block = 100 * chain[name].values
        top = int(block.argmax())
        out.append((label, _two(block[top]), f"{60 * hours[top]:.0f}", _two(block[late])))
    return out


def _two(value):
    """Two digits that count: 0.34, 2.9, 14, 103."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:.2g}"


def landings(data):
    """[(case, [(course, MADRS before, lowest, when, MADRS at the end, side, at rest)])]."""
    out = []
    for case in data.cases:
        courses = []
        for path in case.paths:
            hour = path.times[path.furthest]
            when = f"{hour:.0f} h" if hour < 48 else f"day {hour / 24:.0f}"
            points = [round(float(path.madrs[k])) for k in (0, path.furthest, -1)]
            landed = (case.lands(path), case.at_rest(path))
            courses.append((path.label, *points[:2], when, points[2], *landed))
        out.append((case, f"{case.load:.2f}".replace("-", "\N{MINUS SIGN}"), courses))
    return out


def parameter_groups(used):
    """[(link title, [row as text])], in the order of the chain."""
    cited = sources()
    groups = {}
    for row in used:
        citation, doi, _ = cited.get(row.source, (row.source, "", ""))
        groups.setdefault(row.link, []).append(
            {
                "symbol": row.symbol,
                "meaning": row.meaning,
                "value": f"{row.value:g}",
                "unit": "" if row.unit == "1" else row.unit,
                "spread": f"{row.omega:.2g}" if row.omega else "none",
                "prior": f"{row.prior_fold:g}-fold" if row.prior_fold > 1 else "held",
                "confidence": row.confidence,
                "source": " · ".join(x for x in (citation, doi, row.place) if x),
                "note": row.note,
            }
        )
    return [(LINK_TITLES.get(link, link.title()), rows) for link, rows in groups.items()]


def confidence_lists(used):
    """{confidence: rows} of what has no source that was read: assumed, recalled, fitted."""
    return {
        kind: [row for row in used if row.confidence == kind]
        for kind in ("fitted", "assumed", "recalled")
    }


def confidence_counts(used):
    """{confidence: how many rows}, in the order of trust."""
    return {kind: sum(row.confidence == kind for row in used) for kind in CONFIDENCE}


def citations(figures):
    """[(study, citation, DOI or PMID, arms with n, [place (confidence)], notes)], a study once."""
    out = {}
    for f in figures:
        arms, places, notes = out.setdefault((f.study, f.citation, f.doi_or_pmid), ({}, {}, {}))
        count = f.n if f.n_of == "arm" else f"{f.n} in {f.n_of}"
        arms.setdefault(f"{f.arm}, n {count}")
        places.setdefault(f"{f.place} ({f.confidence})")
        notes.update(dict.fromkeys(note for note in f.note.split("; ") if note))
    return [(*key, *(list(part) for part in parts)) for key, parts in out.items()]
