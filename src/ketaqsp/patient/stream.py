"""A result written piece by piece to OUT.partial, which gets its name when it is complete.

OUT.partial is a zarr store that can be read at any time, also after a kill: patients whose turn
has not come are NaN with status `not_run`. The status of a piece is written last, so it says that
the rest of the piece is there. A csv is made from the store at the end.
"""

import json
import os
import shutil

import numpy as np

from ketaqsp.errors import BadInput, MachineError
from ketaqsp.patient import clipping, long_table
from ketaqsp.patient.long_table import NOT_RUN, WORDS

CHUNK = long_table.BLOCK  # patients in one chunk of a zarr array, unless times are many
SUMMARY = "summary"  # group of what the summary needs; taken out at the end
TEXT = f"{SUMMARY}/table.csv"  # not beside the arrays, where zarr would wonder what it is
VOLATILE = ("steps",)  # known at the end only
TOLD = ("failures", "clipped")  # attributes of a piece: they lie beside it until the end
WRONG_PLACE = (PermissionError, FileNotFoundError, NotADirectoryError)


def known_covariates():
    """Names that a patient's covariates have."""
    from ketaqsp.patient.populations import covariates

    return (*covariates(), "bmi")


def along_patients(out):
    """Names of the coordinates that belong to patients: their covariates."""
    return [name for name in out.coords if name in known_covariates()]


def partial(path):
    """Where a result lies until it is complete."""
    return path.with_name(path.name + ".partial")


class Writer:
    """Room for a result of n patients, filled by `add` in any order of pieces.

    blank: a Dataset with every variable, its attributes and the times, of any number of patients.
    ids: (n,) numbers of all patients. resume: go on with the OUT.partial that is there, if it was
    begun with the same attributes. Raises BadInput (wrong place, other run), MachineError.
    """

    def __init__(self, path, blank, ids, *, overwrite=False, resume=False):
        self.path, self.part, self.overwrite = path, partial(path), overwrite
        self.blank, self.ids = _measured(blank) if path.suffix == ".csv" else blank, ids
        self.arrays = {}
        self.blank = self.blank.copy()
        self.blank.attrs = {k: v for k, v in blank.attrs.items() if k not in TOLD}
        with self._disk(WRONG_PLACE):
            if resume:
                self.root = self._take_up()
            else:
                remove(self.part)
                self.root = self._create()

    def _create(self):
        import zarr

        fresh = self.part.with_name(self.part.name + ".new")
        remove(fresh)
        root = zarr.create_group(fresh, attributes=_plain(self.blank.attrs))
        for name, x in self.blank.variables.items():
            about = _plain(x.attrs)
            if name == "status":
                about |= _flags()
            made = self._room(root, name, x, about)
            if name == "time":
                made[:] = x.values
            elif name == "patient":
                made[:] = self.ids
        root.create_group(SUMMARY)
        os.replace(fresh, self.part)  # a kill before this leaves no half-made store to read
        return zarr.open_group(self.part, mode="r+")

    def _room(self, root, name, x, about):
        """An array for all patients: NaN, or not_run, until it is filled."""
        full = {"time": len(self.blank["time"]), "patient": len(self.ids)}
        some = min(full["patient"], long_table.block(full["time"]))
        piece = {"time": max(full["time"], 1), "patient": some}
        kind = x.dtype if name != "patient" else np.asarray(self.ids).dtype
        return root.create_array(
            name,
            shape=tuple(full[dim] for dim in x.dims),
            chunks=tuple(piece[dim] for dim in x.dims),
            dtype=kind,
            fill_value=np.nan if kind.kind == "f" else NOT_RUN if name == "status" else 0,
            attributes=about,
            dimension_names=x.dims,
        )

    def _take_up(self):
        import zarr

        root = zarr.open_group(self.part, mode="r+")
        remove(self.part / TEXT)
        if SUMMARY not in root:  # stopped between the last piece and the new name
            remove(self.part)
            return self._create()
        check_same(self.part, dict(root.attrs), _plain(self.blank.attrs))
        for path in _told_files(self.part):  # of a piece that a kill left without all its status
            first, stop = map(int, path.stem.split("-")[1:])
            if (root["status"][first:stop] == NOT_RUN).any():
                root["status"][first:stop] = NOT_RUN
                remove(path)
        return root

    def stretches(self, first, stop):
        """[(first, stop, done)]: the piece cut where it changes who is done.

        Whoever is done is not solved again: what was told of him would be told twice.
        """
        done = self._array("status")[first:stop] != NOT_RUN
        cuts = [0, *(np.flatnonzero(np.diff(done)) + 1).tolist(), stop - first]
        return [
            (first + a, first + b, bool(done[a])) for a, b in zip(cuts[:-1], cuts[1:], strict=True)
        ]

    def count(self):
        """How many patients are done."""
        return int((self.root["status"][:] != NOT_RUN).sum())

    def add(self, out, first, digest):
        """Write a piece: a Dataset of patients from place `first`, and {name: (k, n)} beside it."""
        stop = first + out.sizes["patient"]
        with self._disk():
            for name in (*self.blank.data_vars, *along_patients(self.blank)):
                if name != "status":  # of a variable alone: its coordinates would take longer
                    dims = self.blank.variables[name].dims
                    values = out.variables[name].transpose(*dims).values
                    self._array(name)[..., first:stop] = values
            for name, x in digest.items():
                self._summary(name, len(x))[:, first:stop] = x
            mine = {key: json.loads(out.attrs[key]) for key in TOLD if key in out.attrs}
            if mine:
                file = self.part / SUMMARY / f"told-{first}-{stop}.json"
                file.write_text(json.dumps(mine), encoding="utf-8")
            self._array("status")[first:stop] = out["status"].values

    def _array(self, name):
        """An array of the store, looked up once."""
        if name not in self.arrays:
            self.arrays[name] = self.root[name]
        return self.arrays[name]

    def _summary(self, name, rows):
        group = self.root[SUMMARY]
        if name not in group:
            n = len(self.ids)
            shape, chunks = (rows, n), (max(rows, 1), min(n, CHUNK))
            group.create_array(
                name, shape=shape, chunks=chunks, dtype="f8", fill_value=np.nan, attributes={}
            )
        return group[name]

    def digest(self, first, stop):
        """What `add` was given beside the Dataset, of a piece that is done."""
        # By folder: zarr would wonder what else lies there (TOLD).
        names = sorted(path.parent.name for path in (self.part / SUMMARY).glob("*/zarr.json"))
        return {name: self.root[SUMMARY][name][:, first:stop] for name in names}

    def told(self):
        """{"failures": {number: record}, "clipped": counts} of every piece that is done."""
        return told(self.part)

    def finish(self, **attrs):
        """Add attributes, make the csv if one was asked for, and give the result its name."""
        with self._disk():
            told = _as_attributes(self.told(), self.blank["time"].values)
            self.root.attrs.update(_plain(attrs | told))
            if self.path.suffix == ".csv":
                long_table.write(read(self.part), self.part / TEXT)
                rename(self.part / TEXT, self.path, overwrite=self.overwrite)
                remove(self.part)
            else:
                remove(self.part / SUMMARY)
                rename(self.part, self.path, overwrite=self.overwrite)

    def _disk(self, wrong_place=()):
        return Disk(self.path, wrong_place)


def read(path):
    """The Dataset of a zarr store, read lazily. Raises ValueError if it is no such store."""
    import xarray as xr

    if not (path / "zarr.json").is_file():
        raise ValueError("it has no zarr.json")
    out = xr.open_zarr(path, consolidated=False, decode_times=False)
    if "status" not in out:
        raise ValueError("it has no status")
    out = out.set_coords([name for name in out.data_vars if name in known_covariates()])
    waiting = out["status"] == NOT_RUN
    names = [name for name, x in out.data_vars.items() if x.dims == ("time", "patient")]
    out = out.assign_attrs(_as_attributes(told(path), out["time"].values))
    if _torn(path, names, waiting.values, long_table.block(out.sizes["time"])):
        out = out.assign({name: out[name].where(~waiting).transpose("time", ...) for name in names})
    return out


def told(part):
    """{"failures": {number: record}, "clipped": counts} of the pieces of an unfinished result."""
    found = {"failures": {}, "clipped": {}}
    for path in _told_files(part):
        mine = json.loads(path.read_text(encoding="utf-8"))
        found["failures"] |= mine.get("failures", {})
        found["clipped"] = clipping.added(found["clipped"], mine.get("clipped", {}))
    return found


def _told_files(part):
    """Files of what pieces told, in the order of patients."""
    found = (part / SUMMARY).glob("told-*.json")
    return sorted(found, key=lambda path: int(path.stem.split("-")[1]))


def _as_attributes(found, hours):
    """What was told as attributes of a Dataset of these hours; nothing where there is nothing."""
    found = {**found, "clipped": clipping.at(found["clipped"], hours)}
    return {key: json.dumps(found[key]) for key in TOLD if found[key]}


def _torn(path, names, waiting, some):
    """Was the run stopped while it wrote a piece? Then numbers lie there that count for nothing."""
    pieces = {place // some for place in np.flatnonzero(waiting).tolist()}
    return any((path / name / "c" / "0" / str(k)).exists() for name in names for k in pieces)


class Disk:
    """What the disk refuses, in our words. wrong_place: errors for which the user chose badly."""

    def __init__(self, path, wrong_place=()):
        self.path, self.wrong_place = path, wrong_place

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, _):
        if not isinstance(problem, OSError):
            return
        why = problem.strerror or str(problem)
        if isinstance(problem, self.wrong_place):
            raise BadInput(
                f"--out {str(self.path)!r} cannot be written: {why}. Choose another folder."
            ) from problem
        raise MachineError(
            f"{self.path} cannot be written: {why}. Free some space, or choose another place."
        ) from problem


def _measured(blank):
    return blank[[name for name in blank.data_vars if name in (*long_table.MEASURED, "status")]]


def _plain(attrs):
    """Attributes as JSON will give them back."""
    return json.loads(json.dumps(attrs, default=_native))


def _native(x):
    return x.tolist() if hasattr(x, "tolist") else str(x)


def _flags():
    return {"flag_values": list(WORDS), "flag_meanings": "; ".join(WORDS.values())}


def check_same(part, was, now):
    """Raise BadInput unless an unfinished run was begun with the attributes of this one."""
    for key in ("asked", *now):
        if key in VOLATILE or was.get(key) == now.get(key):
            continue
        said = f"{key} {_short(was.get(key))}, not {_short(now[key])}"
        if key == "asked":
            said = _first_difference(was.get(key), now[key])
        raise BadInput(
            f"{str(part)!r} was begun with {said}; --resume needs the same command and version. "
            "Repeat that command, or add --overwrite in place of --resume to begin anew."
        )


def _first_difference(was, now):
    was, now = json.loads(was or "{}"), json.loads(now)
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            return f"{key} {_short(was.get(key))}, not {_short(now.get(key))}"
    return "something else"


def _short(x):
    text = x if isinstance(x, str) else json.dumps(x)
    return text if len(text) <= 60 else f"{text[:57]}..."


def rename(part, path, *, overwrite):
    """Give `part` the name `path`; an earlier result leaves only when the new one is there."""
    old = path.with_name(path.name + ".replaced")
    if os.path.lexists(path):
        if not overwrite:
            raise BadInput(f"{path} came into being during the run; the result is {part}.")
        remove(old)
        os.replace(path, old)
    try:
        os.replace(part, path)
    except OSError:
        if os.path.lexists(old) and not os.path.lexists(path):
            os.replace(old, path)
        raise
    remove(old)


def remove(path):
    """Remove a file or a folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
