"""Every error that a user may meet, with the exit status of the command that raised it."""

import difflib
from os import PathLike


class KetaqspError(Exception):
    """Base of all errors of this package. Exit status 1: a fault of our own."""

    exit_status = 1


class BadInput(KetaqspError):
    """The input cannot be used. The message gives value, allowed range, unit and remedy.

    ``field`` names the argument at fault where there is one, so that a reader of a table can
    say which column it came from.
    """

    exit_status = 2

    def __init__(self, message, *, field=None):
        super().__init__(message)
        self.field = field


class SolveFailure(KetaqspError):
    """Some patients could not be solved; the message says how many and where they are listed."""

    exit_status = 3


class MachineError(KetaqspError):
    """Disk, memory or a lost worker: the input may well be right."""

    exit_status = 4


def check_path(path, what):
    """Raises BadInput for what names no file: a number would be a file that is already open."""
    if not isinstance(path, str | PathLike):
        raise BadInput(f"{path!r} is no path; allowed: the name of {what}.")


def nearest(name, known, *, cutoff=0.6):
    """Return the entry of ``known`` most like ``name`` (case ignored), or None if none is near.

    ``cutoff``: least likeness, from 0 to 1 (the same but for case).
    """
    by_lower = {str(entry).lower(): entry for entry in known}
    found = difflib.get_close_matches(str(name).strip().lower(), list(by_lower), n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None


def unknown(kind, name, known, *, field=None):
    """Build (not raise) the BadInput for a name that is not among ``known``.

    Example: unknown drug 'ketmine'; did you mean 'ketamine'? Known: ketamine, midazolam.
    """
    known = list(known)
    guess = nearest(name, known)
    hint = f"; did you mean {guess!r}?" if guess is not None else "."
    listing = ", ".join(str(entry) for entry in known)
    return BadInput(f"unknown {kind} {name!r}{hint} Known: {listing}.", field=field)
