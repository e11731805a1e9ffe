"""What the benchmarks found, as a page with tables and as a figure."""

import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import limit_page  # noqa: E402
import ours  # noqa: E402
import tables  # noqa: E402
import workload as load  # noqa: E402
from figure import draw  # noqa: E402

DOCS = Path(__file__).parents[1] / "docs"
PAGE, FIGURE = DOCS / "reference" / "benchmarks.md", DOCS / "figures" / "work_precision.png"


def _said(*parts):
    return textwrap.fill(" ".join(parts), 110, break_long_words=False, break_on_hyphens=False)


def text(found):
    """The page."""
    return "\n\n".join(
        (
            "# Speed beside other simulators",
            *how(found),
            "\n".join(tables.table(found)),
            "\n".join(tables.ratios(found)),
            *remarks(found),
            "## Our own error in many patients",
            *many(found),
            "## Before the first result, and memory",
            "\n".join(tables.starting(found)),
            "![Patients a second against error: MADRS and spine density, every program at every "
            "tolerance](../figures/work_precision.png)",
            _said(
                "Ours in the figure is a median of three by itself, at its own steps and at these",
                "halved once and twice: not the median of the rounds in the table.",
            ),
            "## Every tolerance",
            "\n".join(tables.ladder(found)),
            tolerances(found),
            "## How far from the machine's limit",
            *limit_page.section(found["limit"], _said),
            "## What ours costs",
            _said("Six infusions, 28 days and daily outputs of every state unless said."),
            "\n".join(tables.costs(found)),
            "\n".join(alone(found)) + "\n",
        )
    )


def how(found):
    low, high = min(found["load"]), max(found["load"])
    gaps = [f"{found['gap'][name]:.0e}" for name in load.READ]
    yield _said(
        "Written by `make bench BENCH_OPTIONS=--write` in one run of",
        f"{found['minutes']:.0f} min: {found['date']}, {found['cores']} cores shared with other",
        f"work (load {low:.1f} to {high:.1f} meanwhile, its own included), {found['machine']},",
        f"Python {found['python']}. On such a machine speeds vary by a third between runs: read",
        "ratios, not single digits.",
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
        "tolerances at which the 99th percentile of patients is off by less than",
        f"{load.BAR:.0e} of the range of the patient's own curve, at the worst time, for MADRS and",
        "for spine density; of so few patients that is the worst. Where the bar is crossed,",
        "tolerances lie closer. The fastest is not that of one timing: the fastest two and the",
        "loosest of each kind of absolute tolerance are timed again in turns, and the least",
        "median of processor time decides. Reference: libRoadRunner at 1e-11; SciPy's LSODA at",
        f"1e-11 differs from it by at most {gaps[0]} (MADRS) and {gaps[1]} (spines).",
    )


def remarks(found):
    yield _said(
        "*At worst*: ours in its slowest round against the fastest repeat of any tolerance that",
        f"meets the bar. Ours on one core: {1 / found['one_core']:.0f} patients/s; the rounds, of",
        f"which there are {len(found['rounds'])}, lie between those of the peers. diffrax ran once",
        "at each tolerance, on one batch. *Ends elsewhere*: patients more than a MADRS point away",
        "at day 28, as may happen near the border between two resting severities. Not here:",
        f"{', '.join(found['absent']) or 'none'}.",
    )


def many(found):
    x = found["many"]
    agree = [f"{x['agree'][name]:.0e}" for name in load.READ]
    yield "\n".join(tables.many(found))
    yield _said(
        f"Measured against our own steps divided by {2**ours.FINEST}; in the",
        f"{found['patients']} patients above these are within {agree[0]} (MADRS) and {agree[1]}",
        "(spines) of libRoadRunner at 1e-11. Off by more than the bar, in MADRS or spine density:",
        f"{x['above']}. Close to the border between two resting severities, that is MADRS at day",
        f"28 moves by more than {ours.STEEP * ours.NUDGE:g} of its range when the dose is changed",
        f"by a share of {ours.NUDGE:g}: {x['border']} ({x['both']} of them off by more than the",
        f"bar; the steepest moves by {x['steepest']:.2g} times that share). On another severity",
        f"at day 28: {x['elsewhere']}. libRoadRunner solved the {x['checked']} worst too: our",
        f"reference is within {x['gap']:.0e} of it there, and {x['apart']} of them end elsewhere.",
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


def write(found):
    PAGE.write_text(text(found), encoding="utf-8")
    draw(found, FIGURE)
    print(f"{PAGE}\n{FIGURE}")
