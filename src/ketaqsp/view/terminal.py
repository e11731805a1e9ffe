"""The terminal: the result table, and progress as a bar for people and lines for logs."""

import sys
import time
from contextlib import contextmanager

from ketaqsp.trial.demo import NOTICE
from ketaqsp.view.table import CAVEAT, INTERVALS, SHORT_TIMES, lost_line, prior_rows, rows

SHOW_AFTER_S = 2.0  # a bar that appears for less only flickers


def result_table(data):
    """A rich Table: response and remission at 24 h, 72 h, 7 d and 28 d beside published figures."""
    from rich.table import Table

    made = Table(
        title=f"{data.arms.n} virtual patients with treatment-resistant depression, one infusion: "
        "share [95% interval] {90% of trials}",
        title_justify="left",
        pad_edge=False,
    )
    for name in ("visit", "", *data.arms.arms, "published, ketamine", "published, control"):
        made.add_column(name, overflow="fold")
    for _, label, measures in rows(data.arms, SHORT_TIMES, interval=False):
        kept = [m for m in measures if m[0] in ("response", "remission")]
        for k, (measure, cells, printed) in enumerate(kept):
            made.add_row(
                label if k == 0 else "",
                measure,
                *(f"{v} [{noise}] {{{trial}}}" for v, noise, trial in cells.values()),
                "\n".join(printed["ketamine"]).replace("\N{NO-BREAK SPACE}", " "),
                "\n".join(printed["control"]).replace("\N{NO-BREAK SPACE}", " "),
                end_section=k == len(kept) - 1,
            )
    return made


def prior_table(data):
    """A rich Table: response, remission, change and its SD at 24 h over draws of the prior."""
    from rich.table import Table

    made = Table(pad_edge=False)
    for name in ("", *data.prior.values):
        made.add_column(name)
    for name, cells in prior_rows(data.prior):
        made.add_row(name, *(", ".join(cell) for cell in cells.values()))
    return made


def prior_note(data):
    """Which of the parameters drawn, and of those held, had been fitted to outcomes before."""
    drawn = [row.symbol for row in data.prior.drawn if row.confidence == "fitted"]
    held = [row.symbol for row in data.prior.held]
    return (
        f"{len(data.prior.drawn)} parameters drawn. Not a test of the model: of them fitted to "
        f"such outcomes before: {', '.join(drawn) or 'none'}; fitted and held at their values: "
        f"{', '.join(held) or 'none'}."
    )


def print_result(data, path, file=None):
    """Print both tables, what their brackets mean and cannot say, and where the report is."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=file, highlight=False)
    if not console.is_terminal:
        console = Console(file=file, highlight=False, width=150)
    console.print(result_table(data))
    for line in (INTERVALS, CAVEAT, lost_line(data.arms)):
        if line:
            console.print(Text(line))
    console.print()
    console.print(
        Text(
            f"The same at 24 h over {data.prior.draws} draws of what is not known, in "
            f"{data.prior.n} patients: 5th, 50th and 95th percentile",
            style="italic",
        )
    )
    console.print(prior_table(data))
    for line in (prior_note(data), NOTICE):
        console.print(Text(line))
    console.print(Text(f"Report: {path}"), soft_wrap=True)


@contextmanager
def progress(total, file=None):
    """Gives tell(what, done, total): a bar on a terminal after two seconds, else log lines.

    Both go to standard error, so that standard output holds results alone.
    """
    file = file if file is not None else sys.stderr
    if not (hasattr(file, "isatty") and file.isatty()):
        yield _lines(file)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    bar = Progress(*columns, console=Console(file=file), transient=True)
    task = bar.add_task("starting", total=total)
    began = time.perf_counter()

    def tell(what, done, of):
        bar.update(task, description=what, completed=done, total=of)
        if not bar.live.is_started and time.perf_counter() - began > SHOW_AFTER_S:
            bar.start()

    try:
        yield tell
    finally:
        if bar.live.is_started:
            bar.stop()


def _lines(file):
    began = time.perf_counter()

    def tell(what, done, of):
        print(f"ketaqsp {time.perf_counter() - began:6.1f} s  {done + 1}/{of}  {what}", file=file)

    return tell
