"""The landscape of two patients: valleys, the push of one infusion and of six, where each lands."""

import numpy as np

from ketaqsp.view import style
from ketaqsp.view.style import BLACK, BLUE, GREY, ORANGE, PALE, RED, figure, styled

PATHS = {"one infusion": (BLUE, "-", "^"), "six infusions": (RED, (0, (5, 1.5)), "s")}
DOTS = {4.0: "4 h", 24.0: "1 d", 168.0: "7 d"}


@styled
def valley_figure(case):
    """Height over severity, and above it how far each course pushes and where the patient lands."""
    made = figure(400, 400)
    push, ax = made.subplots(2, 1, sharex=True, height_ratios=(1, 3))
    ax.plot(case.grid, case.height, color=BLACK)
    ax.fill_between(case.grid, case.height, case.height.min() - 1, color=PALE, alpha=0.7, lw=0)
    middle = (case.grid > 0.1) & (case.grid < 0.99)
    low, high = case.height[middle].min(), case.height[middle].max()
    air = 0.16 * (high - low)
    ax.set_ylim(low - air, high + 2 * air)
    start = case.paths[0].severity[0]
    ax.plot(start, _ground(case, start), marker="o", ls="", ms=8, color=BLACK, zorder=5,
            label="before the first dose")  # fmt: skip
    for row, path in enumerate(case.paths):
        colour, _, mark = PATHS[path.label]
        end, far = path.severity[-1], path.severity[path.furthest]
        look = {"marker": mark, "ls": "", "ms": 10, "mfc": "none", "mec": colour, "mew": 1.8}
        ax.plot(end, _ground(case, end), **look, zorder=6, label=f"8 weeks on, {path.label}")
        push.annotate("", (far, -row), (start, -row), zorder=4,
                      arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.6, "shrinkA": 0,
                                  "shrinkB": 0})  # fmt: skip
        push.plot(start, -row, marker="o", ls="", ms=6, color=BLACK, zorder=5)
        push.plot(end, -row, **look, zorder=6)
    push.set_yticks([-row for row in range(len(case.paths))], [p.label for p in case.paths])
    push.set_ylim(-len(case.paths) + 0.4, 0.6)
    push.set_title("furthest push and landing", fontweight="normal")
    push.tick_params(labelbottom=False)
    ax.set_xlim(-0.04, 1.04)
    ax.set_xlabel("severity (0 well, 1 ill)")
    ax.set_ylabel("height of the landscape (no unit)")
    made.legend(loc="outside upper left", ncols=1)
    return made


def _ground(case, severity):
    return np.interp(severity, case.grid, case.height)


@styled
def plane_figure(case):
    """Spine density against severity: where each settles, and the way after one and six."""
    made = figure(400, 400)
    ax = made.subplots()
    ax.plot(case.settled_spines, case.grid, color=GREY, lw=1.1, label="spines settle here")
    ax.plot(case.spine_grid, case.settled_severity, color=ORANGE, lw=1.1,
            label="severity settles here")  # fmt: skip
    for path in case.paths:
        colour, dash, mark = PATHS[path.label]
        ax.plot(path.spines, path.severity, color=colour, ls=dash, lw=1.4, label=path.label)
        ax.plot(path.spines[-1], path.severity[-1], marker=mark, ms=10, mfc="none", mec=colour,
                mew=1.8, zorder=6)  # fmt: skip
    for level, spines, stable in case.rests:
        ax.plot(spines, level, marker="o", ms=6, mec=BLACK, mew=1.3, ls="", zorder=5,
                mfc=BLACK if stable else "white")  # fmt: skip
    _dots(ax, case.paths[0])
    low = min(path.spines.min() for path in case.paths)
    widest = max(*(path.spines.max() for path in case.paths), case.settled_spines.max())
    air = 0.1 * (widest - low)
    ax.set_xlim(low - air, widest + air)
    ax.set_ylim(-0.08, 1.08)
    ax.set_xlabel("spine density (healthy = 1)")
    ax.set_ylabel("severity (0 well, 1 ill)")
    made.legend(loc="outside upper left", ncols=2)
    return made


def _dots(ax, path):
    """Times along the way after one infusion, so that its two clocks can be seen."""
    sides = {"4 h": ((-6, 0), "right"), "1 d": ((6, 0), "left"), "7 d": ((6, -2), "left")}
    for hour, label in DOTS.items():
        k = int(np.argmin(np.abs(path.times - hour)))
        x, y = path.spines[k], path.severity[k]
        offset, side = sides[label]
        ax.plot(x, y, marker="o", ms=4, color=BLUE, zorder=7)
        ax.annotate(label, (x, y), xytext=offset, textcoords="offset points", va="center",
                    ha=side, fontsize=style.TEXT - 0.5, color=BLUE, zorder=8,
                    bbox={"fc": "white", "alpha": 0.85, "lw": 0, "pad": 0.6})  # fmt: skip
