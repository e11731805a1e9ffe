"""Whether a protocol lies within the evidence: drug and route, dose, pace, length, population."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ketaqsp.protocol.schema import INERT

WEEK_H = 168.0
WITHIN, OUTSIDE = "within the evidence", "outside the evidence"


@dataclass(frozen=True)
class Line:
    """One question about one arm: what was asked, what is known, and whether it lies within."""

    arm: str
    what: str
    asked: str
    known: str
    within: bool

    @property
    def verdict(self):
        """The answer in words."""
        return WITHIN if self.within else OUTSIDE


@cache
def ranges():
    """{(drug, route): row of evidence_range.csv}."""
    path = Path(__file__).with_name("evidence_range.csv")
    with open(path, encoding="utf-8", newline="") as file:
        return {(r["drug"], r["route"]): r for r in csv.DictReader(file)}


def lines(protocol):
    """Every Line of a protocol, arm by arm; the same arm in several phases once a phase."""
    found = []
    for phase in protocol.phases:
        for arm in phase.arms:
            name = f"{arm.name} ({phase.name})" if phase.name else arm.name
            courses = tuple(t for p in arm.policies for t in p.course)
            for t in (*arm.treatments, *courses):
                if t.drug not in INERT:
                    found += _treatment(name, arm, t)
    return tuple(dict.fromkeys(found))


def _treatment(name, arm, t):
    known = ranges().get((t.drug, t.route))
    given = f"{t.drug} {t.route}"
    if known is None:
        return [Line(name, "drug and route", given, "no trial in depression in our tables", False)]
    found = [Line(name, "drug and route", given, known["studies"], True)]
    steps = () if t.drug == "oral_antidepressant" else (d for p in arm.policies for d in p.doses)
    doses = [t.amount, *steps]
    span = f"{known['low']} to {known['high']} {known['unit']}"
    asked = " to ".join(f"{x:g}" for x in dict.fromkeys((min(doses), max(doses)))) + f" {t.unit}"
    fits = t.unit == known["unit"] and (
        float(known["low"]) - 1e-9 <= min(doses) <= max(doses) <= float(known["high"]) + 1e-9
    )
    found.append(Line(name, "dose", asked, span, fits))
    if t.hours:
        pace = max(sum(h <= x < h + WEEK_H for x in t.hours) for h in t.hours)
        most = int(known["most_a_week"])
        found.append(Line(name, "doses a week", f"{pace}", f"at most {most}", pace <= most))
        days, longest = max(t.hours) / 24, float(known["longest_days"])
        asked, said = f"{days:.0f} d", f"at most {longest:.0f} d"
        found.append(Line(name, "length of treatment", asked, said, days <= longest))
    known_in = known["populations"].split(";")
    preset = arm.population.preset
    said = ", ".join(known_in)
    found.append(Line(name, "population", preset, said, preset in known_in))
    return found
