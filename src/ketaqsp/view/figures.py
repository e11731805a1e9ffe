"""Every figure of the report by name, and the one on the front page."""

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
    """Write the front page's PNG: MADRS of n virtual patients over 28 days, one infusion."""
    from ketaqsp.patient import cohort, simulate
    from ketaqsp.trial.two_arm import regimen

    people = cohort("trd", n=n, seed=seed)
    out = simulate(regimen("ketamine"), people, days=28, every="3 h", wanted=("madrs",))
    made = madrs_figure(out["time"].values, out["madrs"].values, n)
    made.savefig(path, dpi=192, metadata={"Software": None})
    return path
