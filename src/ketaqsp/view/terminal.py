"""The terminal: the result table, and progress as a bar for people and lines for logs."""

import sys
import time
from contextlib import contextmanager

from ketaqsp.trial.demo import NOTICE
from ketaqsp.trial.published import TREATMENTS
from ketaqsp.view.table import CAVEAT, INTERVALS, SHORT_TIMES, lost_line, prior_rows, rows

WIDE = 150  # columns for the result beside the published figures; also where there is no terminal
SHOW_AFTER_S = 2.0  # a bar that appears for less only flickers


def result_tables(data, width):
    """rich Tables: response and remission at 24 h, 72 h, 7 d and 28 d, and published figures.

    One table where `width` columns hold it, else the published figures in a second one.
    """
    simulated = tuple(data.arms.arms)
    printed = tuple(f"published, {treatment}" for treatment in TREATMENTS)
    shares = f"{data.arms.n} virtual patients with treatment-resistant depression, one infusion"
    key = "share [95% interval] {90% of trials}"
    if width >= WIDE:
        return [_table(data, f"{shares}: {key}", (*simulated, *printed))]
    return [_table(data, f"{shares}\n{key}", simulated), _table(data, "Published", printed)]


def _table(data, title, columns):
    from rich.table import Table

    made = Table(title=title, title_justify="left", pad_edge=False)
    for name in ("visit", "", *columns):
        made.add_column(name, overflow="fold")
    for _, label, measures in rows(data.arms, SHORT_TIMES, interval=False):
        kept = [m for m in measures if m[0] in ("response", "remission")]
        for k, (measure, cells, printed) in enumerate(kept):
            texts = {arm: f"{v} [{noise}] {{{trial}}}" for arm, (v, noise, trial) in cells.items()}
            for treatment, items in printed.items():
                lines = "\n".join(items).replace("\N{NO-BREAK SPACE}", " ")
                texts[f"published, {treatment}"] = lines
            first = label if k == 0 else ""
            made.add_row(first, measure, *map(texts.get, columns), end_section=k == len(kept) - 1)
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


def sources_line(data):
    """Every study once, with the DOI or PMID under which it is found."""
    studies = dict.fromkeys((f.study, f.doi_or_pmid) for f in data.figures)
    named = "; ".join(f"{study} {number}" for study, number in studies)
    return f"Published figures: {named}. Where in each they stand: see the report."


def print_result(data, path, file=None):
    """Print both tables, what their brackets mean and cannot say, and where the report is."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=file, highlight=False)
    if not console.is_terminal:
        console = Console(file=file, highlight=False, width=WIDE)
    for made in result_tables(data, console.width):
        console.print(made)
    for line in (INTERVALS, CAVEAT, sources_line(data), lost_line(data.arms)):
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
