"""`ketaqsp.open`: a result of `simulate`, or what there is of a trial that was stopped."""

import json
import re
from pathlib import Path

import numpy as np

from ketaqsp.errors import BadInput, check_path
from ketaqsp.patient import store
from ketaqsp.patient.failures import FAILED
from ketaqsp.patient.long_table import NOT_RUN, WORDS
from ketaqsp.patient.stream import partial
from ketaqsp.trial.pieces import PIECES, RECORD, load, read_record

PIECE = re.compile(r"phase(\d+)-arms([\d.]+)-replicates(\d+)-(\d+)\.npz")
SOURCE = "docs/links/trial.md"
ABOUT = {
    "madrs": ("points", "MADRS by the mechanism: before belief, visits, time and the rater"),
    "sbp": ("mmHg", "systolic blood pressure"),
    "dbp": ("mmHg", "diastolic blood pressure"),
    "cadss": ("points", "CADSS"),
}


def open(path):  # noqa: A001  (read as ketaqsp.open)
    """The Dataset of a result: OUT, or OUT.partial of a run that was stopped.

    From a partial result the patients whose turn had not come are NaN with status -1 (not_run).
    From a csv come the variables that it holds, with units but without long names. A zarr store
    is read lazily. Of a trial that was stopped: madrs (time, patient) of the mechanism at every
    hour that was looked at, with arm, replicate and phases_settled of each patient; NaN where a
    phase is not settled; the attribute `failures` (JSON: {row: {status, reason}}) tells who failed
    so far, without parameters, which the finished trial adds. Raises BadInput if there is no result
    to read.
    """
    check_path(path, "a result, such as 'run.zarr'")
    path = Path(path)
    if path.suffix == ".partial" and (path / RECORD).is_file():
        return _unfinished(path)
    if (path / RECORD).is_file():
        raise BadInput(
            f"{path} is a finished trial. Its results are tables: read {path / 'adqs.csv'} (one "
            f"row a patient and visit), {path / 'adsl.csv'} or {path / 'result.json'}."
        )
    if (partial(path) / RECORD).is_file():
        raise BadInput(
            f"{path}: there is no such result. The trial is unfinished: open {partial(path)}."
        )
    return store.open(path)


def _unfinished(part):
    import xarray as xr

    about = read_record(part)
    arms, replicates = about["arms"], about["replicates"]
    pieces = _pieces(part)
    hours = np.unique(np.concatenate([np.zeros(1), *(p["hours"] for _, p in pieces)]))
    names = list(dict.fromkeys(["madrs", *(n for _, p in pieces for n in _signals(p))]))
    arm = np.repeat(np.arange(len(arms)), [n * replicates for _, n in arms])
    place = np.concatenate([np.tile(k + len(arms) * np.arange(n), replicates)
                            for k, (_, n) in enumerate(arms)])  # fmt: skip
    replicate = np.concatenate([np.repeat(np.arange(replicates), n) for _, n in arms])
    data = {name: np.full((len(hours), len(arm)), np.nan) for name in names}
    status, settled = np.full(len(arm), NOT_RUN), np.zeros(len(arm), dtype=int)
    order = np.lexsort((place, replicate))
    key = replicate * (place.max() + 1) + place
    lost = {}
    for phase, p in pieces:  # in order of phases: a later one holds the earlier as well
        asked = p["replicate"] * (place.max() + 1) + p["place"]
        who = order[np.searchsorted(key[order], asked)]
        rows = np.searchsorted(hours, p["hours"])
        for name in _signals(p):
            data[name][rows[:, None], who] = p[f"seen {name}"]
        status[who] = p["status"]
        lost |= {str(i): {"status": WORDS[FAILED], "reason": str(why)}
                 for i, why in zip(who, p["reasons"], strict=True) if why}  # fmt: skip
        settled[who] = phase
    flags = {"flag_values": list(WORDS), "flag_meanings": "; ".join(WORDS.values())}
    values = {n: (("time", "patient"), x, _about(*ABOUT[n])) for n, x in data.items()}
    values["status"] = ("patient", status, _about("1", "whether solved") | flags)
    values["phases_settled"] = ("patient", settled, _about("1", "phases settled so far"))
    names = np.array([name for name, _ in arms])
    coords = {
        "time": ("time", hours, _about("h", "time since the first dose of the study")),
        "patient": ("patient", np.arange(len(arm)), _about("1", "row number")),
        "arm": ("patient", names[arm], _about("1", "arm of the first phase")),
        "replicate": ("patient", replicate, _about("1", "virtual trial, from 0")),
        "place": ("patient", place, _about("1", "number within the virtual trial, from 0")),
    }
    attrs = {"unfinished": "true", **_plain(about)}
    if lost:
        attrs["failures"] = json.dumps(lost)
    return xr.Dataset(values, coords, attrs)


def _pieces(part):
    """[(phase, arrays)] of pieces that are whole, in order of phases."""
    found = []
    for path in sorted((part / PIECES).glob("*.npz")):
        named, held = PIECE.fullmatch(path.name), load(path)
        if named and held is not None:
            found.append((int(named[1]), held))
    return sorted(found, key=lambda x: x[0])


def _signals(piece):
    return [name.removeprefix("seen ") for name in piece if name.startswith("seen ")]


def _about(units, long_name):
    return {"units": units, "long_name": long_name, "source": SOURCE}


def _plain(about):
    return {k: v if isinstance(v, (str, int)) else str(v) for k, v in about.items()}
