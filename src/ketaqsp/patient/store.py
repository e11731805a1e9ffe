"""Results on disk: whole or not at all. OUT.partial is renamed when it is complete.

`.zarr`: every variable. `.csv`: long form, one row a patient, variable and time, with what can be
measured. The clock, the host and the duration go to OUT.run.json: two runs of the same thing give
equal bytes in OUT and differ there.
"""

import json
import os
from pathlib import Path

from ketaqsp.errors import BadInput
from ketaqsp.patient import long_table, stream
from ketaqsp.patient.stream import Disk, Writer, partial, remove, rename

SUFFIXES = (".zarr", ".csv")


def record(path):
    """Where the clock, the host and the duration of a run are written."""
    return path.with_name(path.name + ".run.json")


def check_target(path, *, overwrite=False, resume=False, suffixes=SUFFIXES):
    """The path of a result that may be written. Raises BadInput; creates nothing.

    suffixes: allowed endings of the name; None allows any. resume: an unfinished part must be
    there; else there may be one only with overwrite.
    """
    path = _name(path, suffixes)
    if not path.parent.is_dir():
        raise BadInput(
            f"--out {str(path)!r}: there is no folder {str(path.parent)!r}. Make it first, or "
            "choose another."
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise BadInput(
            f"--out {str(path)!r}: the folder {str(path.parent)!r} may not be written to. Choose "
            "another, or change its permissions."
        )
    if suffixes is not None:
        _check_part(partial(path), overwrite, resume)
    if not os.path.lexists(path):
        return path
    if not overwrite:
        raise BadInput(
            f"--out {str(path)!r} exists. Choose another name, or add --overwrite to replace it."
        )
    ours = (path / "zarr.json").is_file() if path.suffix == ".zarr" else not path.is_dir()
    if not ours:
        kind = "a zarr store" if path.suffix == ".zarr" else "a file"
        raise BadInput(
            f"--out {str(path)!r} is not {kind}, so --overwrite leaves it alone. Choose another "
            "name."
        )
    return path


def _name(path, suffixes):
    """The path, if it can be one of a result."""
    text = str(path)
    if not text.strip():
        raise BadInput(f"--out {text!r} is empty. Write for example run{(suffixes or [''])[0]}.")
    if "\0" in text:
        raise BadInput(f"--out {text!r} is no name of a file. Leave the NUL out.")
    path = Path(text)
    if len(os.fsencode(path.name)) > MOST_BYTES:
        raise BadInput(
            f"--out {path.name[:20] + '...'!r} is a name of {len(os.fsencode(path.name))} bytes; "
            f"allowed: at most {MOST_BYTES}. Shorten it."
        )
    if suffixes is not None and path.suffix not in suffixes:
        raise BadInput(
            f"--out {text!r} ends in {path.suffix!r}; allowed: {' and '.join(suffixes)}. "
            f"Write for example {path.stem or 'run'}{suffixes[0]}."
        )
    return path


MOST_BYTES = 200  # of a name: most systems allow 255, and .partial and .run.json are added


def _check_part(part, overwrite, resume):
    there = os.path.lexists(part)
    if resume and not (there and (part / "zarr.json").is_file()):
        raise BadInput(f"--resume: there is no unfinished run {str(part)!r}. Leave --resume out.")
    if there and not resume and not overwrite:
        raise BadInput(
            f"{str(part)!r} is there, an unfinished run. Add --resume to finish it, --overwrite "
            "to begin anew, or choose another name."
        )


def save(out, path, *, overwrite=False, run=None):
    """Write a Dataset to `path` (.zarr or .csv) and `run` (a dict) beside it.

    Raises BadInput for a target that may not be written, MachineError if the disk refuses; then
    `path` is as it was and the partial result may remain.
    """
    path = check_target(path, overwrite=overwrite)
    writer = Writer(path, out, out["patient"].values, overwrite=overwrite)
    writer.add(out, 0, {})
    writer.finish()
    if run is not None:
        write_record(path, run)
    return path


def write_record(path, run):
    """Write OUT.run.json."""
    text = json.dumps(run, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    content = text.encode(errors="backslashreplace")  # a name that is no UTF-8 stays valid JSON
    put(record(path), lambda part: part.write_bytes(content), overwrite=True)


def put(path, write, *, overwrite):
    """Call write(partial path), then give that file its name. Raises MachineError."""
    part = partial(path)
    with Disk(path, stream.WRONG_PLACE):
        remove(part)
        write(part)
        rename(part, path, overwrite=overwrite)


def open(path):  # noqa: A001  (read as ketaqsp.open)
    """The Dataset of a result: OUT, or OUT.partial of a run that was stopped.

    From a partial result the patients whose turn had not come are NaN with status -1 (not_run).
    From a csv come the variables that it holds, with units but without long names. A zarr store
    is read lazily. Raises BadInput if there is no result to read.
    """
    path = Path(path)
    unfinished = path.suffix == ".partial"
    kind = Path(path.stem).suffix if unfinished else path.suffix
    if kind not in SUFFIXES:
        raise BadInput(
            f"{path} ends in {kind!r}; allowed: {' and '.join(SUFFIXES)}, or those of an "
            "unfinished run with .partial. Check the name."
        )
    if not path.exists():
        there = partial(path).exists()
        hint = f"The run is unfinished: open {partial(path)}." if there else "Check the name."
        raise BadInput(f"{path}: there is no such result. {hint}")
    try:
        return stream.read(path) if unfinished or kind == ".zarr" else long_table.read(path)
    except (KeyError, ValueError, TypeError, NotADirectoryError, IsADirectoryError) as problem:
        raise BadInput(f"{path} is no result of ketaqsp: {problem}.") from problem
