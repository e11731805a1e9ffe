"""The report: one HTML file that needs no network, no script and no other file."""

from importlib.resources import files
from pathlib import Path

from ketaqsp.parameters import sources
from ketaqsp.trial.demo import BANDS, NOTICE
from ketaqsp.trial.prior_predictive import MEASURES
from ketaqsp.view import table
from ketaqsp.view.figures import drawings

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
    "patient": "Patient",
}
MEASURE_TITLES = {
    "response": "response, %",
    "remission": "remission, %",
    "change_mean": "mean change, points",
    "change_sd": "SD of change, points",
}


def write_report(data, folder):
    """Write `folder`/report.html from DemoData and return its path. The folder has to exist."""
    path = Path(folder) / "report.html"
    path.write_text(render(data), encoding="utf-8")
    return path


def render(data):
    """The page as text. Every value passes through autoescape; only our own drawings do not."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    def source(name):
        return files("ketaqsp.view").joinpath(name).read_text(encoding="utf-8")

    environment = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2")
    return page.render(
        css=Markup(source("report.css")),  # our own file
        svg={k: Markup(v) for k, v in drawings(data).items()},  # text is escaped by matplotlib
        data=data,
        notice=NOTICE,
        caveat=table.CAVEAT,
        intervals=table.INTERVALS,
        rows=table.rows(data.arms),
        relapse=relapse_rows(data),
        prior=prior_rows(data),
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
    """[(time, followed, cell, published)] of responders without relapse, ketamine arm."""
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


def prior_rows(data):
    """[(measure, {arm: (5th, median, 95th) as text})] of the prior at 24 h."""
    out = []
    for measure in MEASURES:
        form = table.percent if measure in ("response", "remission") else table.points
        cells = {
            arm: tuple(form(x).rstrip("%") for x in data.prior.range(arm, measure))
            for arm in data.prior.values
        }
        out.append((MEASURE_TITLES[measure], cells))
    return out


def landings(data):
    """[(case, [(course, MADRS before, MADRS at the end, side)])] of the landscape."""
    return [
        (
            case,
            [
                (p.label, round(float(p.madrs[0])), round(float(p.madrs[-1])), case.lands(p))
                for p in case.paths
            ],
        )
        for case in data.cases
    ]


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
                "prior": f"{row.prior_fold:g}-fold" if row.prior_fold > 1 else "fixed",
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
    """[(study, citation, DOI or PMID, {place (confidence)})], each study once."""
    out = {}
    for f in figures:
        key = (f.study, f.citation, f.doi_or_pmid)
        out.setdefault(key, dict.fromkeys([])).setdefault(f"{f.place} ({f.confidence})")
    return [(*key, list(places)) for key, places in out.items()]
