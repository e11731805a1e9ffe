"""Results as a csv in long form: one row a patient, variable and time.

Columns: patient, variable, time_h (h), value, unit, status. A missing value is an empty cell.
Covariates of a patient are rows without a time. So is what is known of one who could not be solved:
a row `reason: ...` without a value, and a row `parameter CL` for each parameter of the model.
"""

import csv
import json

import numpy as np

from ketaqsp.parameters import rows as known_parameters
from ketaqsp.patient import failures
from ketaqsp.solve import STATUS

COLUMNS = ("patient", "variable", "time_h", "value", "unit", "status")
# What can be measured or is asked for; a zarr store holds the rest too.
MEASURED = (
    *(f"ketamine_{where}{form}" for where in ("arterial", "venous") for form in ("", "_s", "_r")),
    *(f"{what}_venous{form}" for what in ("norketamine", "hnk") for form in ("", "_s", "_r")),
    *(f"nmda_block_{pool}" for pool in ("pv", "sst", "pyramidal", "rest", "lhb")),
    *("glutamate", "ampa_throughput", "bdnf", "trkb", "mtorc1", "eef2", "synaptic_protein"),
    *("spine_density", "spine_density_absolute", "severity", "sedation", "cadss", "sbp_change"),
    *("madrs", "madrs_true", "hamd17", "hamd17_true", "hamd6", "hamd6_true", "qids", "qids_true"),
)
NOT_RUN = -1  # status of a patient whose turn has not come; the others count into STATUS
WORDS = {NOT_RUN: "not_run", **dict(enumerate(STATUS))}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run such a cell
REASON, PARAMETER = "reason: ", "parameter "
BLOCK = 512  # patients in one piece of a zarr array, at most, and read at once
NUMBERS = 2**20  # in one piece of a zarr array, at most: 8 MiB


def block(times):
    """How many patients one piece of a zarr array holds, at so many times: a power of two."""
    room = max(1, NUMBERS // max(times, 1))
    return min(BLOCK, 1 << (room.bit_length() - 1))


def safe_cell(text):
    """Text that a spreadsheet will not take for a formula."""
    return f"'{text}" if str(text).startswith(FORMULA) else str(text)


def write(out, path):
    """Write the measured variables of a Dataset, patient by patient, so that memory stays small."""
    names = [name for name in MEASURED if name in out]
    people = sorted(name for name in out.coords if name not in ("time", "patient"))
    times = [repr(t) for t in out["time"].values.tolist()]
    heads = [f"{safe_cell(name)},{t}" for name in names for t in times]
    units = [safe_cell(out[name].attrs["units"]) for name in names for _ in times]
    lost = failures.of(out)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        some = block(len(times))
        for first in range(0, out.sizes["patient"], some):
            part = out[[*names, "status"]].isel(patient=slice(first, first + some)).load()
            data = [part[name].transpose("patient", "time").values for name in names]
            status = part["status"].values.tolist()
            for place, patient in enumerate(part["patient"].values.tolist()):
                word = safe_cell(WORDS[status[place]])
                for name in people:
                    x, unit = part[name].values[place].item(), part[name].attrs["units"]
                    file.write(f"{patient},{name},,{_cell(x)},{safe_cell(unit)},{word}\n")
                if str(patient) in lost:
                    _write_failure(file, patient, lost[str(patient)], word)
                values = np.concatenate([x[place] for x in data]).tolist()
                file.writelines(
                    f"{patient},{head},{_cell(x)},{unit},{word}\n"
                    for head, x, unit in zip(heads, values, units, strict=True)
                )


def _write_failure(file, patient, told, word):
    """Why a patient failed, and with which parameters: rows without a time."""
    known = {r.symbol: r.unit for r in known_parameters()}
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((patient, REASON + told["reason"], "", "", "", word))
    for name, x in told["parameters"].items():
        value = "" if x is None else repr(x)
        writer.writerow((patient, PARAMETER + name, "", value, known.get(name, "1"), word))


def _failures(table):
    """{number: record} from the rows that _write_failure wrote, and which rows (n,) these are."""
    name = table["variable"].astype(str)
    why, which = name.str.startswith(REASON), name.str.startswith(PARAMETER)
    found = {}
    for i in np.flatnonzero(why):
        row = table.iloc[i]
        reason = row["variable"].removeprefix(REASON)
        record = {"status": row["status"], "reason": reason, "parameters": {}}
        found[str(row["patient"])] = record
    for patient, name, x in table.loc[which, ["patient", "variable", "value"]].itertuples(False):
        symbol = name.removeprefix(PARAMETER)
        found[str(patient)]["parameters"][symbol] = None if x != x else x
    return found, (why | which).to_numpy()


def _cell(x):
    """A number in full; empty where there is none."""
    return "" if x != x else repr(x)


def read(path):
    """The Dataset of a csv: units but no long names. Raises ValueError for another table."""
    import pandas as pd
    import xarray as xr

    table = pd.read_csv(path)
    if tuple(table.columns) != COLUMNS:
        raise ValueError(f"its columns are {list(table.columns)}, not {list(COLUMNS)}")
    lost, rows_of_lost = _failures(table)
    table = table[~rows_of_lost]
    units = table.drop_duplicates("variable").set_index("variable")["unit"]
    status = table.drop_duplicates("patient").set_index("patient")["status"]
    codes = {word: code for code, word in WORDS.items()}
    about = table["time_h"].isna()  # covariates: of a patient, at no time
    patients, times = status.index.to_numpy(), np.unique(table["time_h"][~about])
    coords = {
        name: (
            "patient",
            rows.set_index("patient")["value"][list(patients)].to_numpy(),
            {"units": str(units[name])},
        )
        for name, rows in table[about].groupby("variable", sort=False)
    }
    table = table[~about]
    variables = {}
    for name, rows in table.groupby("variable", sort=False):
        grid = rows.pivot(index="time_h", columns="patient", values="value")[list(patients)]
        variables[name] = (("time", "patient"), grid.to_numpy(), {"units": str(units[name])})
    found = np.array([codes[word] for word in status], dtype=np.int8)
    variables["status"] = (("patient",), found, {"units": "1"})
    attrs = {"failures": json.dumps(lost)} if lost else {}
    return xr.Dataset(variables, {"time": times, "patient": patients, **coords}, attrs)
