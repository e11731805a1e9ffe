"""`ketaqsp demo`: the main job, as a table and a page."""

import contextlib
import sys
from pathlib import Path

from ketaqsp.cli.dosing import seed_of, whole
from ketaqsp.cli.output import emit, emit_json


def run(*, out, patients, seed, as_json):
    """The demonstration. With --json what it prints on its way goes to standard error."""
    from ketaqsp.errors import BadInput

    n, number = whole(patients, "--patients", 1, 1_000_000), seed_of(seed)
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"--out {out!r} is a file; the demo writes a folder. Choose another name.")
    if not folder.parent.is_dir():
        raise BadInput(f"--out {out!r}: there is no folder {str(folder.parent)!r}. Make it first.")
    from ketaqsp.view.demo import run_demo

    aside = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    with aside:
        report = run_demo(folder=str(folder), n=n, seed=number)
    if not as_json:
        emit(f"report: {report}")
        return 0
    from ketaqsp.cli.identity import model_identity
    from ketaqsp.patient.summary import NOTICE

    emit_json(
        {
            "report": str(report),
            "patients": n,
            "seed": number,
            "model": model_identity(),
            "notice": NOTICE,
        }
    )
    return 0
