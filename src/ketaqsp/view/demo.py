"""The demonstration: run it, print the table, write the report into a folder that it owns."""

import json
import shutil
from pathlib import Path

from ketaqsp.errors import BadInput, MachineError

OWN = "report.html"  # a folder without it is somebody else's


def run_demo(folder="ketaqsp-demo", n=1000, seed=1, quiet=False):
    """Run the two-arm demonstration and return the path of its report.

    Writes report.html and result.json to `folder`.partial, then puts that in the place of
    `folder`; on failure an earlier folder stays as it was. Prints the table on standard output
    (not if `quiet`), progress on standard error. Raises BadInput for an `n` or `seed` out of
    range or a folder that holds something else, SolveFailure, MachineError.
    """
    from ketaqsp.trial.demo import STAGES, gather, summary
    from ketaqsp.view import terminal

    target = Path(folder)
    check_folder(target)
    with terminal.progress(STAGES + 1) as tell:

        def within(what, done, _total):
            tell(what, done, STAGES + 1)

        data = gather(n, seed, progress=within)
        tell("figures and report", STAGES, STAGES + 1)
        path = save(data, target, summary(data))
    if not quiet:
        terminal.print_result(data, path)
    return path


def check_folder(target):
    """Raise BadInput unless `target` is free, empty, or an earlier demonstration."""
    if not target.exists():
        return
    if not target.is_dir() or (any(target.iterdir()) and not (target / OWN).is_file()):
        raise BadInput(
            f"{target} is there and holds something else than an earlier demonstration. "
            "Move it away, or name another folder.",
            field="folder",
        )


def save(data, target, result):
    """Write everything to `target`.partial and rename. Returns the report's path in `target`."""
    from ketaqsp.view.report import write_report

    partial = target.with_name(target.name + ".partial")
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        write_report(data, partial)
        text = json.dumps(result, indent=1, allow_nan=False)
        (partial / "result.json").write_text(text + "\n", encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
    except OSError as problem:
        raise MachineError(
            f"{target} cannot be written: {problem}. Free some space, or name another folder."
        ) from problem
    return target / OWN
