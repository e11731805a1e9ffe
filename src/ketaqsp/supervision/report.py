"""supervise(): how often each rule would have fired, and which rules could not be run."""

from dataclasses import dataclass, field

import numpy as np

from ketaqsp import NOTICE
from ketaqsp.errors import BadInput
from ketaqsp.patient import asked, failures
from ketaqsp.patient.failures import FAILED
from ketaqsp.patient.histogram import AMOUNT, Histogram
from ketaqsp.supervision import checks
from ketaqsp.supervision.clinic import read
from ketaqsp.supervision.rules import rules
from ketaqsp.supervision.sessions import sessions

RUN, NOT_RUN, NO_DOSE = "simulated", "not simulated", "no such dose"


@dataclass(frozen=True)
class Finding:
    """One rule: status, fired of so many (patients or sessions), and why it was not run."""

    rule: object
    status: str
    fired: int | None = None
    of: int | None = None
    patients: int | None = None  # with at least one, where sessions are counted
    why: str = ""
    where: np.ndarray | None = field(default=None, repr=False)

    @property
    def share(self):
        """Fired over of; None where nothing was counted."""
        return self.fired / self.of if self.of else None

    @property
    def per_100(self):
        """Per hundred patients or sessions."""
        return None if self.share is None else 100 * self.share


@dataclass(frozen=True)
class Supervision:
    """findings {rule: Finding}; n patients that were solved; sessions given to them."""

    findings: dict
    n: int
    sessions: int
    mg: np.ndarray = field(repr=False)  # (n,) total of each solved patient
    seed: int
    status: dict  # {how: patients}
    failures: dict = field(default_factory=dict, repr=False)  # {number: record} of simulate()

    def __getitem__(self, name):
        return self.findings[name]

    def as_dict(self):
        """For JSON: counts, shares, per 100, and the rules that were not run with the reason."""
        out = []
        for name, f in self.findings.items():
            entry = {"rule": name, "topic": f.rule.topic, "said": f.rule.said}
            entry |= {"limit": f.rule.limit, "unit": f.rule.unit, "status": f.status}
            if f.status == RUN:
                entry |= {"counts": f.rule.counts, "fired": f.fired, "of": f.of}
                entry |= {"share": f.share, "per_100": f.per_100, "patients": f.patients}
            else:
                entry["why"] = f.why
            entry |= {"source": f.rule.source, "confidence": f.rule.confidence}
            out.append(entry)
        spread = Histogram.of(AMOUNT, self.mg).quantiles((0.1, 0.5, 0.9))
        spread = spread if len(self.mg) else (0.0,) * 3
        total = dict(zip(("p10", "p50", "p90"), spread, strict=True))
        total["bin_width_relative"] = AMOUNT.width
        return {"patients": self.n, "sessions": self.sessions, "total_mg": total, "rules": out,
                "status": self.status, "failures": self.failures, "notice": NOTICE}  # fmt: skip


def supervise(out, cohort, regimen, *, seed=0):
    """Run the rules of supervision over a simulated Dataset. Returns a Supervision.

    out: of simulate(), with the times of clinic_times(regimen) and every acute variable. cohort:
    the same patients. regimen: what they were given, one Regimen or one a patient. seed: of the
    error of readings and of who is sedated; keyed by patient and time. Counted are patients or
    sessions of those who could be solved. A rule that needs a fact which the model or the cohort
    has not is listed as not simulated with the reason; it is never counted as kept.
    Only doses of ketamine, esketamine and arketamine are sessions. Raises BadInput.
    """
    cohort = asked.patients(cohort)
    if out.sizes.get("patient") != cohort.n:
        raise BadInput(
            f"the result has {out.sizes.get('patient')} patients, the cohort {cohort.n}; give the "
            "cohort that was simulated."
        )
    _same_people(out, cohort)
    asked.regimens(regimen)
    solved = out["status"].values != FAILED
    held = sessions(regimen, cohort.weight())
    end = out["time"].values[-1]
    held = tuple(s for s in held if s.start_h < end)
    clinic = checks.Clinic(out, cohort, tuple(read(out, cohort, s, seed) for s in held))
    given = clinic.given & solved
    found = {rule.rule: _finding(rule, clinic, held, given, solved) for rule in rules()}
    mg = sum((s.mg for s in held), np.zeros(cohort.n))[solved]
    lost = {str(i): told for i, told in failures.of(out).items() if int(i) in out["patient"].values}
    told = (failures.counts(out["status"].values), lost)
    return Supervision(found, int(solved.sum()), int(given.sum()), mg, seed, *told)


def _same_people(out, cohort):
    """Raises BadInput unless the cohort has the result's numbers, seed and population."""
    remedy = "give the cohort that was simulated, in its order."
    if not np.array_equal(out["patient"].values, cohort.ids):
        raise BadInput(
            f"the result's patients are {_some(out['patient'].values)}, the cohort's "
            f"{_some(cohort.ids)}; {remedy}"
        )
    for what, own in (("seed", cohort.seed), ("population", cohort.preset)):
        said = out.attrs.get(what, own)
        if str(said) != str(own):
            raise BadInput(f"the result's {what} is {said}, the cohort's {own}; {remedy}")


def _some(ids):
    """The first few numbers, for a message."""
    return ", ".join(map(str, ids[:3])) + (", ..." if len(ids) > 3 else "")


def joined(pieces):
    """One Supervision of other patients' Supervisions of the same regimen and seed."""
    pieces = list(pieces)
    found = {}
    for rule in rules():
        each = [p[rule.rule] for p in pieces]
        run = [f for f in each if f.status == RUN]
        if not run:
            found[rule.rule] = each[0]
            continue
        total = [sum(getattr(f, name) for f in run) for name in ("fired", "of", "patients")]
        where = np.concatenate([f.where for f in run], axis=-1)
        found[rule.rule] = Finding(rule, RUN, *total, where=where)
    mg = np.concatenate([p.mg for p in pieces])
    n, held = (sum(getattr(p, name) for p in pieces) for name in ("n", "sessions"))
    status, lost = failures.counts(()), {}
    for p in pieces:
        status, lost = failures.added(status, p.status), lost | p.failures
    return Supervision(found, n, held, mg, pieces[0].seed, status, lost)


def _finding(rule, clinic, held, given, solved):
    if not rule.check:
        return Finding(rule, NOT_RUN, why=rule.why_not)
    concerned = np.array([_concerns(rule, s) for s in held], dtype=bool)
    if not concerned.any():
        return Finding(rule, NO_DOSE, why=f"no session with such a dose ({rule.applies})")
    try:
        fired = getattr(checks, rule.check)(clinic, rule.limits)
    except checks.Unknown as missing:
        return Finding(rule, NOT_RUN, why=str(missing))
    if rule.counts == "patients":
        fired = fired & solved & given[concerned].any(axis=0)
        of = int((solved & given[concerned].any(axis=0)).sum())
        return Finding(rule, RUN, int(fired.sum()), of, int(fired.sum()), where=fired)
    fired = fired & given & concerned[:, None]
    of = int((given & concerned[:, None]).sum())
    return Finding(rule, RUN, int(fired.sum()), of, int(fired.any(axis=0).sum()), where=fired)


def _concerns(rule, session):
    """Whether a rule speaks of a session's doses."""
    return {
        "all": True,
        "vein": session.route == "iv",
        "im": session.route == "im",
        "per_kg": session.per_kg,
    }[rule.applies]
