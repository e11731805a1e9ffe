"""Standard output for results, standard error for everything else."""

import codecs
import json
import os
import sys
import time
import warnings
from threading import Timer

from ketaqsp.errors import KetaqspError, MachineError

WIDE = 120  # columns where nobody's terminal sets a width
PATIENCE = 2.0  # s before a command says that it is at work
LINE_EVERY = 10.0  # s between two such lines where nobody watches a bar
# What an output that is not UTF-8 (latin-1, Windows' own, ASCII) is given for what it lacks.
PLAIN = {"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{PLUS-MINUS SIGN}": "+/-"}
PLAIN |= {"\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-", "\N{BOX DRAWINGS LIGHT VERTICAL}": "|"}
PLAIN |= {"\N{NO-BREAK SPACE}": " ", "\N{HORIZONTAL ELLIPSIS}": "...", "\N{MICRO SIGN}": "u"}


class Interrupted(KetaqspError):
    """The user stopped the command; the message says what is left."""

    exit_status = 130

    def __init__(self, message):
        # What a library had begun is dropped unfinished; Python would complain of it after us.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        super().__init__(message)


def prepare():
    """Make standard output and error such that a print cannot fail on how they were set up.

    One that was closed (`>&-`, a daemon) goes nowhere, as one whose reader went away: Python has
    None in its place, and the next file that is opened would get its number. A letter that the
    encoding lacks (of a terminal, of a file under Windows) is put plainly.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
    codecs.register_error("ketaqsp", _plainly)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="ketaqsp")


def _plainly(problem):
    """Handler of codecs: what to write for letters that cannot be; bytes of a name as they are."""
    text = problem.object[problem.start : problem.end]
    if all("\udc80" <= letter <= "\udcff" for letter in text):
        return bytes(ord(letter) - 0xDC00 for letter in text), problem.end
    return "".join(PLAIN.get(letter, "?") for letter in text), problem.end


def emit(text):
    """Print text; a reader that went away (`| head`) is no failure. Raises MachineError."""
    try:
        print(text)
        sys.stdout.flush()
    except BrokenPipeError:
        forget_stdout()
    except OSError as problem:
        forget_stdout()
        raise MachineError(
            f"standard output cannot be written: {problem.strerror}. Send it somewhere else."
        ) from problem


def _can_print(text):
    """Whether standard output has every letter."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def forget_stdout():
    """Let what is left in the buffer go nowhere, so that leaving does not fail on it again."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # no real file behind it
        sys.stdout = None


def emit_json(payload):
    """One JSON object; a number that is not finite would be a fault of ours."""
    text = json.dumps(payload, indent=1, ensure_ascii=False, allow_nan=False)
    if not _can_print(text):  # a name that is not UTF-8, or a terminal that is not
        text = json.dumps(payload, indent=1, allow_nan=False)
    emit(text)


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
    """A bar on a terminal, lines elsewhere; silent below two seconds. Use as a context.

    Both go to standard error. total: patients, each as often as he is solved; patients: how many
    they are, where that is another number.
    """

    def __init__(self, what, total, patients=None):
        self.what, self.total, self.done = what, total, 0.0
        self.patients = total if patients is None else patients
        self.begun = time.monotonic()
        self.said = self.begun + PATIENCE - LINE_EVERY
        self.bar = self.timer = None

    def __enter__(self):
        if sys.stderr.isatty():
            # By the clock, not by a report of progress: the first one may take a while.
            self.timer = Timer(PATIENCE, self._start)
            self.timer.daemon = True
            self.timer.start()
        return self

    def _start(self):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), Elapsed())
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self.task = bar.add_task(self.what, total=self.total, completed=self.done)
        bar.tasks[0].start_time = self.begun
        bar.start()
        self.bar = bar

    def __call__(self, done, _total=None):
        """Called by the solver: `done` patients are solved, those under way by their share."""
        self.done = done
        self._show()

    def stage(self, what):
        """Say that another stage has begun."""
        self.what = what
        self._show()

    def _show(self):
        if self.bar is not None:
            self.bar.update(self.task, description=self.what, completed=self.done)
        elif self.timer is None and time.monotonic() - self.said > LINE_EVERY:
            self.said = time.monotonic()
            many = f"{self.patients} patient{'s' if self.patients > 1 else ''}"
            share, seconds = 100 * self.done / self.total, self.said - self.begun
            note(f"{self.what}, {share:.0f}% of {many} after {seconds:.0f} s")

    def __exit__(self, *_):
        if self.timer is not None:
            self.timer.cancel()
            self.timer.join()
        if self.bar is not None:
            self.bar.stop()
