"""A protocol file in, a trial out: the numbers, and the folder that holds them."""

import time
from dataclasses import dataclass, field
from numbers import Integral

from ketaqsp.errors import BadInput, SolveFailure, check_path


@dataclass(frozen=True, eq=False)
class Trial:
    """A trial that was run. report: the JSON object; conduct: every patient of every replicate."""

    report: dict
    conduct: object = field(repr=False)

    @property
    def arms(self):
        """{name: its part of the report}."""
        return {arm["name"]: arm for arm in self.report["arms"]}

    def save(self, folder, *, overwrite=False):
        """Write tables and the report into a folder; see ketaqsp.trial.folder."""
        from importlib import import_module

        from ketaqsp.trial.folder import Folder

        report = import_module("ketaqsp.view.trial_report").write  # a face, above this package
        return Folder(folder, overwrite=overwrite).write(self, (report,))


def run(
    file,
    *,
    seed=None,
    replicates=None,
    out=None,
    overwrite=False,
    resume=False,
    workers=None,
    progress=None,
    extra=(),
):
    """Run a protocol file. Returns Trial; with `out` also writes that folder.

    seed, replicates: in place of the file's. resume: finish the out.partial that a run of the
    same was stopped in. extra: functions of (trial, folder) that write more into the folder.
    Raises BadInput with file, line and key, and then nothing was created; SolveFailure;
    MachineError.
    """
    from ketaqsp.protocol import read
    from ketaqsp.protocol.read import MOST_REPLICATES

    check_path(file, "a protocol file (.yaml)")
    seed = _whole("seed", seed, 0, 2**32 - 1)
    replicates = _whole("replicates", replicates, 1, MOST_REPLICATES)
    protocol = read(file)
    if out is None:
        if resume:
            raise BadInput("resume has no effect without out. Name the trial to finish.")
        return perform(protocol, seed, replicates, workers, progress)
    from ketaqsp.trial.folder import Folder

    folder = Folder(out, overwrite=overwrite, resume=resume)
    kept = folder.pieces(protocol, seed, replicates)
    done = perform(protocol, seed, replicates, workers, progress, kept)
    folder.write(done, extra, kept)
    return done


def perform(protocol, seed=None, replicates=None, workers=None, progress=None, kept=None):
    """A Protocol that was read, run. kept: Pieces on the disk. Returns Trial."""
    from ketaqsp.trial.conduct import conduct
    from ketaqsp.trial.identity import identity
    from ketaqsp.trial.results import report

    begun = time.perf_counter()
    more = {"workers": workers, "progress": progress, "kept": kept}
    try:
        done = conduct(protocol, seed=seed, replicates=replicates, **more)
    except (BadInput, SolveFailure):
        if kept:
            kept.discard()  # nothing here to be finished by another run
        raise
    found = identity()
    about = {"version": found["ketaqsp"], "parameters_sha256": found["parameters_sha256"]}
    return Trial(report(done, about, time.perf_counter() - begun), done)


def _whole(name, value, low, high):
    """`value` as an int, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= value <= high:
        raise BadInput(f"{name} is {value!r}; allowed: a whole number, {low} to {high}.",
                       field=name)  # fmt: skip
    return int(value)
