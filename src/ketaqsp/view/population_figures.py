"""What a population shows: bands of key variables, and both arms beside published figures."""

import numpy as np

from ketaqsp.view import style
from ketaqsp.view.style import COLOURS, clock, clock_axis, figure, styled

MARKS = {
    "Murrough 2013": "D",
    "Han 2016": "s",
    "Kishimoto 2016": "o",
    "Ibrahim 2012": "^",
    "Wilkinson 2018": "v",
    "Sos 2013": "X",
    "Lii 2023": "p",
}
PERCENT = ("fraction",)
SHORT = {
    "ketamine_venous": "Ketamine in venous plasma, ng/mL",
    "nmda_block_sst": "NMDA block, SST interneurons, %",
    "glutamate": "Glutamate, rest = 1",
    "surface_ampa": "Surface AMPA receptors, rest = 1",
    "bdnf": "BDNF, rest = 1",
    "synaptic_protein": "Synaptic protein, rest = 1",
    "spine_density": "Spine density, own pre-dose = 1",
    "madrs": "MADRS, points",
}


@styled
def band_figure(arm, name, about):
    """One variable of one arm over 28 d: median, middle 50% and middle 90% of patients."""
    made = figure(380, 235)
    ax = made.subplots()
    unit, long_name = about[name]
    factor = 100 if unit in PERCENT else 1
    x = clock(arm.times)
    low, q1, mid, q3, high = factor * np.percentile(arm.signals[name], (5, 25, 50, 75, 95), axis=1)
    colour = COLOURS.get(arm.name, style.BLUE)
    ax.fill_between(x, low, high, color=colour, alpha=0.16, lw=0)
    ax.fill_between(x, q1, q3, color=colour, alpha=0.32, lw=0)
    ax.plot(x, mid, color=colour)
    if name in ("ketamine_venous", "nmda_block_sst", "madrs"):
        ax.set_ylim(0, None)
    clock_axis(ax, min(672, arm.times[-1]), small=True)
    ax.set_title(SHORT.get(name, f"{long_name}, {unit}"))
    return made


@styled
def arms_figure(arms, what, figures):
    """Share of both arms in response (or remission), % over 28 d, with published points.

    Line: all virtual patients. Pale bar: 90% of trials of 48. Filled point: read in the source;
    open: recalled; whisker: its 95% interval where the arm's own n is known.
    """
    made = figure(400, 420)
    ax = made.subplots()
    for arm in arms.arms.values():
        colour = COLOURS.get(arm.name, style.BLUE)
        dash = "-" if arm.name == "ketamine" else (0, (5, 1.5))
        ax.plot(
            clock(arm.times),
            100 * arm.share(what),
            color=colour,
            ls=dash,
            label=f"simulated, {arm.name}",
        )
        for v in arm.visits:
            low, high = getattr(v, what).trial
            ax.plot([clock(v.time_h)] * 2, [100 * low, 100 * high], color=colour, lw=5, alpha=0.3,
                    clip_on=False)  # fmt: skip
    _points(ax, [f for f in figures if f.outcome == what])
    clock_axis(ax, min(672, arms.days * 24))
    ax.set_ylim(-2, min(102, max(80, ax.get_ylim()[1] + 3)))
    ax.set_ylabel(f"patients in {what}, %")
    made.legend(loc="outside upper left", ncols=2, handletextpad=0.6, columnspacing=1.2)
    return made


def _points(ax, figures):
    """Published shares: shape is the study, colour the arm; those of one time stand abreast."""
    studies = list(dict.fromkeys(f.study for f in figures))
    for time_h in sorted({f.time_h for f in figures}):
        column = [f for f in figures if f.time_h == time_h]
        abreast = list(dict.fromkeys(f.study for f in column))
        for f in column:
            # To the right of the line and its bar; both arms of a study stand on one line.
            x = clock(time_h) + 0.2 * (1 + abreast.index(f.study))
            colour = COLOURS[f.treatment]
            if f.interval:
                ax.plot([x, x], f.interval, color=colour, lw=0.9, alpha=0.6, zorder=4)
            ax.plot(x, f.value, marker=MARKS.get(f.study, "P"), ls="", ms=5.5, mec=colour, mew=1.2,
                    mfc=colour if f.confidence == "read" else "white", clip_on=False,
                    zorder=5)  # fmt: skip
    for study in studies:
        ax.plot([], [], marker=MARKS.get(study, "P"), ls="", ms=5.5, color=style.GREY, label=study)


@styled
def madrs_figure(times, madrs, n):
    """MADRS over 28 d on a plain scale of days: median and middle 80%. times h, madrs (T, n)."""
    made = figure(760, 380)
    ax = made.subplots()
    low, mid, high = np.percentile(madrs, (10, 50, 90), axis=1)
    ax.fill_between(times / 24, low, high, color=style.BLUE, alpha=0.22, lw=0, label="middle 80%")
    ax.plot(times / 24, mid, color=style.BLUE, lw=2, label="median")
    ax.set_xlim(0, times[-1] / 24)
    ax.set_ylim(0, None)
    ax.set_xticks(range(0, int(times[-1] / 24) + 1, 7))
    ax.set_xlabel(
        "days after one infusion of ketamine, 0.5 mg/kg over 40 min\n"
        "mechanism alone: no expectancy, no rater noise; for research and teaching"
    )
    ax.set_ylabel("MADRS, points")
    ax.set_title(f"MADRS of {n} virtual patients with treatment-resistant depression")
    ax.legend(loc="lower right", ncols=2)
    return made
