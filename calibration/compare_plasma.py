"""Options for the venous view and for norketamine's clearance, on published levels.

    python calibration/compare_plasma.py

Writes calibration/plasma_options.csv, which docs/decisions/0002 quotes. Each option is put to the
rows of tests/evidence/pk_observed.csv; a study counts once however many points its curve has.
Columns: mean fold (predicted/observed) of each study, the root mean square of their logarithms
over studies (0.20 means about 20% off), the same over rows, and the worst study.
"""

import csv
import math
import sys
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME / "tests"))

from evidence import pk_rows  # noqa: E402
from ketaqsp.patient.cohort import typical_values  # noqa: E402
from plasma_only import solve  # noqa: E402

TARGET = HOME / "calibration" / "plasma_options.csv"
VENOUS = ("ketamine, venous, infusion",)
BOLUS = ("ketamine, venous, bolus",)
METABOLITES = ("norketamine, arterial", "norketamine, venous")
MINUTE = 1 / 60  # h
NO_LAG = 0.1 * MINUTE
NOT_COUNTED = ("phar2022",)  # its norketamine is a tenth of every other source (pk_misses.csv)
COLUMNS = "question,option,changed,rows,studies,rms_studies,rms_rows,worst,by_study".split(",")


def venous_options():
    """(name, published model or None, changed parameters)."""
    yield "arterial as it is", None, {"front_end": 0.0, "t_arm": NO_LAG}
    for minutes in (5, 8, 15, 20):
        changed = {"front_end": 0.0, "t_arm": minutes * MINUTE}
        yield f"one lag of {minutes} min", None, changed
    for share in (1.0, 0.85, 0.7):
        for minutes in (0, 1, 2, 3, 4, 6):
            changed = {"front_end": share, "t_arm": max(minutes * MINUTE, NO_LAG)}
            yield f"unmixed share {share:g}, arm {minutes} min", None, changed
    for name in ("kamp_aln", "domino"):
        yield f"{name}, unmixed share 1, arm 3 min", name, {}
        yield f"{name}, one lag of 8 min", name, {"front_end": 0.0, "t_arm": 8 * MINUTE}
    for name in ("fanta_otto", "perez_ruixo", "clements"):
        yield f"{name} (a venous model)", name, {}


def norketamine_options():
    for clearance in (60.0, 48.0, 40.0, 30.0, 23.8):
        yield f"CL_nk {clearance:g} L/h, R x 0.75", None, {"CL_nk": clearance}
    for ratio in (0.56, 0.95):
        yield f"CL_nk 40 L/h, R x {ratio:g}", None, {"CL_nk_ratio_r": ratio}


def study_of(row):
    """Two reports of one trial are one study."""
    return row.study.removesuffix("_abstract").removesuffix("2021")


def scored(question, option, changed, table, folds):
    """One line of the table from {row: predicted/observed}."""
    logs = {row.row: math.log(folds[row.row]) for row in table}
    groups = {}
    for row in table:
        groups.setdefault(study_of(row), []).append(logs[row.row])
    means = {study: float(np.mean(x)) for study, x in groups.items()}
    worst = max(means, key=lambda study: abs(means[study]))
    return {
        "question": question,
        "option": option,
        "changed": " ".join(f"{k}={v:.4g}" for k, v in changed.items()),
        "rows": len(table),
        "studies": len(means),
        "rms_studies": f"{np.sqrt(np.mean(np.square(list(means.values())))):.3f}",
        "rms_rows": f"{np.sqrt(np.mean(np.square(list(logs.values())))):.3f}",
        "worst": f"{worst} {math.exp(means[worst]):.2f}",
        "by_study": " ".join(f"{study} {math.exp(x):.2f}" for study, x in means.items()),
    }


def compared(question, options, table):
    for option, pk, changed in options:
        predicted = pk_rows.predictions(table, pk=pk, **changed)
        folds = {row.row: row.fold(predicted[row.row]) for row in table}
        yield scored(question, option, changed, table, folds)


def at_once(table, minutes=3.0):
    """The subtraction without mixing: arterial minus rate/Q_mix while infusing, then the lag.

    Returns ({row: fold}, lowest level over peak): the published form, and why it is not used.
    """
    values, folds, lowest = typical_values(), {}, 0.0
    for row in table:
        given = pk_rows.regimen(row.drug, row.doses)
        times = np.arange(0.0, 12.1, 1 / 240)
        arterial = solve(given, times, weight=row.weight_kg)
        form = row.analyte.removeprefix("ketamine")
        level = arterial[f"ketamine_arterial{form}"][:, 0]
        flow = values["Q_mix"] * (row.weight_kg / values["W_ref"]) ** values["a_CL"]
        (dose,) = given.doses
        mg = dose.amount * (row.weight_kg if dose.unit == "mg/kg" else 1.0)
        rate = mg / dose.duration_h / (2 if form and row.drug == "ketamine" else 1)
        running = (times > 0) & (times <= dose.stop_h + 1e-9)
        view = _lagged(level - running * rate * 1e3 / flow, times, minutes * MINUTE)
        lowest = min(lowest, float(view.min() / view.max()))
        value = view.max() if row.statistic == "peak" else None
        if value is None:
            value = float(np.interp(float(row.time_min) / 60, times, view))
        folds[row.row] = row.fold(value)
    return folds, lowest


def _lagged(x, times, half_time):
    """First-order lag of x, its value held over each short step."""
    keep = math.exp(-math.log(2) * (times[1] - times[0]) / half_time)
    out = np.zeros_like(x)
    for i in range(1, len(x)):
        out[i] = keep * out[i - 1] + (1 - keep) * x[i]
    return out


def main():
    table = pk_rows.rows()
    infused = [row for row in table if row.group in VENOUS]
    lines = list(compared("venous, infusions", venous_options(), infused))
    folds, lowest = at_once(infused)
    name = f"subtracted at once, arm 3 min (falls to {100 * lowest:.0f}% of its peak)"
    lines.append(scored("venous, infusions", name, {}, infused, folds))
    boluses = [row for row in table if row.group in BOLUS]
    lines += compared("venous, boluses", venous_options(), boluses)
    norketamine = [
        row for row in table if row.group in METABOLITES and row.study not in NOT_COUNTED
    ]
    lines += compared("norketamine", norketamine_options(), norketamine)
    single = [row for row in norketamine if row.study != "koppel_icu"]
    lines += compared("norketamine, single doses", norketamine_options(), single)
    with open(TARGET, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    for line in lines:
        print(
            f"{line['question']:26} {line['option']:42} {line['rms_studies']} "
            f"{line['rms_rows']}  {line['by_study']}"
        )


if __name__ == "__main__":
    main()
