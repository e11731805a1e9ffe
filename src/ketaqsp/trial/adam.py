"""ADaM-shaped tables of a trial: ADSL, ADQS, ADEX, ADTTE, the ledger of decisions, the failures.

Column names are those of CDISC ADaM where it has one; REPLICATE numbers the virtual trial, from
1. Times are also given in hours from the first dose of the study. A cell that a spreadsheet
would take for a formula gets an apostrophe before it.
"""

import csv

import numpy as np

from ketaqsp.solve import STATUS
from ketaqsp.trial import failures
from ketaqsp.trial.failures import subject as _id
from ketaqsp.trial.results import Table, times_to_relapse

MOST_ROWS = 300_000  # of the longest table; further replicates are left out, and run.json says so
DANGEROUS = "=+-@\t\r"


def write(done, folder):
    """Write adsl, adqs, adex, adtte, ledger and failures, each as .csv, into a folder."""
    last = shown(done)
    for name, (columns, lines) in {
        "adsl": (ADSL, adsl(done, last)),
        "adqs": (ADQS, adqs(done, last)),
        "adex": (ADEX, adex(done, last)),
        "adtte": (ADTTE, adtte(done, last)),
        "ledger": (LEDGER, ledger(done, last)),
        "failures": (failures.COLUMNS, failures.rows(done, last)),
    }.items():
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            for line in lines:
                writer.writerow([cell(x) for x in line])


def shown(done):
    """How many replicates the tables hold."""
    scales = len(done.protocol.scales)
    a_trial = sum(p.people.n * len(p.labels) * scales for p in done.parts) / done.replicates
    return max(1, min(done.replicates, int(MOST_ROWS / max(a_trial, 1))))


def cell(x):
    """A cell as text: numbers short, nothing for NaN, text that no spreadsheet takes for a sum."""
    if x is None:
        return ""
    if isinstance(x, str):
        return f"'{x}" if x[:1] in DANGEROUS and x[:1] else x
    if isinstance(x, float | np.floating):
        return "" if not np.isfinite(x) else f"{x:.10g}"
    return str(x)


def _rows(part, last):
    """Places of the solved patients of the replicates that are shown."""
    return np.flatnonzero(part.ok & (part.people.replicate < last))


ADSL = (
    *("STUDYID", "USUBJID", "REPLICATE", "SUBJID", "TRT01P", "TRT01PN", "AGE", "SEX", "WEIGHTBL"),
    *("MADRSBL", "DCSREAS", "DCSHR", "SOLVED"),
)


def adsl(done, last):
    """One row a patient, in the arm of the first phase; SOLVED: how he was solved, or "failed".

    Whoever failed is in this table too, and in failures.csv with reason and parameters.
    """
    keys, status = failures.ways(done)
    names = [a.name for a in done.protocol.phases[0].arms]
    for part in (p for p in done.parts if p.phase == 0):
        more = part.people.covariates
        weight = part.people.cohort.weight()
        how = status[np.searchsorted(keys, failures.numbers(part))]
        for i in np.flatnonzero(part.people.replicate < last):
            sex = more["female"][i] if "female" in more else None
            gone = part.left[i] <= part.hours.max()
            yield (
                done.protocol.name,
                _id(part, i),
                int(part.people.replicate[i]) + 1,
                int(part.people.place[i]) + 1,
                part.arm.name,
                names.index(part.arm.name) + 1,
                round(float(more["age_years"][i]), 1) if "age_years" in more else None,
                None if sex is None else ("F" if sex else "M"),
                round(float(weight[i]), 1),
                part.before["MADRS"][i],
                "LEFT THE TRIAL" if gone else None,
                round(float(part.left[i]), 2) if gone else None,
                STATUS[how[i]],
            )


ADQS = (
    *("STUDYID", "USUBJID", "REPLICATE", "APHASE", "TRTA", "PARAMCD", "PARAM", "AVISIT", "AVISITN"),
    *("ADY", "AHR", "AVAL", "BASE", "CHG", "RESPFL", "REMITFL", "ABLFL"),
)


def adqs(done, last):
    """One row a patient, scale and visit at which the patient was seen."""
    for part in done.parts:
        phase = done.protocol.phases[part.phase].name
        for i in _rows(part, last):
            for scale in done.protocol.scales:
                for k, label in enumerate(part.labels):
                    if not part.present[k, i]:
                        continue
                    hour, base = float(part.hours[k, i]), part.before[scale][i]
                    value = part.totals[scale][k, i]
                    flags = [
                        _flag(part.met[g][k, i]) if done.protocol.endpoints[g].scale == scale
                        else None
                        for g in ("response", "remission")
                    ]  # fmt: skip
                    yield (
                        *(done.protocol.name, _id(part, i), int(part.people.replicate[i]) + 1),
                        *(phase, part.arm.name, scale, f"{scale} total", label, k + 1),
                        *(int(hour // 24) + 1, round(hour, 4), value, base, value - base, *flags),
                        "Y" if hour == 0 else None,
                    )


def _flag(x):
    return "Y" if x else "N"


ADEX = (
    *("STUDYID", "USUBJID", "REPLICATE", "APHASE", "TRTA", "EXTRT", "EXROUTE", "EXDOSE"),
    *("EXDOSU", "EXDURHR", "EXSTHR", "EXSTDY", "EXREASON"),
)


def adex(done, last):
    """One row a dose that was given."""
    for part in done.parts:
        phase = done.protocol.phases[part.phase].name
        for k, slot in enumerate(part.slots):
            if slot.phase != part.phase or slot.treatment.drug == "none":
                continue
            t = slot.treatment
            why = "PLANNED" if slot.course is None else "RELAPSE"
            for i in _rows(part, last):
                if part.given[k, i]:
                    yield (
                        *(done.protocol.name, _id(part, i), int(part.people.replicate[i]) + 1),
                        *(phase, part.arm.name, t.drug, t.route, float(part.amounts[k, i])),
                        *(t.unit if slot.real else None, round(t.duration_h, 6), slot.time_h),
                        *(int(slot.time_h // 24) + 1, why),
                    )


ADTTE = (
    *("STUDYID", "USUBJID", "REPLICATE", "APHASE", "TRTA", "PARAMCD", "PARAM", "AVAL", "AVALU"),
    *("CNSR", "EVNTDESC"),
)


def adtte(done, last):
    """One row a patient at risk of relapse: days from the goal (or the phase's start)."""
    for part in done.parts:
        phase = done.protocol.phases[part.phase].name
        table = Table([part], done.replicates)
        chosen = np.flatnonzero(part.ok)[
            table.after(done.protocol.endpoints["relapse"]).any(axis=0)
        ]
        days, event, _ = times_to_relapse(done, [part])
        for i, day, seen in zip(chosen, days, event, strict=True):
            if part.people.replicate[i] < last:
                yield (
                    *(done.protocol.name, _id(part, i), int(part.people.replicate[i]) + 1),
                    *(phase, part.arm.name, "TTRELAPS", "Time to relapse", float(day), "DAYS"),
                    *(0 if seen else 1, "RELAPSE" if seen else "LAST SEEN"),
                )


LEDGER = (*("STUDYID", "USUBJID", "REPLICATE", "PHASE", "ARM", "TIME_H", "RULE", "SEEN", "DONE"),)


def ledger(done, last):
    """Every decision of a policy: who, when, which rule, what was seen, what was done."""
    for part in done.parts:
        phase = done.protocol.phases[part.phase].name
        shown_rows = set(_rows(part, last).tolist())
        for time_h, rule, seen, what, who in part.ledger.lines:
            if time_h < part.start_h - 1e-9:
                continue
            for value, i in zip(seen, who, strict=True):
                if int(i) in shown_rows:
                    yield (
                        *(done.protocol.name, _id(part, i), int(part.people.replicate[i]) + 1),
                        *(phase, part.arm.name, time_h, rule, float(value), what),
                    )
