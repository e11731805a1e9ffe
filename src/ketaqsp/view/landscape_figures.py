"""The landscape of two patients: valleys, the push of one infusion and of six, where each lands."""

import numpy as np

from ketaqsp.view import style
from ketaqsp.view.style import BLACK, BLUE, GREY, ORANGE, PALE, RED, figure, styled

PATHS = {"one infusion": (BLUE, "-", "^"), "six infusions": (RED, (0, (5, 1.5)), "s")}
DOTS = {4.0: "4 h", 24.0: "1 d", 168.0: "7 d"}


@styled
def valley_figure(case):
    """Height over severity; marks where the patient starts and where each course leaves him."""
    made = figure(420, 330)
    ax = made.subplots()
    ax.plot(case.grid, case.height, color=BLACK)
    ax.fill_between(case.grid, case.height, case.height.min() - 1, color=PALE, alpha=0.7, lw=0)
    middle = (case.grid > 0.1) & (case.grid < 0.99)
    low, high = case.height[middle].min(), case.height[middle].max()
    air = 0.16 * (high - low)
    ax.set_ylim(low - air, high + 2 * air)
    start = case.paths[0].severity[0]
    _ball(ax, case, start, GREY, "o", "before the first dose", air)
    for path in case.paths:
        colour, _, mark = PATHS[path.label]
        _ball(ax, case, path.severity[-1], colour, mark, f"8 weeks on, {path.label}", air)
    ax.set_xlim(0, 1)
    ax.set_xlabel("severity (0 well, 1 ill)")
    ax.set_ylabel("height of the landscape (no unit)")
    made.legend(loc="outside upper left", ncols=1)
    return made


def _ball(ax, case, severity, colour, mark, label, air):
    height = np.interp(severity, case.grid, case.height)
    # A ball lies on the ground: lifted by its own radius; one on top of another is lifted more.
    near = sum(abs(x - severity) < 0.04 for x in getattr(ax, "_places", ()))
    ax._places = (*getattr(ax, "_places", ()), severity)
    ax.plot(severity, height + air * (0.3 + 0.75 * near), marker=mark, ls="", ms=9, color=colour,
            mec="white", mew=0.8, label=label, zorder=5)  # fmt: skip


@styled
def plane_figure(case):
    """Spine density against severity: where each settles, and the way after one and six."""
    made = figure(420, 330)
    ax = made.subplots()
    ax.plot(case.settled_spines, case.grid, color=GREY, lw=1.1)
    ax.plot(case.spine_grid, case.settled_severity, color=ORANGE, lw=1.1)
    for path in case.paths:
        colour, dash, mark = PATHS[path.label]
        ax.plot(path.spines, path.severity, color=colour, ls=dash, lw=1.4)
        ax.plot(path.spines[-1], path.severity[-1], marker=mark, ms=9, color=colour, mec="white",
                mew=0.8, zorder=6)  # fmt: skip
    _dots(ax, case.paths[0])
    for level, spines, stable in case.rests:
        ax.plot(spines, level, marker="o", ms=7, mec=BLACK, mew=1.3, ls="", zorder=5,
                mfc=BLACK if stable else "white")  # fmt: skip
    widest = max(path.spines.max() for path in case.paths)
    low = min(path.spines.min() for path in case.paths)
    ax.set_xlim(low - 0.03, max(widest, case.settled_spines.max()) + 0.03)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("spine density (healthy = 1)")
    ax.set_ylabel("severity (0 well, 1 ill)")
    return made


def _dots(ax, path):
    """Times along the way after one infusion, so that its two clocks can be seen."""
    for hour, label in DOTS.items():
        k = int(np.argmin(np.abs(path.times - hour)))
        x, y = path.spines[k], path.severity[k]
        ax.plot(x, y, marker="o", ms=3.5, color=BLUE, zorder=6)
        ax.annotate(label, (x, y), xytext=(5, -3), textcoords="offset points", va="top",
                    fontsize=style.TEXT - 1, color=BLUE)  # fmt: skip
