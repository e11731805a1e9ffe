"""What the benchmarks found, as a page with a table and as a figure."""

import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import peers  # noqa: E402
import workload as load  # noqa: E402

DOCS = Path(__file__).parents[1] / "docs"
PAGE, FIGURE = DOCS / "reference" / "benchmarks.md", DOCS / "figures" / "work_precision.png"
BARS = {"roadrunner": 20, "copasi": 20, "heyoka": 10}  # times faster we set out to be


def _row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def _spread(taken):
    return f"{len(taken)} ({min(taken) / max(taken):.2f})"


def _errors(errors):
    return [f"{load.percentile(errors[name]):.1e}" for name in load.READ]


def _each(peer):
    """Seconds a patient, the median of the repeats."""
    return sorted(peer["taken"])[len(peer["taken"]) // 2]


def _given(rtol, atol, *_):
    return f"{rtol:g}, {atol:g}" if atol else f"{rtol:g}"


def table(found):
    """Rows of the comparison, ours first."""
    rate, n = 1 / found["ours"], found["patients"]
    out = [
        _row("", "rtol, atol", "patients/s", "ours against it", "error MADRS", "error spines",
             "ends elsewhere", "repeats (least/most)"),
        _row("---", *["---:"] * 7),
        _row("ketaqsp", "its grid", f"{rate:.0f}", "", *_errors(found["levels"][0][2]),
             f"{found['apart']} of {n}", _spread(found["rounds"])),
    ]  # fmt: skip
    for name, x in found["peers"].items():
        label = peers.PEERS[name][0] + ("" if x["meets"] else " (misses the bar)")
        speed, times = found["cores"] / _each(x), _each(x) / found["cores"] * rate
        ends = f"{x['apart']} of {x['patients']}"
        out.append(
            _row(label, _given(*x["chosen"]), f"{speed:.3g}", f"{times:.1f}",
                 *_errors(x["chosen"][3]), ends, _spread(x["taken"]))
        )  # fmt: skip
    return out


def starting(found):
    """Rows of what it takes before the first result, and of memory."""
    cold, warm = found["cold"][0], found["second"][0]
    out = [
        _row("", "compile, s", "new process to first result, s", "peak memory, MiB", "patients"),
        _row("---", *["---:"] * 4),
        _row("ketaqsp", f"{cold - warm:.1f}", f"{cold:.1f}; with its cache {warm:.1f}",
             f"{found['memory']:.0f}", found["cohort"]),
    ]  # fmt: skip
    for name, x in found["peers"].items():
        cells = (f"{x['compile']:.1f}", f"{x['cold']:.1f}", f"{x['memory']:.0f}", x["patients"])
        out.append(_row(peers.PEERS[name][0], *cells))
    return out


def ratios(found):
    """Sentences: each bar, and whether it is reached."""
    out = []
    for name, bar in BARS.items():
        if name in found["peers"]:
            ratio = _each(found["peers"][name]) / found["cores"] / found["ours"]
            said = "reached" if ratio >= bar else "missed"
            out.append(f"- {peers.PEERS[name][0]}: {ratio:.1f} times; aim {bar}: {said}.")
    return out


def ladder(found):
    out = [_row("", "rtol, atol", "ms a patient, one core", "error MADRS", "error spines"),
           _row("---", *["---:"] * 4)]  # fmt: skip
    for name, x in found["peers"].items():
        for rtol, atol, spent, errors in x["rungs"]:
            given = _given(rtol, atol)
            out.append(_row(peers.PEERS[name][0], given, f"{spent * 1e3:.1f}", *_errors(errors)))
    for level, spent, errors in found["levels"]:
        name = "its grid" if not level else f"steps divided by {2**level}"
        each = spent * 1e3 * found["one_core"] / found["levels"][0][1]
        out.append(_row("ketaqsp", name, f"{each:.2f}", *_errors(errors)))
    return out


def costs(found):
    out = [_row("what varies", "to", "s", "patients"), _row("---", *["---:"] * 3)]
    for what, amount, spent in found["costs"]:
        people = amount if what == "patients" else 256
        out.append(_row(what, amount, f"{spent:.3f}", people))
    return out


def _said(*parts):
    return textwrap.fill(" ".join(parts), 110, break_long_words=False, break_on_hyphens=False)


def text(found):
    """The page."""
    return "\n\n".join(
        (
            "# Speed beside other simulators",
            *how(found),
            "\n".join(table(found)),
            "\n".join(ratios(found)),
            *remarks(found),
            "## Before the first result, and memory",
            "\n".join(starting(found)),
            "![Patients a second against error: MADRS and spine density, every program at every "
            "tolerance](../figures/work_precision.png)",
            "## Every tolerance",
            "\n".join(ladder(found)),
            tolerances(found),
            "## What ours costs",
            _said("Six infusions, 28 days and daily outputs of every state unless said."),
            "\n".join(costs(found)),
            "\n".join(alone(found)) + "\n",
        )
    )


def how(found):
    low, high = min(found["load"]), max(found["load"])
    gaps = [f"{found['gap'][name]:.0e}" for name in load.READ]
    yield _said(
        "Written by `make bench BENCH_OPTIONS=--write` in one run:",
        f"{found['date']}, {found['cores']} cores shared with other work (load {low:.1f} to",
        f"{high:.1f} meanwhile, its own included), {found['machine']}, Python {found['python']}.",
        "On such a machine speeds vary by a third between runs: read ratios, not single digits.",
    )
    yield _said(
        f"**What is solved.** The whole chain ({found['states']} states), six infusions, 28 days,",
        "every state with MADRS and spine density daily and at the ends of infusions. All solve",
        f"the same {found['patients']} drawn patients, each as the file that `ketaqsp export`",
        f"writes. Ours is timed on the {found['cohort']} of whom these are the first",
        f"({found['failed']} failed), {found['steps']} steps each, on all cores, through the",
        "public call with its result as xarray.",
    )
    yield _said(
        "**How.** Peers run on one core, loading and compiling left out, and their speed is",
        "multiplied by the cores: more than they would reach. SciPy, numbalsoda, heyoka and",
        "diffrax read no SBML and get the file's equations. Each runs at the fastest of its",
        f"tolerances at which the 99th percentile of patients is off by less than {load.BAR:.0e} of",
        "the range of the patient's own curve, at the worst time, for MADRS and for spine density; of so few",
        "patients that is the worst. Reference: libRoadRunner at 1e-11; SciPy's LSODA at 1e-11",
        f"differs from it by at most {gaps[0]} (MADRS) and {gaps[1]} (spines).",
    )


def remarks(found):
    yield _said(
        f"Ours on one core: {1 / found['one_core']:.0f} patients/s. Speeds are medians;",
        "the last column has the number of repeats and the fastest over the slowest. What is slow",
        "was repeated less, and diffrax ran once, on one batch. *Ends elsewhere*: patients more",
        "than a MADRS point away at day 28, as may happen near the border between two resting",
        f"severities. Not here: {', '.join(found['absent']) or 'none'}.",
    )


def tolerances(found):
    state, share, span, size, madrs = found["worst"]
    return _said(
        "Tolerances are not errors: a solver holds each step's error to a share of the state, not",
        f"of its range. In the first patient libRoadRunner at 1e-6 is off by {share:.0e} of the",
        f"range of `{state}`, which stands near {size:.2g} and moves by {span:.1g}, and by",
        f"{madrs:.0e} of that of MADRS. One number as absolute tolerance is worse: libRoadRunner",
        "multiplies it by each state as it is when an event restarts the solver, and states that",
        "have decayed to nothing stop it. It gets a list here.",
    )


def alone(found):
    for label, spent in found["single"]:
        yield f"- One patient, 28 days hourly, {label}: {spent * 1e3:.1f} ms."
    cold, warm = found["plain_cold"], found["plain_warm"]
    yield (
        f"- New process, typical patient, first result: {cold[1]:.1f} s with an empty cache, "
        f"{warm[1]:.1f} s after (import {warm[0]:.2f} s)."
    )


def curves(found, name):
    """[(label, [(error, patients/s) of each tolerance, the least error first])]."""
    yield "ketaqsp", [(load.percentile(e[name]), 1 / spent) for _, spent, e in found["levels"]]
    for key, x in found["peers"].items():
        points = [
            (load.percentile(e[name]), found["cores"] / spent) for _, _, spent, e in x["rungs"]
        ]
        yield peers.PEERS[key][0], sorted(p for p in points if p[0] < 1)


def draw(found, path):
    """Work against precision: one panel a read-out; lines join what no other tolerance beats."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    from ketaqsp.view import style

    colours = (style.BLUE, style.RED, style.GREEN, style.PURPLE, style.ORANGE, style.BLACK)
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
            drawn = zip(curves(found, name), colours, "osD^vP", strict=False)
            for (label, points), colour, mark in drawn:
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
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        figure.savefig(path, metadata={"Software": None})


def write(found):
    PAGE.write_text(text(found), encoding="utf-8")
    draw(found, FIGURE)
    print(f"{PAGE}\n{FIGURE}")
