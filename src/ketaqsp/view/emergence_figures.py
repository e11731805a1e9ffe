"""Each effect of ketaqsp.trial.emergence as a small panel: with its link, without it, and the
range over draws of the prior."""

import numpy as np

from ketaqsp.trial.emergence import shares
from ketaqsp.trial.endpoints import MADRS_MAX
from ketaqsp.view import style
from ketaqsp.view.style import BLUE, LINES, RED, figure, styled

COLUMNS = 4
UNITS = {
    "glutamate": "glutamate, rest = 1",
    "ampa_throughput": "AMPA throughput, rest = 1",
    "synaptic_state": "synaptic state, healthy = 1",
    "madrs": "MADRS, points",
    "eef2": "active eEF2, rest = 1",
    "bdnf": "BDNF, rest = 1",
    "spine_density": "spine density, own = 1",
    "severity": "severity, 0 to 1",
}


@styled
def emergence_figure(effects, courses, cut, drawn):
    """One panel an effect, in the order of `effects`.

    courses, cut: {effect: {run: Dataset}} of the default patient, with the chain whole and cut.
    drawn: the same for draws of the prior; the band is the middle 90% of the first run.
    """
    rows = -(-len(effects) // COLUMNS)
    made = figure(1240, 320 * rows)
    axes = made.subplots(rows, COLUMNS, squeeze=False).ravel()
    found = shares()
    for ax, effect in zip(axes, effects, strict=False):
        _panel(ax, effect, courses[effect.name], cut.get(effect.name), drawn[effect.name])
        share = found.get(effect.name)
        held = f"\nin {100 * float(share['share']):.0f}% of the prior" if share else ""
        ax.set_title(_wrapped(effect.statement) + held, fontsize=style.TEXT - 0.25)
    for ax in axes[len(effects) :]:
        ax.set_axis_off()
    return made


def _panel(ax, effect, whole, cut, drawn):
    first = next(iter(drawn))
    hours = drawn[first]["time"].values
    per, unit = (24, "days") if effect.hours > 72 else (1, "hours")
    low, high = np.nanpercentile(drawn[first][effect.seen].values, (5, 95), axis=1)
    ax.fill_between(hours / per, low, high, color=BLUE, alpha=0.15, lw=0)
    for (colour, dash), (label, out) in zip((LINES[0], *LINES[2:]), whole.items(), strict=False):
        y = out[effect.seen].values[:, 0]
        ax.plot(out["time"].values / per, y, color=colour, ls=dash, label=label)
    if cut:
        run = _most_changed(whole, cut, effect.seen)
        out = cut[run]
        y = out[effect.seen].values[:, 0]
        label = f"{run}; cut: {', '.join(effect.cut)}"
        ax.plot(out["time"].values / per, y, color=RED, ls=LINES[1][1], lw=1.2, label=label)
    ax.set_xlim(0, effect.hours / per)
    if effect.seen == "madrs":
        ax.set_ylim(0, MADRS_MAX)
    else:
        _hold(ax, effect, whole, low, high)
    ax.set_xlabel(f"time, {unit}")
    ax.set_ylabel(UNITS[effect.seen])
    # Below the panel: a box over it would hide the curves that a reader came for.
    ax.legend(loc="upper left", bbox_to_anchor=(-0.03, -0.2), fontsize=style.TEXT - 1.5,
              labelcolor=style.BLACK, handlelength=1.8, borderpad=0.1)  # fmt: skip


def _hold(ax, effect, whole, low, high):
    """Keep the axis to the whole chain and the prior: a course that a cut lets loose may leave."""
    seen = [out[effect.seen].values[:, 0] for out in whole.values()]
    least, most = min(x.min() for x in (low, *seen)), max(x.max() for x in (high, *seen))
    under, over = ax.get_ylim()
    room = most - least
    ax.set_ylim(max(under, least - room), min(over, most + room))


def _most_changed(whole, cut, seen):
    """The run whose course the cut moves most: there the link does its work."""
    moved = {run: np.abs(cut[run][seen] - whole[run][seen]).max() for run in whole}
    return max(moved, key=lambda run: float(moved[run]))


def _wrapped(text, width=40):
    from textwrap import fill

    return fill(text, width)
