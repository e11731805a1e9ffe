"""What depends on the machine: the clock of a run, and the memory that it will need."""

import platform
import shutil
import sys
import time
from datetime import UTC, datetime

from ketaqsp.errors import MachineError
from ketaqsp.solve.memory import GIB, available

WORK = 40  # curves beside the variables of a model that the solver holds for one batch
PARAMETERS = 100  # numbers a patient is drawn with, at most
# The least that one number takes on the disk, without and with a dose. A csv writes digits, name
# and time. A zarr store packs 8 bytes into 2 to 6 after a dose, into 0.05 where nothing moves.
LEAST_BYTES = {".csv": (40, 40), ".zarr": (0.05, 0.8)}


class Clock:
    """Started when the command starts."""

    def __init__(self):
        self.started, self.begun = datetime.now(UTC), time.monotonic()

    def record(self, found, group, job, *, resumed=False):
        """What run.json holds: clock, host, versions, how patients were solved, whoever failed.

        found: a summary.Tally. job: a pieces.Run that has run. resumed: the clock is that of the
        last part alone.
        """
        from importlib.metadata import version

        from ketaqsp import __version__

        libraries = ("numpy", "scipy", "xarray", "zarr", "pandas")
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
            "status": found.status,
            "clipped": job.clipped,
            "failed": [
                {"patient": i, **job.failures[str(i)]}
                for i in group.ids.tolist()
                if i in found.failed
            ],
        }


def needed(n, times, until_h, variables, *, whole, piece):
    """Bytes of a run: one piece of patients while it is solved, and the parameters of all.

    The solver steps at most an hour, whatever the output interval. whole: every variable of a
    piece is kept, twice while its batches are joined.
    """
    from ketaqsp.patient.summary import WANTED
    from ketaqsp.solve.run import CHUNK

    batch = min(n, piece, CHUNK) * (variables * times + WORK * max(times, until_h))
    kept = 2 * min(n, piece) * times * (variables if whole else len(WANTED))
    return 8 * (batch + kept + 2 * n * PARAMETERS)


def check_room(n, until_h, every_h, plan, *, path, chunk=None, resume=False):
    """Raises MachineError, before any work, if the run cannot fit in memory or on the disk.

    path: of the result, or None. chunk: patients at a time. resume: the room on the disk is taken.
    """
    from ketaqsp.cli.pieces import piece
    from ketaqsp.patient.simulate import model_for
    from ketaqsp.patient.summary import WANTED

    model = model_for(plan.given)
    times = until_h / every_h + 1
    names = (*model.states, *model.signals)
    some = chunk or piece(times, len(names) if path else len(WANTED))
    need = needed(n, times, until_h, len(names), whole=path is not None, piece=some)
    have = available()
    if have is not None and need > have:
        raise MachineError(
            f"{n} patients at {times:.0f} times need about {need / GIB:.1f} GiB of memory; "
            f"{have / GIB:.1f} GiB is free. Use a smaller --chunk, fewer --patients, a longer "
            "--every or a shorter --until."
        )
    if path is not None and not resume:
        dosed = any(dose.amount > 0 for dose in plan.doses())
        check_disk(path, n, times, names, dosed=dosed)


def check_disk(path, n, times, names, *, dosed):
    """Raises MachineError if the result at `path` cannot fit on its disk, however it compresses.

    n patients, number of times, names of all variables.
    """
    from ketaqsp.patient.long_table import MEASURED

    if path.suffix == ".csv":
        names = set(names).intersection(MEASURED)
    need = n * times * len(names) * LEAST_BYTES[path.suffix][dosed]
    have = shutil.disk_usage(path.resolve().parent).free
    if need > have:
        raise MachineError(
            f"{n} patients at {times:.0f} times need at least {need / GIB:.1f} GiB of disk for "
            f"{str(path)!r}; {have / GIB:.1f} GiB is free. Use fewer --patients, a longer --every "
            "or a shorter --until, or leave --out away: the summary needs no disk."
        )
