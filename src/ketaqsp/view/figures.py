"""Every figure of the report by name, and the one on the front page."""

import json

from ketaqsp.trial.demo import BANDS
from ketaqsp.view.chain_figure import block_figure, chain_figure
from ketaqsp.view.landscape_figures import plane_figure, valley_figure
from ketaqsp.view.population_figures import arms_figure, band_figure, madrs_figure
from ketaqsp.view.style import svg

__all__ = [
    "arms_figure",
    "band_figure",
    "block_figure",
    "chain_figure",
    "drawings",
    "madrs_figure",
    "plane_figure",
    "readme_figure",
    "valley_figure",
]

README_HOURS = (0, 24, 168, 672)  # those that the front page prints


def drawings(data):
    """{name: <svg> text} for the report; chain-narrow is the chain drawn for a phone."""
    ketamine = data.arms.arms["ketamine"]
    made = {
        "chain": (chain_figure(data.chain), "One patient from plasma to MADRS"),
        "chain-narrow": (chain_figure(data.chain, narrow=True), "One patient, narrow"),
        "block": (block_figure(data.chain), "Block of NMDA receptors in five pools, in minutes"),
    }
    for what in ("response", "remission"):
        title = f"Share of patients in {what} over 28 days, both arms"
        made[what] = (arms_figure(data.arms, what, data.figures), title)
    for name in BANDS:
        title = f"{data.arms.about[name][1]}: median, middle 50% and 90% of patients"
        made[f"band-{name}"] = (band_figure(ketamine, name, data.arms.about), title)
    for case in data.cases:
        title = f"Landscape of a {case.kind} patient"
        made[f"valley-{case.kind}"] = (valley_figure(case), title)
        made[f"plane-{case.kind}"] = (plane_figure(case), f"{title}: spines against severity")
    return {name: svg(drawn, name, title) for name, (drawn, title) in made.items()}


def readme_figure(path, n=200, seed=1):
    """Write the front page's PNG: what the program on that page computes, drawn.

    MADRS of n virtual patients over 28 days after one infusion; median and middle 80%. The values
    at 0, 24, 168 and 672 h go into the file's description, so that a test can see that the
    figure is not stale. Run it again whenever results moved:

        from ketaqsp.view.figures import readme_figure
        readme_figure("docs/figures/readme.png")
    """
    from ketaqsp.dose import infusion
    from ketaqsp.patient import cohort, simulate

    regimen = infusion(mg_per_kg=0.5, minutes=40, days=[0])
    out = simulate(regimen, cohort("trd", n=n, seed=seed), days=28, every="6 h", wanted=("madrs",))
    shown = out["madrs"].quantile([0.1, 0.5, 0.9], dim="patient").sel(time=list(README_HOURS))
    made = madrs_figure(out["time"].values, out["madrs"].values, n)
    about = {"Software": None, "Description": json.dumps(shown.values.round(3).tolist())}
    made.savefig(path, dpi=192, metadata=about)
    return path
