"""Machine code kept between processes, in the user's own cache folder (mode 0700).

A file is used only if it is whole (its digest stands in front) and the folder is ours alone. A
cache that cannot be used is a warning: the program is then compiled again.
"""

import hashlib
import os
import stat
import sys
import tempfile
import warnings
from pathlib import Path

VARIABLE = "KETAQSP_CACHE"  # another folder; empty for none
_DIGEST = 32  # bytes


def folder():
    """Where machine code is kept, or None if the user wants none."""
    chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return Path(chosen) if chosen else None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ketaqsp"


def key(*parts):
    """Name of the file for what the code was made from."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def load(name):
    """Machine code (bytes) kept under this name, or None."""
    where = folder()
    if where is None:
        return None
    path = where / f"{name}.o"
    try:
        if not path.exists():
            return None
        _check(where)
        kept = path.read_bytes()
    except (OSError, RuntimeError) as problem:
        _warn(where, problem)
        return None
    code = kept[_DIGEST:]
    if hashlib.sha256(code).digest() != kept[:_DIGEST]:
        _warn(where, f"{path.name} is damaged")
        return None
    return code


def keep(name, code):
    """Keep machine code for the next process; only warns if it cannot."""
    where = folder()
    if where is None:
        return
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(where)
        handle, fresh = tempfile.mkstemp(dir=where)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(code).digest() + code)
            os.replace(fresh, where / f"{name}.o")  # whole or not at all
        except OSError:
            os.unlink(fresh)
            raise
    except (OSError, RuntimeError) as problem:
        _warn(where, problem)


def _check(where):
    """Raise unless the folder is the user's and nobody else can write to it."""
    if os.name != "posix":
        return
    about = where.stat()
    if about.st_uid != os.getuid():
        raise RuntimeError("the folder belongs to another user")
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise RuntimeError("others may write to the folder (chmod 700 it)")


def _warn(where, problem):
    warnings.warn(
        f"compiled code cannot be kept in {where}: {problem}; going on without. "
        f"{VARIABLE} names another folder, or none if it is empty.",
        RuntimeWarning,
        stacklevel=4,
    )
