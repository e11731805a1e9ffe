"""Standard output for results, standard error for everything else."""

import json
import os
import sys
import time

WIDE = 160  # columns where nobody's terminal sets a width
PATIENCE = 2.0  # s before a command says that it is at work


def emit(text):
    """Print text; a reader that went away (`| head`) is no failure."""
    try:
        print(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit_json(payload):
    """One JSON object; a number that is not finite would be a fault of ours."""
    emit(json.dumps(payload, indent=1, ensure_ascii=False, allow_nan=False))


def emit_rich(*parts):
    """Tables and lines by rich: as wide as the terminal, plain and wide elsewhere."""
    from io import StringIO

    from rich.console import Console

    screen = Console()
    width = screen.width if screen.is_terminal else WIDE
    page = Console(
        file=StringIO(),
        width=width,
        force_terminal=screen.is_terminal,
        color_system=screen.color_system,
        markup=False,
        emoji=False,
        highlight=False,
    )
    for part in parts:
        page.print(part)
    emit("\n".join(line.rstrip() for line in page.file.getvalue().rstrip("\n").split("\n")))


def note(message):
    """A line on standard error."""
    print(f"ketaqsp: {message}", file=sys.stderr, flush=True)


class Progress:
    """A bar on a terminal, lines elsewhere; silent below two seconds. Use as a context."""

    def __init__(self, what, total):
        self.what, self.total = what, total
        self.begun = self.said = time.monotonic()
        self.bar = None

    def __enter__(self):
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
            from rich.progress import TimeElapsedColumn as Elapsed

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            console = Console(stderr=True)
            self.bar = Progress(*columns, Elapsed(), console=console, transient=True)
            self.task = self.bar.add_task(self.what, total=self.total)
            self.bar.start()
        return self

    def __call__(self, done, total):
        """Called by the solver: `done` of `total` patients are solved."""
        if self.bar is not None:
            self.bar.update(self.task, completed=done)
        elif done < total and time.monotonic() - self.said > PATIENCE:
            self.said = time.monotonic()
            seconds = self.said - self.begun
            note(f"{self.what}: {done} of {total} patients after {seconds:.0f} s")

    def stage(self, what):
        """Say that another stage has begun."""
        if self.bar is not None:
            self.bar.update(self.task, description=what)
        elif time.monotonic() - self.begun > PATIENCE:
            note(what)

    def __exit__(self, *_):
        if self.bar is not None:
            self.bar.stop()
