"""What depends on the machine: the clock of a run, and the memory that it will need."""

import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from ketaqsp.errors import MachineError

WORK = 40  # curves beside the variables of a model that the solver holds for one batch
PARAMETERS = 100  # numbers a patient is drawn with, at most
GIB = 2**30


class Clock:
    """Started when the command starts."""

    def __init__(self):
        self.started, self.begun = datetime.now(UTC), time.monotonic()

    def record(self, found, group, *, reasons=None, resumed=False):
        """What run.json holds: clock, host, versions, and reason and parameters of whoever failed.

        found: the digest of all patients (see patient.summary). resumed: the clock is that of the
        last part alone.
        """
        from importlib.metadata import version

        import numpy as np

        from ketaqsp import __version__
        from ketaqsp.patient.summary import FAILED

        libraries = ("numpy", "scipy", "xarray", "zarr", "pandas")
        failed = np.flatnonzero(found["status"][0] == FAILED)
        return {
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self.begun, 3),
            "resumed": resumed,
            "host": platform.node(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "ketaqsp": __version__,
            "libraries": {name: version(name) for name in libraries},
            "command": sys.argv[1:],
            "redrawn": int(group.rejected),
            "failed": [
                {
                    "patient": int(group.ids[i]),
                    "reason": (reasons or {}).get(str(group.ids[i]), "told in an earlier part"),
                    "parameters": {k: _of(v, i) for k, v in group.parameters.items()},
                }
                for i in failed
            ],
        }


def _of(value, place):
    import numpy as np

    x = float(value[place] if np.ndim(value) else value)
    return x if np.isfinite(x) else None


def available():
    """Bytes of memory that can be had now, or None where the system does not say."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        if limit != "max":
            found.append(int(limit) - used)
    except (OSError, ValueError):
        pass
    if not found and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=None)


def needed(n, times, until_h, variables, *, whole, piece):
    """Bytes of a run: one piece of patients while it is solved, and the summary of all.

    The solver steps at most an hour, whatever the output interval. whole: every variable of a
    piece is kept, twice while its batches are joined.
    """
    from ketaqsp.patient.summary import LOOKS, PEAKS, SEEN, WANTED
    from ketaqsp.solve.run import CHUNK

    batch = min(n, CHUNK) * (variables * times + WORK * max(times, until_h))
    kept = 2 * min(n, piece) * times * (variables if whole else len(WANTED))
    said = 2 * n * (len(SEEN) * (len(LOOKS) + 1) + 2 * len(PEAKS) + PARAMETERS)
    return 8 * (batch + kept + said)


def check_memory(n, until_h, every_h, plan, *, whole):
    """Raises MachineError, before any work, if the run cannot fit."""
    from ketaqsp.patient.simulate import model_for
    from ketaqsp.solve.run import CHUNK

    model = model_for(plan.given)
    times = until_h / every_h + 1
    variables, piece = len(model.states) + len(model.signals), n if plan.ids else CHUNK
    need = needed(n, times, until_h, variables, whole=whole, piece=piece)
    have = available()
    if have is not None and need > have:
        raise MachineError(
            f"{n} patients at {times:.0f} times need about {need / GIB:.1f} GiB of memory; "
            f"{have / GIB:.1f} GiB is free. Use fewer --patients, a longer --every or a shorter "
            "--until."
        )
