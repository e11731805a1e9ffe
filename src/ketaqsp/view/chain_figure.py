"""The chain of one patient on one page, from plasma to MADRS, on one clock."""

from ketaqsp.view import style
from ketaqsp.view.style import LINES, clock, clock_axis, figure, styled

POOLS = {
    "nmda_block_pv": "PV interneurons",
    "nmda_block_sst": "SST interneurons",
    "nmda_block_pyramidal": "pyramidal synapses",
    "nmda_block_rest": "pyramidal, at rest",
    "nmda_block_lhb": "lateral habenula",
}
# Title with unit, then {signal: label}; a percentage is a fraction times 100.
ROWS = (
    (
        "Plasma, ng/mL",
        {
            "ketamine_arterial": "ketamine, arterial",
            "ketamine_venous": "ketamine, venous",
            "norketamine_venous": "norketamine",
        },
    ),
    ("NMDA receptors blocked, %", POOLS),
    (
        "Circuit, rest = 1",
        {
            "glutamate": "glutamate",
            "pyramidal_activity": "pyramidal activity",
            "habenula": "habenular bursting",
        },
    ),
    (
        "AMPA, rest = 1",
        {"ampa_throughput": "throughput", "surface_ampa": "surface receptors"},
    ),
    (
        "Signalling, rest = 1",
        {"eef2": "eEF2 (active)", "bdnf": "BDNF", "trkb": "TrkB", "mtorc1": "mTORC1"},
    ),
    (
        "Structure, own pre-dose value = 1",
        {"synaptic_protein": "synaptic protein", "spine_density": "spine density"},
    ),
    ("MADRS, points", {"madrs": "MADRS total"}),
)


ONE_INFUSION = ((0.0, style.INFUSION_H),)
TEXT_WIDE = 0.8  # of the clock: a shorter infusion has no room for its name


@styled
def chain_figure(chain, narrow=False, given=ONE_INFUSION):
    """Figure of one patient's Dataset: seven rows over one clock, 0 to 28 d.

    narrow: for a phone, legends above the rows instead of beside them. given: (start, stop) in h
    of each dose; an infusion is shaded, what is given at once is a dotted line.
    """
    made = figure(380, 1560) if narrow else figure(1060, 1180)
    axes = made.subplots(len(ROWS), 1, sharex=True)
    hours = chain["time"].values
    shown = hours <= 672
    for ax, (title, signals) in zip(axes, ROWS, strict=True):
        factor = 100 if title.endswith("%") else 1
        for (colour, dash), (name, label) in zip(LINES, signals.items(), strict=False):
            y = factor * chain[name].values[shown]
            ax.plot(clock(hours[shown]), y, color=colour, ls=dash, label=label)
        _limits(ax, title)
        clock_axis(ax, label=None, shade=False, small=narrow)
        _doses(ax, given)
        ax.tick_params(labelbottom=True)
        if narrow:
            ax.set_title(title, pad=8 + 15 * ((len(signals) + 1) // 2))
            ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=2, borderpad=0.1)
        else:
            ax.set_title(title, pad=4)
            ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    _name_infusion(axes[0], given)
    axes[-1].set_xlabel("time from the first dose (minutes, then hours, then days)")
    return made


def _doses(ax, given):
    """Infusions shaded, other doses as lines."""
    for start, stop in given:
        if stop > start:
            ax.axvspan(clock(start), clock(stop), color=style.SKY, alpha=0.18, lw=0)
        else:
            ax.axvline(clock(start), color=style.GREY, lw=0.8, ls=":")


def _name_infusion(ax, given):
    """The word above the first infusion, where there is room."""
    start, stop = (clock(hour) for hour in given[0]) if given else (0, 0)
    if stop - start > TEXT_WIDE:
        ax.text((start + stop) / 2, 0.97, "infusion", transform=ax.get_xaxis_transform(),
                ha="center", va="top", fontsize=style.TEXT - 1, color=style.GREY)  # fmt: skip


def _limits(ax, title):
    """Zero at the bottom where zero means none; else some air about rest."""
    low, high = ax.get_ylim()
    if title.startswith(("Plasma", "NMDA", "MADRS")):
        ax.set_ylim(0, high * 1.05)
    else:
        ax.set_ylim(min(low, 0.95), max(high, 1.1))


@styled
def block_figure(chain, minutes=180):
    """Block of each pool through an infusion, in % over minutes, with plasma's end marked."""
    made = figure(400, 320)
    ax = made.subplots()
    hours = chain["time"].values
    shown = hours <= minutes / 60 + 1e-9
    for (colour, dash), (name, label) in zip(LINES, POOLS.items(), strict=True):
        ax.plot(60 * hours[shown], 100 * chain[name].values[shown], color=colour, ls=dash,
                label=label)  # fmt: skip
    ax.axvspan(0, 60 * style.INFUSION_H, color=style.SKY, alpha=0.18, lw=0)
    ax.set_xlim(0, minutes)
    ax.set_ylim(0, ax.get_ylim()[1] * 1.05)
    ax.set_xticks(range(0, minutes + 1, 20))
    ax.set_xlabel("time from start of infusion, min")
    ax.set_ylabel("NMDA receptors blocked, %")
    made.legend(loc="outside upper left", ncols=2)
    return made
