"""Where a traceback goes: a log in the user's cache folder, or in the temporary one."""

import os
import platform
import sys
import tempfile
import traceback
from pathlib import Path

from ketaqsp import __version__


def folders():
    """Folders to try, best first."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "ketaqsp" / "logs", Path(tempfile.gettempdir())


def write_log(problem):
    """Write the traceback of `problem`. Returns the path of the log, or says why there is none."""
    text = "".join(traceback.format_exception(problem))
    head = f"ketaqsp {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    for folder in folders():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, path = tempfile.mkstemp(prefix="ketaqsp-", suffix=".log", dir=folder)
            with open(handle, "w", encoding="utf-8") as log:
                log.write(head + f"{sys.argv}\n{text}")
            return path
        except OSError:
            continue
    return "no log: neither the cache folder nor the temporary folder can be written"
