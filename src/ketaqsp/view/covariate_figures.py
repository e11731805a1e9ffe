"""The covariates of a population in one figure: how each is spread, and how some go together."""

import numpy as np

from ketaqsp.patient.populations import covariates
from ketaqsp.patient.table_one import target_of
from ketaqsp.view.style import BLACK, BLUE, GREY, ORANGE, PX, RC, RED

NUMBERS = {  # covariate: label of its axis, upper end of what is shown
    "age_years": ("age, years", None),
    "weight_kg": ("body weight, kg", None),
    "height_cm": ("height, cm", None),
    "baseline_madrs": ("MADRS at baseline, points", None),
    "illness_years": ("ill for, years", None),
    "episode_months": ("present episode, months", 480),
    "failed_trials": ("failed trials", 20),
}
SHARES = ("female", "anxiety", "benzodiazepine", "family_alcohol", "ptsd", "chronic_pain")
WORDS = {
    "female": "female",
    "anxiety": "anxiety",
    "benzodiazepine": "benzodiazepine",
    "family_alcohol": "alcohol use in family",
    "ptsd": "PTSD",
    "chronic_pain": "chronic pain",
}


def covariate_figure(cohort):
    """Histograms with the target's mean and SD, shares with theirs, two pairs coloured by sex."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(RC):
        made = Figure(figsize=(960 / PX, 760 / PX), dpi=PX, layout="constrained")
        axes = made.subplots(3, 4).ravel()
        for ax, (name, (label, top)) in zip(axes, NUMBERS.items(), strict=False):
            _histogram(ax, cohort, name, label, top)
        _shares(axes[7], cohort)
        _alleles(axes[8], cohort)
        _pair(axes[9], cohort, "height_cm", "weight_kg")
        _pair(axes[10], cohort, "age_years", "illness_years")
        _key(axes[11], cohort)
    return made


def _histogram(ax, cohort, name, label, top):
    x = cohort.covariates[name]
    top = x.max() if top is None else top
    whole = covariates()[name].kind == "count"
    bins = np.arange(-0.5, top + 1) if whole else 24
    ax.hist(np.minimum(x, top), bins=bins, color=BLUE, alpha=0.75)
    aim = target_of(cohort, name)
    if "mean" in aim:
        low, high = max(aim["mean"] - aim["sd"], 0), aim["mean"] + aim["sd"]
        height = 1.05 * ax.get_ylim()[1]
        ax.plot([low, min(high, top)], [height, height], color=BLACK, lw=1.4)
        ax.plot([aim["mean"]], [height], "o", color=BLACK, ms=4)
        if high > top:
            ax.plot([top], [height], ">", color=BLACK, ms=4)
    ax.set_xlabel(label if top == x.max() or x.max() <= top else f"{label} (cut)")
    ax.set_ylabel("patients")


def _shares(ax, cohort):
    for k, name in enumerate(SHARES):
        ax.barh(k, 100 * cohort.covariates[name].mean(), color=BLUE, alpha=0.75, height=0.6)
        aim = cohort.targets.get(name, {})
        if "fraction" in aim:
            ax.plot([100 * aim["fraction"]], [k], "o", color=BLACK, ms=4)
    ax.set_yticks(range(len(SHARES)), [WORDS[name] for name in SHARES])
    ax.invert_yaxis()
    ax.set_xlabel("patients, %")


def _alleles(ax, cohort):
    names = (("met_alleles", "Val66Met: Met", BLUE), ("cyp2b6_6_alleles", "CYP2B6: *6", ORANGE))
    for k, (name, label, colour) in enumerate(names):
        shares = [100 * (cohort.covariates[name] == copies).mean() for copies in range(3)]
        ax.bar(np.arange(3) + 0.4 * k - 0.2, shares, 0.38, color=colour, label=label)
    ax.set_xticks(range(3))
    ax.set_xlabel("alleles")
    ax.set_ylabel("patients, %")
    ax.set_ylim(0, 100)
    ax.legend()


def _pair(ax, cohort, x, y):
    women = cohort.covariates["female"] > 0
    for who, colour, mark in ((~women, BLUE, "s"), (women, RED, "o")):
        some = [cohort.covariates[name][who][:300] for name in (x, y)]
        ax.plot(*some, mark, color=colour, ms=2.2, alpha=0.55, mew=0)
    labels = {n: f"{c.long_name}, {c.unit}" for n, c in covariates().items()}
    ax.set_xlabel(labels[x])
    ax.set_ylabel(labels[y].replace("time since the first episode", "ill for"))


def _key(ax, cohort):
    ax.set_axis_off()
    ax.plot([], [], "s", color=BLUE, ms=5, label="men")
    ax.plot([], [], "o", color=RED, ms=5, label="women")
    ax.plot([], [], "o-", color=BLACK, ms=4, label="target: mean ± SD, or share")
    ax.legend(loc="upper left")
    about = f"{cohort.n} virtual patients\npopulation {cohort.preset}, seed {cohort.seed}"
    ax.text(0.03, 0.35, about, color=GREY, transform=ax.transAxes, va="top")


def write(path, preset="trd", n=1000, seed=1):
    """Write the figure of a drawn population as PNG."""
    from ketaqsp.patient import cohort

    covariate_figure(cohort(preset, n, seed)).savefig(path, dpi=144, metadata={"Software": None})
    return path
