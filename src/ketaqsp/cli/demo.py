"""`ketaqsp demo`: the main job, as a table and a page."""

import json
import os
from pathlib import Path

from ketaqsp.cli.dosing import seed_of, whole
from ketaqsp.cli.output import emit_json

FEWEST = 2  # patients: below that there is no spread
MOST = 100_000


def run(*, out, patients, seed, as_json):
    """The demonstration; with --json its numbers in place of the table."""
    n, number = whole(patients, "--patients", FEWEST, MOST, default=1000), seed_of(seed)
    folder = _folder(out)
    from ketaqsp.view.demo import run_demo

    report = run_demo(folder=str(folder), n=n, seed=number, quiet=as_json)
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    if as_json:
        from ketaqsp.cli.identity import model_identity

        about = {"report": str(report), "patients": n, "seed": number, "model": model_identity()}
        emit_json({**about, **{k: v for k, v in result.items() if k not in ("n", "seed")}})
    return _status(result)


def _folder(out):
    """--out as a path that can be written. Raises BadInput."""
    from ketaqsp.errors import BadInput

    if not out.strip() or "\0" in out:
        raise BadInput(f"--out {out!r} is no name of a folder. Write for example ketaqsp-demo.")
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"--out {out!r} is a file; the demo writes a folder. Choose another name.")
    if folder.resolve() == Path.cwd() or folder.resolve() in Path.cwd().parents:
        raise BadInput(f"--out {out!r} holds the current folder. Choose another name.")
    above = folder.parent
    if not above.is_dir():
        raise BadInput(f"--out {out!r}: there is no folder {str(above)!r}. Make it first.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise BadInput(
            f"--out {out!r}: the folder {str(above)!r} may not be written to. Choose another."
        )
    from ketaqsp.view.demo import check_folder

    check_folder(folder)
    return folder


def _status(result):
    """0, or 3 with a line on the patients that failed."""
    from ketaqsp.cli.output import note

    failed = {arm["name"]: arm["failed"] for arm in result["arms"] if arm["failed"]}
    for name, count in failed.items():
        note(f"{count} of {result['n']} patients of {name} could not be solved; they are left out.")
    return 3 if failed else 0
