"""What depends on the machine: the clock of a run, and the memory that it will need."""

import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from ketaqsp.errors import MachineError

WORK = 40  # curves beside the variables of a model that the solver holds for one batch
GIB = 2**30


class Clock:
    """Started when the command starts."""

    def __init__(self):
        self.started, self.begun = datetime.now(UTC), time.monotonic()

    def record(self, out, group):
        """What run.json holds: clock, host, versions, and the parameters of whoever failed."""
        from importlib.metadata import version

        import numpy as np

        from ketaqsp import __version__
        from ketaqsp.patient.summary import FAILED

        libraries = ("numpy", "scipy", "xarray", "zarr", "pandas")
        failed = np.flatnonzero(out["status"].values == FAILED)
        return {
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self.begun, 3),
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
                    "parameters": {k: _of(v, i) for k, v in group.parameters.items()},
                }
                for i in failed
            ],
        }


def _of(value, place):
    import numpy as np

    return float(value[place] if np.ndim(value) else value)


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


def needed(n, times, until_h, variables, *, whole):
    """Bytes of a run: one batch of patients while it is solved, and the results.

    The solver steps at most an hour, whatever the output interval. whole: every variable is kept
    for all patients, twice while the batches are joined.
    """
    from ketaqsp.patient.summary import WANTED
    from ketaqsp.solve.run import CHUNK

    batch = min(n, CHUNK) * (variables * times + WORK * max(times, until_h))
    return 8 * (batch + 2 * n * times * (variables if whole else len(WANTED)))


def check_memory(n, until_h, every_h, regimens, *, whole):
    """Raises MachineError, before any work, if the run cannot fit."""
    from ketaqsp.patient.simulate import model_for

    model = model_for(regimens)
    times = until_h / every_h + 1
    need = needed(n, times, until_h, len(model.states) + len(model.signals), whole=whole)
    have = available()
    if have is not None and need > have:
        raise MachineError(
            f"{n} patients at {times:.0f} times need about {need / GIB:.1f} GiB of memory; "
            f"{have / GIB:.1f} GiB is free. Use fewer --patients, a longer --every or a shorter "
            "--until."
        )
