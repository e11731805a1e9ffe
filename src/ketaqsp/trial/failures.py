"""Who of a trial could not be solved, in which phase, why, and with which parameters."""

import json

import numpy as np

from ketaqsp.patient.failures import counts, record
from ketaqsp.patient.simulate import model_for
from ketaqsp.solve import STATUS
from ketaqsp.trial.conduct.slots import every_dose

COLUMNS = (
    *("STUDYID", "USUBJID", "REPLICATE", "SUBJID", "APHASE", "TRTA", "STATUS", "REASON"),
    "PARAMETERS",
)


def subject(part, i):
    """USUBJID: number of the virtual trial and of the patient in it, both from 1."""
    return f"{part.people.replicate[i] + 1:04d}-{part.people.place[i] + 1:05d}"


def phase_name(protocol, phase):
    """Name of a phase, or "phase 1" where it has none."""
    return protocol.phases[phase].name or f"phase {phase + 1}"


def listed(done):
    """One dict a failed patient, by phase, arm and number: subject, replicate, place (from 1),
    phase, arm, status, reason, parameters {symbol: value} of the model that he failed in.

    Every replicate's, whatever the tables show.
    """
    out = []
    for part in done.parts:
        failed = np.flatnonzero(part.failed)
        if not failed.size:
            continue
        model = model_for([], declared=every_dose(part.slots))
        values = {name: part.people.cohort.parameters[name] for name in model.parameters}
        for i in failed:
            out.append(
                {
                    "subject": subject(part, i),
                    "replicate": int(part.people.replicate[i]) + 1,
                    "place": int(part.people.place[i]) + 1,
                    "phase": phase_name(done.protocol, part.phase),
                    "arm": part.arm.name,
                    **record(part.settled.reasons[i], values, i),
                }
            )
    return out


def rows(done, _last):
    """The same as rows of failures.csv; parameters are JSON."""
    for told in listed(done):
        yield (
            *(done.protocol.name, told["subject"], told["replicate"], told["place"]),
            *(told["phase"], told["arm"], told["status"], told["reason"]),
            json.dumps(told["parameters"], separators=(",", ":")),
        )


def by_phase(done):
    """[{"phase", "patients", "failed", "status": {how: n}}]: of those who were in each phase."""
    out = []
    for phase in range(len(done.protocol.phases)):
        status = [p.settled.status for p in done.parts if p.phase == phase]
        status = np.concatenate(status) if status else np.zeros(0, dtype=int)
        found = counts(status)
        name = phase_name(done.protocol, phase)
        out.append({"phase": name, "patients": len(status), "failed": found[STATUS[2]],
                    "status": found})  # fmt: skip
    return out


def ways(done):
    """(keys (n,), status (n,)): how each patient was solved in the last phase that he entered.

    keys: one number a patient, in order.
    """
    where = [numbers(p) for p in done.parts]
    keys = np.unique(np.concatenate(where))
    status = np.zeros(len(keys), dtype=int)
    for key, part in zip(where, done.parts, strict=True):  # by phase: a later one has the last word
        status[np.searchsorted(keys, key)] = part.settled.status
    return keys, status


def of_arm(parts):
    """{"simulated", "solved"}: different patients of some parts, and those who never failed."""
    mine = [numbers(p) for p in parts]
    lost = [key[p.failed] for key, p in zip(mine, parts, strict=True)]
    n, failed = (len(np.unique(np.concatenate(x))) if x else 0 for x in (mine, lost))
    return {"simulated": n, "solved": n - failed}


def numbers(part):
    """One number (n,) a patient: the same in every phase."""
    return part.people.replicate.astype(np.int64) << 32 | part.people.place
