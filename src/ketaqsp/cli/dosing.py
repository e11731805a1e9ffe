"""The dosing and patient options turned into regimens and a cohort, checked before any work."""

import re
from dataclasses import dataclass, replace

from ketaqsp.errors import BadInput, unknown

DEFAULT_PATIENTS = 100
INFUSION = "40 min"
WHOLE_DAY = 24.0
MOST_SHOWN = 40  # characters of a number
MOST = 1_000_000  # patients, as in patient.cohort, which a wrong option need not wait for
# How the dose link words a remedy (for protocol files and Python) -> how it is done here.
OPTIONS = {
    r"Write 0 for a dose given at once": "Write '0 min' for a dose given at once",
    r"'(dose|route|drug): ([^']*)'": r"--\1 '\2'",
    r"[Uu]se saline, that is nothing\(\)": "use --drug saline",
    r"Use (oral|bolus)\(\.\.\.\)\.": "Leave --duration out.",
    r"use bolus\(\.\.\.\)": "give it at once with --duration '0 min'",
    r"Use bolus\(\.\.\.\), or a duration": "Give it at once with --duration '0 min', or write one",
}
CELLS = {
    r"Write 0 for a dose given at once": "Write RATE 0 for a dose given at once",
    r"write 'dose: ([^']*?) (mg\S*)'": r"write AMT \1 and AMT_UNIT \2",
    r"[Uu]se 'route: ([^']*)'": r"Write ROUTE \1",
    r"[Uu]se saline, that is nothing\(\)": "use EVID 0",
    r"Use (oral|bolus)\(\.\.\.\)\.": "Write RATE 0 and DUR 0.",
    r"use bolus\(\.\.\.\)": "write RATE 0 to give it at once",
    r"Use bolus\(\.\.\.\), or a duration such as '40 min'": "Write RATE 0 to give it at once",
}


@dataclass(frozen=True)
class Dosing:
    """regimens: one for all patients (ids None), or one for each of `ids`."""

    regimens: tuple
    ids: tuple | None = None
    inhibitor: str | None = None

    @property
    def given(self):
        """What simulate() and schedule() take."""
        return self.regimens[0] if self.ids is None else list(self.regimens)

    def doses(self):
        """Every dose of every patient."""
        return [dose for regimen in self.regimens for dose in regimen.doses]


def whole(text, option, low, high, default=None):
    """The text of an option as a whole number in the range."""
    if text is None:
        return default
    allowed = f"allowed: a whole number from {low} to {high}. Write for example {option} "
    allowed += str(default if default is not None else low)
    if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", text):
        raise BadInput(f"{option} {text[:MOST_SHOWN]!r} is not a whole number; {allowed}.")
    if len(text) > MOST_SHOWN or not low <= int(text) <= high:
        raise BadInput(f"{option} {text.strip()[:MOST_SHOWN]} is out of range; {allowed}.")
    return int(text)


def seed_of(text):
    """--seed as a number."""
    return whole(text, "--seed", 0, 2**32 - 1, default=0)


def dosing(drug=None, route=None, dose=None, duration=None, days=None, events=None):
    """Read the dosing options. Raises BadInput, in the words of the command line."""
    try:
        return _dosing(drug, route, dose, duration, days, events)
    except BadInput as problem:
        raise BadInput(_in_options(str(problem), events is not None)) from None


def _in_options(message, table):
    """A message of the dose link, with its remedy as an option, or as a cell of an event table."""
    for there, here in (CELLS if table else OPTIONS).items():
        message = re.sub(there, here, message)
    return message


def _dosing(drug, route, dose, duration, days, events):
    if events is None:
        name = "ketamine" if drug is None else drug
        return Dosing((_regimen(name, route, dose, duration, days),))
    rivals = {"drug": drug, "route": route, "dose": dose, "duration": duration, "days": days}
    for name, value in rivals.items():
        if value is not None:
            raise BadInput(
                f"--{name} {value!r} and --events {events!r} both say what is given; "
                "allowed: one of them. Leave one out."
            )
    from ketaqsp.dose.event_table import read_events

    table = read_events(events)
    return Dosing(tuple(table.values()), tuple(table))


def _regimen(name, route, dose, duration, days):
    from ketaqsp.dose import Dose, Regimen, nothing
    from ketaqsp.dose.drugs import ROUTES, drug
    from ketaqsp.dose.quantity import parse_amount, parse_days, parse_time

    entry = drug(name)
    days = parse_days("0" if days is None else days, "--days")
    if not entry.takes_dose:
        if dose is not None:
            raise BadInput(f"{name} takes no dose, --dose {dose!r} was given. Leave --dose out.")
        if route is not None and route not in ROUTES:
            raise unknown("route", route, ROUTES)
        if duration is not None:
            parse_time(duration, "--duration")
        return nothing()
    if dose is None:
        raise BadInput(f"{name} needs a dose. Write for example --dose '0.5 mg/kg'.")
    amount, unit = parse_amount(dose, "--dose")
    route = entry.routes[0] if route is None else route
    default = INFUSION if route == "iv" else "0 min"
    hours = parse_time(default if duration is None else duration, "--duration")
    return Regimen(tuple(Dose(name, route, amount, unit, WHOLE_DAY * d, hours) for d in days))


def inhibited(plan, name):
    """The plan with --inhibitor, checked against its routes."""
    if name is not None:
        from ketaqsp.patient.simulate import inhibited

        inhibited(name, list(plan.regimens))
    return replace(plan, inhibitor=name)


def check_horizon(plan, until_h, until):
    """Refuse a dose that would not have come in, its lag included, before the run ends."""
    ends = {dose: round(dose.stop_h + dose.lag_h, 9) for dose in plan.doses()}
    late = [d for d, end in ends.items() if d.start_h + d.lag_h >= until_h or end > until_h]
    if late:
        worst = max(late, key=ends.get)
        lag = f" (a lag of {worst.lag_h:g} h included)" if worst.lag_h else ""
        raise BadInput(
            f"the dose on day {worst.start_h / WHOLE_DAY:g} ends at {ends[worst]:g} h{lag}, after "
            f"the end of the run (--until {until!r}, {until_h:g} h). Make --until longer, or leave "
            "the dose out."
        )


@dataclass(frozen=True)
class People:
    """Who is treated, as the options say it and before anybody is drawn."""

    n: int
    typical: bool
    preset: str
    seed: int
    pk: str | None
    cut: tuple
    scenario: tuple


def people(plan, *, patients, typical, seed, preset, pk, cut, scenario):
    """The options on patients, checked; with an event table one patient per ID. Raises BadInput."""
    seed = seed_of(seed)
    for given, what in ((typical, "--typical"), (plan.ids is not None, "--events")):
        if given and patients is not None:
            raise BadInput(
                f"--patients {patients} and {what} both say how many; allowed: one of them. "
                "Leave one out."
            )
    n = whole(patients, "--patients", 1, MOST, default=1 if typical else DEFAULT_PATIENTS)
    if plan.ids is not None:
        n = len(plan.ids)
    _known_names(preset, pk, cut, scenario)
    return People(n, typical, preset, seed, pk, tuple(cut or ()), tuple(scenario or ()))


def _known_names(preset, pk, cut, scenario):
    from ketaqsp.chain import overrides
    from ketaqsp.parameters.table import published_names
    from ketaqsp.patient import PRESETS

    if preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    if pk is not None and pk not in published_names():
        raise unknown("pk", pk, published_names())
    overrides(tuple(cut or ()), tuple(scenario or ()))


def draw(plan, who):
    """The cohort of a run. With an event table an ID is the number that a patient is drawn by.

    So the same ID is the same person whatever else the file holds, and in whatever order.
    """
    import numpy as np

    from ketaqsp.patient import cohort, typical

    changes = {"pk": who.pk, "cut": who.cut, "scenario": who.scenario}
    if not who.typical:
        n = who.n if plan.ids is None else None
        return cohort(who.preset, n, who.seed, ids=plan.ids, **changes)
    one = typical(who.preset, **changes)
    shared = {**one.parameters, "D_ill": np.repeat(one.parameters["D_ill"], who.n)}
    ids = np.arange(who.n) if plan.ids is None else np.array(plan.ids)
    return replace(one, ids=ids, parameters=shared, well=np.repeat(one.well, who.n))
