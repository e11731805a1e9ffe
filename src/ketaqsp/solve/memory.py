"""Memory: how much can be had, and room for results that is refused in words if it cannot."""

import math
import os
from pathlib import Path

import numpy as np

from ketaqsp.errors import MachineError

GIB = 2**30
SMALL = GIB  # below this nobody asks first


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


def room(variables, times, patients):
    """An array (variables, times, patients) of doubles, not filled. Raises MachineError.

    A system that promises more than it has would end the process when the room is filled.
    """
    shape = variables, times, patients
    need = 8 * math.prod(shape)
    have = available() if need > SMALL else None
    try:
        if have is None or need <= have:
            return np.empty(shape)
    except MemoryError:
        pass
    free = "" if have is None else f"; {have / GIB:.1f} GiB is free"
    raise MachineError(
        f"out of memory: {variables} variables of {patients} patients at {times} times need "
        f"{need / GIB:.1f} GiB{free}. Ask for fewer variables (wanted), a longer every or fewer "
        "patients; the command `ketaqsp simulate --out` writes piece by piece."
    )
