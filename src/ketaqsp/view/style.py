"""One look for every figure: palette, type, the clock from minutes to weeks, SVG as text.

Figures are made through the object interface; nothing here touches pyplot.
"""

import functools
import io
import re

import numpy as np

# Okabe and Ito's palette: told apart with any of the usual colour blindnesses.
BLACK, GREY, PALE = "#1a1a1a", "#6b7280", "#e5e7eb"
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
RED, PURPLE, SKY = "#D55E00", "#CC79A7", "#56B4E9"
KETAMINE, CONTROL = BLUE, RED
COLOURS = {"ketamine": KETAMINE, "midazolam": CONTROL, "control": CONTROL}
# Lines differ in dash as well as in colour, so that a grey print still tells them apart.
LINES = (
    (BLUE, "-"),
    (RED, (0, (5, 1.5))),
    (GREEN, (0, (1.2, 1.2))),
    (PURPLE, (0, (5, 1.5, 1.2, 1.5))),
    (BLACK, (0, (2.5, 1.5))),
)
PX = 96  # pixels of a screen in an inch
TEXT = 8.25  # pt, 11 px
RC = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.titlesize": TEXT + 0.75,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": TEXT,
    "axes.edgecolor": GREY,
    "axes.labelcolor": BLACK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.7,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "xtick.labelsize": TEXT - 0.5,
    "ytick.labelsize": TEXT - 0.5,
    "legend.fontsize": TEXT - 0.25,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",
    "text.parse_math": False,
}
FONTS = "'DejaVu Sans', Verdana, Geneva, sans-serif"
# The clock: asinh(t / 15 min) is linear in the first minutes and logarithmic after.
LINEAR_H = 0.25
TICKS = (
    (0, "0"),
    (1 / 6, "10 min"),
    (2 / 3, "40 min"),
    (2, "2 h"),
    (6, "6 h"),
    (24, "1 d"),
    (72, "3 d"),
    (168, "7 d"),
    (672, "28 d"),
)
INFUSION_H = 2 / 3


def styled(draw):
    """Run a drawing function under our settings, and leave matplotlib's own as they were."""

    @functools.wraps(draw)
    def inside(*args, **kwargs):
        import matplotlib

        with matplotlib.rc_context(RC):
            return draw(*args, **kwargs)

    return inside


def figure(width, height):
    """An empty figure of so many screen pixels, laid out so that no text is cut."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width / PX, height / PX), layout="constrained")
    FigureCanvasAgg(made)
    return made


def clock(hours):
    """Place of a time in h on the shared axis, dimensionless: asinh(t / 0.25 h)."""
    return np.arcsinh(np.asarray(hours) / LINEAR_H)


def clock_axis(ax, until=672, label="time from start of infusion", shade=True, small=False):
    """Ticks from 10 min to 28 d on an axis whose x values went through `clock`.

    small: the figure has no room for "10 min" beside the zero.
    """
    ticks = [(t, name) for t, name in TICKS if t <= until and not (small and name == "10 min")]
    ax.set_xticks(clock([t for t, _ in ticks]), [name for _, name in ticks])
    ax.set_xlim(0, clock(until))
    if label:
        ax.set_xlabel(label)
    if shade:
        ax.axvspan(0, clock(INFUSION_H), color=SKY, alpha=0.18, lw=0)


def svg(made, name, title):
    """The figure as one <svg> element for a page: scales with its box, has a title, own ids.

    name: prefix of all ids, so that several figures live in one page. title: read aloud by
    screen readers; escaped here. Every style becomes an attribute, so that the page can forbid
    inline styles.
    """
    from xml.sax.saxutils import escape, quoteattr

    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.StringIO()
    with matplotlib.rc_context({**RC, "svg.hashsalt": name}):
        # savefig would draw once more beforehand, for nothing: draw() arranges the layout itself.
        FigureCanvasSVG(made).print_svg(file, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sstyle="([^"]*)"', _attributes, text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = text.replace("'DejaVu Sans'", FONTS)
    head, body = text.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    head += f' stroke-linejoin="round" role="img" aria-label={quoteattr(title)}'
    return f"{head}><title>{escape(title)}</title>{body}".strip()


def _attributes(match):
    """style="fill: none; opacity: 0.5" as the attributes of the same names."""
    pairs = (pair.split(":", 1) for pair in match.group(1).split(";") if pair.strip())
    return "".join(f' {name.strip()}="{value.strip()}"' for name, value in pairs)
