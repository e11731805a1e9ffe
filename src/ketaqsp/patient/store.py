"""Results on disk: whole or not at all. OUT.partial is renamed when it is complete.

`.zarr`: every variable. `.csv`: long form, one row a patient, variable and time, with what can be
measured. The clock, the host and the duration go to OUT.run.json: two runs of the same thing give
equal bytes in OUT and differ there.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np

from ketaqsp.errors import BadInput, MachineError

SUFFIXES = (".zarr", ".csv")
CHUNK = 512  # patients in one piece of a zarr array
COLUMNS = ("patient", "variable", "time_h", "value", "unit", "status")
# What a csv holds; a zarr store holds the rest too.
MEASURED = (
    *(f"ketamine_{where}{form}" for where in ("arterial", "venous") for form in ("", "_s", "_r")),
    *(f"{what}_venous{form}" for what in ("norketamine", "hnk") for form in ("", "_s", "_r")),
    *(f"nmda_block_{pool}" for pool in ("pv", "sst", "pyramidal", "rest", "lhb")),
    *("glutamate", "ampa_throughput", "bdnf", "trkb", "mtorc1", "eef2", "synaptic_protein"),
    *("spine_density", "spine_density_absolute", "severity", "sedation", "cadss", "sbp_change"),
    *("madrs", "madrs_true", "hamd17", "hamd6", "qids"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run such a cell


def partial(path):
    """Where a result lies until it is complete."""
    return path.with_name(path.name + ".partial")


def record(path):
    """Where the clock, the host and the duration of a run are written."""
    return path.with_name(path.name + ".run.json")


def check_target(path, *, overwrite=False, suffixes=SUFFIXES):
    """The path of a result that may be written. Raises BadInput; creates nothing.

    suffixes: allowed endings of the name; None allows any.
    """
    if "\0" in str(path):
        raise BadInput(f"--out {str(path)!r} is no name of a file. Leave the NUL out.")
    path = Path(path)
    if suffixes is not None and path.suffix not in suffixes:
        raise BadInput(
            f"--out {str(path)!r} ends in {path.suffix!r}; allowed: {' and '.join(suffixes)}. "
            f"Write for example {path.stem or 'run'}{suffixes[0]}."
        )
    if not path.parent.is_dir():
        raise BadInput(
            f"--out {str(path)!r}: there is no folder {str(path.parent)!r}. Make it first, or "
            "choose another."
        )
    if not os.path.lexists(path):
        return path
    if not overwrite:
        raise BadInput(
            f"--out {str(path)!r} exists. Choose another name, or add --overwrite to replace it."
        )
    ours = (path / "zarr.json").is_file() if path.suffix == ".zarr" else not path.is_dir()
    if not ours:
        kind = "a zarr store" if path.suffix == ".zarr" else "a file"
        raise BadInput(f"--out {str(path)!r} is not {kind}, so --overwrite leaves it alone.")
    return path


def save(out, path, *, overwrite=False, run=None):
    """Write a Dataset to `path` (.zarr or .csv) and `run` (a dict) beside it.

    Raises BadInput for a target that may not be written, MachineError if the disk refuses; then
    `path` is as it was and the partial result may remain.
    """
    path = check_target(path, overwrite=overwrite)
    write = _write_zarr if path.suffix == ".zarr" else _write_csv
    put(path, lambda part: write(out, part), overwrite=overwrite)
    if run is not None:
        text = json.dumps(run, indent=1, ensure_ascii=False) + "\n"
        put(record(path), lambda part: part.write_text(text, encoding="utf-8"), overwrite=True)
    return path


def put(path, write, *, overwrite):
    """Call write(partial path), then give the result its name. Raises MachineError."""
    part, old = partial(path), path.with_name(path.name + ".replaced")
    try:
        _remove(part)
        write(part)
        if os.path.lexists(path):
            if not overwrite:
                raise BadInput(f"{path} came into being during the run; the result is {part}.")
            _remove(old)
            os.replace(path, old)
        os.replace(part, path)
        _remove(old)
    except OSError as problem:
        if os.path.lexists(old) and not os.path.lexists(path):
            os.replace(old, path)
        why = problem.strerror or str(problem)
        raise MachineError(
            f"{path}: cannot be written: {why}. Free some space or choose another place."
        ) from problem


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write_zarr(out, path):
    n = out.sizes["patient"]
    encoding = {
        name: {"chunks": (out.sizes["time"], min(n, CHUNK))}
        for name, x in out.data_vars.items()
        if x.dims == ("time", "patient")
    }
    out.to_zarr(path, mode="w-", encoding=encoding, consolidated=False)


def safe_cell(text):
    """Text that a spreadsheet will not take for a formula."""
    return f"'{text}" if str(text).startswith(FORMULA) else str(text)


def _write_csv(out, path):
    """Patient by patient, so that memory holds the text of one at a time."""
    names = [name for name in MEASURED if name in out]
    times = [repr(t) for t in out["time"].values.tolist()]
    heads = [f"{safe_cell(name)},{t}" for name in names for t in times]
    units = [safe_cell(out[name].attrs["units"]) for name in names for _ in times]
    data = [out[name].transpose("patient", "time").values for name in names]
    words = [safe_cell(word) for word in out["status"].attrs["flag_meanings"].split("; ")]
    status = out["status"].values
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        for place, patient in enumerate(out["patient"].values.tolist()):
            word = words[status[place]]
            values = np.concatenate([x[place] for x in data]).tolist()
            file.writelines(
                f"{patient},{head},{_cell(x)},{unit},{word}\n"
                for head, x, unit in zip(heads, values, units, strict=True)
            )


def _cell(x):
    """A number in full; empty where there is none."""
    return "" if x != x else repr(x)


def open(path):  # noqa: A001  (read as ketaqsp.open)
    """The Dataset of a result written by `save`. Raises BadInput if there is none to read.

    From a csv come the variables that it holds, with units but without long names.
    """
    path = Path(path)
    if path.suffix == ".partial":
        raise BadInput(
            f"{path} is the unfinished part of a run. Run it again, or open the whole result."
        )
    if path.suffix not in SUFFIXES:
        raise BadInput(f"{path} ends in {path.suffix!r}; allowed: {' and '.join(SUFFIXES)}.")
    if not path.exists():
        raise BadInput(f"{path}: there is no such result. Check the name.")
    try:
        return _read_zarr(path) if path.suffix == ".zarr" else _read_csv(path)
    except (KeyError, ValueError, TypeError) as problem:
        raise BadInput(f"{path} is no result of ketaqsp: {problem}.") from problem


def _read_zarr(path):
    import xarray as xr

    if not (path / "zarr.json").is_file():
        raise ValueError("it has no zarr.json")
    return xr.open_zarr(path, consolidated=False)


def _read_csv(path):
    import pandas as pd
    import xarray as xr

    table = pd.read_csv(path, float_precision="round_trip")
    if tuple(table.columns) != COLUMNS:
        raise ValueError(f"its columns are {list(table.columns)}, not {list(COLUMNS)}")
    units = table.drop_duplicates("variable").set_index("variable")["unit"]
    status = table.drop_duplicates("patient").set_index("patient")["status"]
    from ketaqsp.solve import STATUS

    patients, times = status.index.to_numpy(), np.unique(table["time_h"])
    variables = {}
    for name, rows in table.groupby("variable", sort=False):
        grid = rows.pivot(index="time_h", columns="patient", values="value")[list(patients)]
        variables[name] = (("time", "patient"), grid.to_numpy(), {"units": str(units[name])})
    codes = [STATUS.index(word) for word in status]
    variables["status"] = (("patient",), np.array(codes, dtype=np.int8), {"units": "1"})
    return xr.Dataset(variables, {"time": times, "patient": patients})
