"""The report of a trial: one HTML file, with every figure beside it as SVG and PNG."""

from ketaqsp import NOTICE
from ketaqsp.trial.identity import identity
from ketaqsp.view import style, trial_words
from ketaqsp.view.chain_figure import chain_figure
from ketaqsp.view.page import page
from ketaqsp.view.report import confidence_counts, confidence_lists
from ketaqsp.view.trial_credibility import credibility
from ketaqsp.view.trial_data import SAMPLE, gather, version_replicates
from ketaqsp.view.trial_figures import (
    acute_figure,
    course_figure,
    relapse_figure,
    share_figure,
)

TITLES = {
    "course": "MADRS by visit, every arm",
    "response": "Share of patients in response by visit",
    "remission": "Share of patients in remission by visit",
    "relapse": "Patients without relapse over time",
    "acute": "Dissociation, blood pressure and heart rate after the first dose",
    "chain": "One patient from plasma to MADRS",
}


def write(trial, folder):
    """Write report.html and figures/*.svg, *.png into a folder that exists. Returns the path."""
    data = gather(trial)
    made = figures(data)
    drawings = folder / "figures"
    drawings.mkdir(exist_ok=True)
    svg = {}
    for name, drawn in made.items():
        if drawn is None:
            svg[name] = ""
            continue
        svg[name] = style.svg(drawn, f"{name}", TITLES[name.removesuffix("-narrow")])
        if not name.endswith("-narrow"):
            text = svg[name].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
            text = svg[name] if 'xmlns="' in svg[name][:400] else text
            (drawings / f"{name}.svg").write_text(text + "\n", encoding="utf-8")
            png(drawn, drawings / f"{name}.png")
    path = folder / "report.html"
    path.write_text(render(data, svg), encoding="utf-8")
    return path


def png(drawn, path):
    """A figure as PNG at twice the screen's resolution."""
    import matplotlib

    with matplotlib.rc_context(style.RC):
        drawn.savefig(path, dpi=2 * style.PX, facecolor="white", metadata={"Software": None})


def figures(data):
    """{name: Figure or None}, each also as "name-narrow" for a phone."""
    made = {}
    for narrow in (False, True):
        tail = "-narrow" if narrow else ""
        made[f"course{tail}"] = course_figure(data, narrow)
        made[f"response{tail}"] = share_figure(data, "response", narrow)
        made[f"remission{tail}"] = share_figure(data, "remission", narrow)
        made[f"relapse{tail}"] = relapse_figure(data, narrow)
        made[f"acute{tail}"] = acute_figure(data, narrow)
        made[f"chain{tail}"] = chain_figure(data.chain, narrow, data.chain_given)
    return made


def render(data, svg):
    """The page as text."""
    done = data.trial.conduct
    return page(
        "trial_report.html.j2",
        svg,
        data=data,
        notice=NOTICE,
        protocol=data.protocol,
        report=data.trial.report,
        arms=trial_words.arms(data.protocol),
        endpoints=trial_words.endpoints(data.protocol),
        failed=trial_words.failed(data.trial.report),
        cut=trial_words.cut(data.trial.report),
        outside=[line for line in data.lines if not line.within],
        tables=trial_words.tables(data),
        shown={o.outcome for o in data.figures},
        relapse_said=trial_words.relapse(data.protocol),
        version_names=[name for name, _ in trial_words.VERSIONS],
        versions=trial_words.versions(data),
        version_replicates=version_replicates(done),
        rejected=sum(p.people.cohort.rejected for p in done.parts if p.phase == 0),
        people=trial_words.people(data),
        sample=SAMPLE,
        rules=trial_words.rules(data),
        decisions=trial_words.decisions(done),
        assumptions=trial_words.ASSUMPTIONS,
        counts=confidence_counts(data.used),
        lists=confidence_lists(data.used),
        credibility=credibility(data),
        identity=identity(),
        steps=done.steps,
        cited=trial_words.cited(data),
    )
