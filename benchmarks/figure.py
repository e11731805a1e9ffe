"""Work against precision, as a figure."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import peers  # noqa: E402
import workload as load  # noqa: E402


def curves(found, name):
    """[(label, [(error, patients/s) of each tolerance, the least error first])]."""
    yield "ketaqsp", [(load.percentile(e[name]), 1 / spent) for _, spent, e in found["levels"]]
    for key, x in found["peers"].items():
        points = [
            (load.percentile(e[name]), found["cores"] / spent) for _, _, spent, e, *_ in x["rungs"]
        ]
        yield peers.PEERS[key].label, sorted(p for p in points if p[0] < 1)


def draw(found, path):
    """Work against precision: one panel a read-out; lines join what no other tolerance beats."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    from ketaqsp.view import style

    names = ("BLUE", "RED", "GREEN", "PURPLE", "ORANGE", "BLACK", "SKY")
    colours = [getattr(style, name) for name in names]
    labels = ("ketaqsp", *(peer.label for peer in peers.PEERS.values()))
    # Strict: a program without a colour would not be drawn.
    looks = dict(zip(labels, zip(colours, "osD^vPX", strict=True), strict=True))
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(8.4, 3.8), layout="constrained", dpi=160)
        FigureCanvasAgg(figure)
        for axes, name in zip(figure.subplots(1, 2, sharey=True), load.READ, strict=True):
            axes.set(
                xscale="log",
                yscale="log",
                title={"madrs": "MADRS"}.get(name, "Spine density"),
                xlabel="error at the 99th percentile, share of range",
            )
            for label, points in curves(found, name):
                colour, mark = looks[label]
                points = sorted(points)
                best = [p for i, p in enumerate(points) if all(q[1] < p[1] for q in points[:i])]
                if points:
                    axes.plot(*zip(*best, strict=True), color=colour, lw=1.4)
                    axes.plot(*zip(*points, strict=True), mark, color=colour, ms=4.5, label=label)
            axes.axvline(load.BAR, color=style.GREY, lw=1, ls=(0, (4, 2)))
            axes.xaxis.set_major_locator(LogLocator(numticks=5))
            axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0e}".replace("e-0", "e-"))
            axes.yaxis.set_major_formatter(lambda x, _: f"{x:g}")
            axes.minorticks_off()
        left, right = figure.axes
        left.set_ylabel(f"patients a second, {found['cores']} cores")
        edge = left.get_xaxis_transform()
        left.text(load.BAR, 0.98, " bar", color=style.GREY, transform=edge, va="top")
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=4)
        figure.savefig(path, metadata={"Software": None})
