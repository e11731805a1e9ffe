"""Figures of any trial: courses, shares, relapse-free with numbers at risk, acute effects."""

import numpy as np

from ketaqsp.trial import observed, results
from ketaqsp.view import style
from ketaqsp.view.style import LINES, figure, styled

MARKS = "osD^vPX*"
SHARES = {"response": "response", "remission": "remission"}
WIDE, NARROW = (760, 400), (380, 430)


def look(k):
    """(colour, dash, mark) of the k-th arm: told apart without colour too."""
    colour, dash = LINES[k % len(LINES)]
    return colour, dash, MARKS[k % len(MARKS)]


def _axis(hours):
    """(factor, unit) in which the times of a trial are shown."""
    return (1.0, "h") if max(hours, default=0) <= 72 else (1 / 24, "days")


def _sized(narrow):
    return figure(*(NARROW if narrow else WIDE))


def _legend(made, narrow):
    made.legend(loc="outside upper left", ncols=1 if narrow else 3, handletextpad=0.6)


def _visits(arm):
    """Visits at the protocol's times, without those that are each patient's own."""
    return [v for v in arm["visits"] if "visit" not in v]


@styled
def course_figure(data, narrow=False):
    """MADRS by visit: mean of all virtual patients; band: 90% of trials of this size."""
    made = _sized(narrow)
    ax = made.subplots()
    report = data.trial.report
    factor, unit = _axis([v["time_h"] for a in report["arms"] for v in a["visits"]])
    for k, arm in enumerate(report["arms"]):
        seen = [v for v in _visits(arm) if v["madrs_mean"] is not None]
        if not seen:
            continue
        colour, dash, mark = look(k)
        x = np.array([v["time_h"] for v in seen]) * factor
        y = np.array([v["madrs_mean"] for v in seen])
        base = y - np.array([v["change_mean"] for v in seen])
        low, high = np.array([v["change_mean_pi90"] for v in seen], dtype=float).T + base
        ax.fill_between(x, low, high, color=colour, alpha=0.13, lw=0)
        ax.plot(x, y, color=colour, ls=dash, marker=mark, ms=4.5, label=arm["name"])
        for o in observed.of(report["protocol"], arm["name"], "mean_change"):
            at = _start(data, o) + o.time_h
            ax.plot(at * factor, y[0] + o.value, mark, ms=8, mfc="white", mec=colour, mew=1.4)
    _phases(ax, data, factor)
    ax.set_ylim(0, None)
    ax.set_xlabel(f"time from the first dose, {unit}")
    ax.set_ylabel("MADRS, points")
    _legend(made, narrow)
    return made


@styled
def share_figure(data, what, narrow=False):
    """Share of an arm in response (or remission) by visit with 90% intervals of trials."""
    made = _sized(narrow)
    ax = made.subplots()
    report = data.trial.report
    factor, unit = _axis([v["time_h"] for a in report["arms"] for v in a["visits"]])
    last = max((v["time_h"] for a in report["arms"] for v in a["visits"]), default=1) * factor
    for k, arm in enumerate(report["arms"]):
        seen = [v for v in _visits(arm) if v[what] is not None]
        if not seen:
            continue
        colour, dash, mark = look(k)
        x = np.array([v["time_h"] for v in seen]) * factor
        aside = (k - (len(report["arms"]) - 1) / 2) * last * 0.006
        ax.plot(x + aside, [100 * v[what] for v in seen], color=colour, ls=dash, marker=mark,
                ms=4.5, label=arm["name"])  # fmt: skip
        for at, v in zip(x, seen, strict=True):
            low, high = v[f"{what}_pi90"]
            ax.plot([at + aside] * 2, [100 * low, 100 * high], color=colour, lw=3.5, alpha=0.22)
        for o in observed.of(report["protocol"], arm["name"], what):
            at = (_start(data, o) + o.time_h) * factor
            beside = -0.012 if _at_next_phase(data, at / factor) else 0.012
            ax.plot(at + aside + last * beside, o.value, mark, ms=8, mfc="white", mec=colour,
                    mew=1.4, clip_on=False)  # fmt: skip
    _phases(ax, data, factor)
    ax.set_ylim(-2, 102)
    ax.set_xlabel(f"time from the first dose, {unit}")
    ax.set_ylabel(f"patients in {what}, %")
    _legend(made, narrow)
    return made


def _start(data, o):
    """Start of the phase that an observed figure counts from, h."""
    names = [p.name for p in data.protocol.phases]
    starts = {p.phase: p.start_h for p in data.trial.conduct.parts}
    return starts.get(names.index(o.phase), 0.0) if o.phase in names else 0.0


def _at_next_phase(data, hour):
    """Whether another phase begins there: a mark to the right would seem to belong to it."""
    return any(p.phase and abs(p.start_h - hour) < 1e-6 for p in data.trial.conduct.parts)


def _phases(ax, data, factor):
    """A line where a phase begins."""
    for p in data.trial.conduct.parts:
        if p.phase and p.start_h:
            ax.axvline(p.start_h * factor, color=style.GREY, lw=0.8, ls=":")


@styled
def relapse_figure(data, narrow=False):
    """Kaplan-Meier of patients without relapse, with numbers at risk a trial below."""
    done = data.trial.conduct
    curves = []
    for name in results.arm_names(done):
        mine = [p for p in done.parts if p.arm.name == name]
        last = [p for p in mine if p.phase == max(x.phase for x in mine)] if mine else []
        if not last:
            continue
        days, event, _ = results.times_to_relapse(done, last)
        if len(days):
            curves.append((results.arm_names(done).index(name), name, days, event))
    if not curves:
        return None
    width, height = (380, 470) if narrow else (760, 430)
    made = figure(width, height + 18 * len(curves))
    ax, below = made.subplots(
        2, 1, sharex=True, height_ratios=(1, 0.075 * len(curves) + 0.04), squeeze=True
    )
    end = max(days.max() for _, _, days, _ in curves) or 1.0
    ticks = [t for t in ax.xaxis.get_major_locator().tick_values(0, end) if 0 <= t <= end]
    for row, (k, name, days, event) in enumerate(curves):
        colour, dash, _ = look(k)
        times, survival, _ = results.kaplan_meier(days, event)
        x = np.concatenate([[0], times, [days.max()]])
        y = 100 * np.concatenate([[1], survival, survival[-1:] if len(survival) else [1]])
        ax.step(x, y, where="post", color=colour, ls=dash, label=name)
        for t in ticks[:: 2 if narrow else 1]:
            at_risk = (days >= t - 1e-9).sum() / done.replicates
            below.text(t, row, f"{at_risk:.0f}", color=colour, ha="center", va="center")
    ax.set_ylim(0, 103)
    ax.set_xlim(0, end * 1.02)
    ax.set_ylabel("without relapse, %")
    below.set_ylim(len(curves) - 0.5, -0.5)
    below.set_yticks([])
    below.grid(False)
    below.spines[:].set_visible(False)
    below.tick_params(length=0)
    below.set_title("at risk in a trial of this size", fontsize=style.TEXT, fontweight="normal")
    begin = "days from meeting the goal,"
    begin += "\n" if narrow else " "
    below.set_xlabel(f"{begin}or from the start of a phase entered with it")
    ax.tick_params(labelbottom=True)
    _legend(made, narrow)
    return made


@styled
def acute_figure(data, narrow=False):
    """Dissociation, blood pressure and heart rate in the first hours: median and middle 80%."""
    if not data.acute:
        return None
    made = figure(380, 760) if narrow else figure(1060, 330)
    axes = np.atleast_1d(made.subplots(3, 1) if narrow else made.subplots(1, 3))
    titles = {
        "cadss": "Dissociation (CADSS), points",
        "sbp_change": "Systolic pressure, change in mmHg",
        "hr_change": "Heart rate, change in beats/min",
    }
    names = results.arm_names(data.trial.conduct)
    for ax, (signal, title) in zip(axes, titles.items(), strict=True):
        for name, out in data.acute.items():
            colour, dash, _ = look(names.index(name))
            shown = out["time"].values <= 4
            y = out[signal].transpose("time", "patient").values[shown]
            hours = out["time"].values[shown]
            low, mid, high = np.nanpercentile(y, (10, 50, 90), axis=1)
            ax.fill_between(hours, low, high, color=colour, alpha=0.14, lw=0)
            label = name if signal == "cadss" else None
            ax.plot(hours, mid, color=colour, ls=dash, label=label)
        ax.set_title(title)
        ax.set_xlim(0, 4)
        ax.set_xlabel("hours from the first dose")
    _legend(made, narrow)
    return made
