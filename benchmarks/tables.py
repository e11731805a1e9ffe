"""Rows of the page's tables, from what engines.py measured."""

import statistics
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import peers  # noqa: E402
import workload as load  # noqa: E402

BARS = {"roadrunner": 20, "copasi": 20, "heyoka": 10}  # times faster we set out to be


def row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*cells):
    return [row(*cells), row("---", *["---:"] * (len(cells) - 1))]


def errors(found):
    return [f"{load.percentile(found[name]):.1e}" for name in load.READ]


def _given(rtol, atol):
    return f"{rtol:g}, {atol:g}" if atol else f"{rtol:g}"


def _ratios(found, x):
    """Times faster: medians, and ours at its slowest against theirs at their fastest."""
    median = statistics.median(x["taken"]) / found["cores"] / found["ours"]
    return median, x["fastest"] / found["cores"] / max(found["rounds"])


def table(found):
    """The comparison, ours first."""
    rate, n = 1 / found["ours"], found["patients"]
    out = head("", "rtol, atol", "patients/s (least to most)", "ours against it", "at worst",
               "error MADRS", "error spines", "ends elsewhere")  # fmt: skip
    speeds = f"{rate:.0f} ({1 / max(found['rounds']):.0f} to {1 / min(found['rounds']):.0f})"
    out.append(row("ketaqsp", "its grid", speeds, "", "", *errors(found["levels"][0][2]),
                   f"{found['apart']} of {n}"))  # fmt: skip
    for name, x in found["peers"].items():
        rtol, atol, _, off, apart, _ = x["chosen"]
        label = peers.PEERS[name].label + ("" if x["meets"] else " (misses the bar)")
        least, middle, most = (
            f"{found['cores'] / f(x['taken']):.3g}" for f in (max, statistics.median, min)
        )
        speeds = f"{middle} ({least} to {most})" if len(x["taken"]) > 1 else f"{middle} (once)"
        median, worst = _ratios(found, x)
        out.append(row(label, _given(rtol, atol), speeds, f"{median:.0f}", f"{worst:.0f}",
                       *errors(off), f"{apart} of {x['patients']}"))  # fmt: skip
    return out


def ratios(found):
    """Sentences: each bar, and whether it is reached even at worst."""
    out = []
    for name, bar in BARS.items():
        if name in found["peers"]:
            median, worst = _ratios(found, found["peers"][name])
            said = (
                "reached"
                if worst >= bar
                else "reached, not at worst"
                if median >= bar
                else "missed"
            )
            out.append(f"- {peers.PEERS[name].label}: {median:.0f} times, at worst {worst:.0f}; "
                       f"aim {bar}: {said}.")  # fmt: skip
    return out


def many(found):
    """Our errors in the whole cohort."""
    out = head("patients", "", "median", "99th percentile", "worst")
    for name, x in found["many"]["errors"].items():
        middle = float(np.median(x))
        out.append(row(len(x), {"madrs": "MADRS"}.get(name, "spines"), f"{middle:.1e}",
                       f"{load.percentile(x):.1e}", f"{x.max():.1e}"))  # fmt: skip
    return out


def starting(found):
    """What it takes before the first result, and memory."""
    cold, warm = found["cold"][0], found["second"][0]
    out = head("", "compile, s", "new process to first result, s", "peak memory, MiB", "patients")
    out.append(row("ketaqsp", f"{cold - warm:.1f}", f"{cold:.1f}; with its cache {warm:.1f}",
                   f"{found['memory']:.0f}", found["cohort"]))  # fmt: skip
    for name, x in found["peers"].items():
        cells = (f"{x['compile']:.1f}", f"{x['cold']:.1f}", f"{x['memory']:.0f}", x["patients"])
        out.append(row(peers.PEERS[name].label, *cells))
    return out


def ladder(found):
    """Every tolerance that was tried, timed once."""
    out = head("", "rtol, atol", "ms a patient, one core", "error MADRS", "error spines")
    for name, x in found["peers"].items():
        for rtol, atol, spent, off, *_ in x["rungs"]:
            given, label = _given(rtol, atol), peers.PEERS[name].label
            out.append(row(label, given, f"{spent * 1e3:.1f}", *errors(off)))
    for level, spent, off in found["levels"]:
        name = "its grid" if not level else f"steps divided by {2**level}"
        each = spent * 1e3 * found["one_core"] / found["levels"][0][1]
        out.append(row("ketaqsp", name, f"{each:.2f}", *errors(off)))
    return out


def costs(found):
    out = head("what varies", "to", "s", "patients")
    for what, amount, spent in found["costs"]:
        people = amount if what == "patients" else 256
        out.append(row(what, amount, f"{spent:.3f}", people))
    return out
