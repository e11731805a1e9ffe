"""The dosing and patient options turned into regimens and a cohort, checked before any work."""

from dataclasses import dataclass, replace

from ketaqsp.errors import BadInput, unknown

DEFAULT_PATIENTS = 100
INFUSION = "40 min"
WHOLE_DAY = 24.0


@dataclass(frozen=True)
class Dosing:
    """regimens: one for all patients (ids None), or one for each of `ids`."""

    regimens: tuple
    ids: tuple | None = None

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
    allowed = f"allowed: a whole number from {low} to {high}"
    try:
        value = int(text.strip())
    except ValueError:
        raise BadInput(f"{option} {text!r} is not a whole number; {allowed}.") from None
    if not low <= value <= high:
        raise BadInput(f"{option} {value} is out of range; {allowed}.")
    return value


def seed_of(text):
    """--seed as a number."""
    return whole(text, "--seed", 0, 2**32 - 1, default=0)


def dosing(drug=None, route=None, dose=None, duration=None, days=None, events=None):
    """Read the dosing options. Raises BadInput."""
    if events is None:
        return Dosing((_regimen(drug or "ketamine", route, dose, duration, days),))
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
    from ketaqsp.dose.drugs import DEPOT_ROUTES, ROUTES, drug
    from ketaqsp.dose.quantity import parse_amount, parse_days, parse_time

    entry = drug(name)
    days = parse_days(days or "0", "--days")
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
    default = "0 min" if route in DEPOT_ROUTES else INFUSION
    hours = parse_time(default if duration is None else duration, "--duration")
    return Regimen(tuple(Dose(name, route, amount, unit, WHOLE_DAY * d, hours) for d in days))


def check_horizon(plan, until_h, until):
    """Refuse a dose that would not be given in full before the run ends."""
    late = [dose for dose in plan.doses() if dose.start_h >= until_h or dose.stop_h > until_h]
    if late:
        worst = max(late, key=lambda dose: dose.stop_h)
        raise BadInput(
            f"the dose on day {worst.start_h / WHOLE_DAY:g} ends at {worst.stop_h:g} h, after the "
            f"end of the run (--until {until!r}, {until_h:g} h). Make --until longer, or leave the "
            "dose out."
        )


def people(plan, *, patients, typical, seed, preset, pk, cut, scenario):
    """The cohort of a run; with an event table one patient per ID, in its order."""
    import numpy as np

    from ketaqsp.chain import overrides
    from ketaqsp.patient import cohort as draw
    from ketaqsp.patient import typical as alone
    from ketaqsp.patient.cohort import MOST

    changes = {"pk": pk, "cut": tuple(cut or ()), "scenario": tuple(scenario or ())}
    overrides(changes["cut"], changes["scenario"])  # a wrong name is told before anybody is drawn
    seed = seed_of(seed)
    for given, what in ((typical, "--typical"), (plan.ids is not None, "--events")):
        if given and patients is not None:
            raise BadInput(
                f"--patients {patients} and {what} both say how many; allowed: one of them. "
                "Leave one out."
            )
    n = whole(patients, "--patients", 1, MOST, default=DEFAULT_PATIENTS)
    if plan.ids is not None:
        n = len(plan.ids)
    if typical:
        one = alone(preset, **changes)
        ids = np.arange(n if plan.ids is not None else 1)
        shared = {**one.parameters, "D_ill": np.repeat(one.parameters["D_ill"], len(ids))}
        group = replace(one, ids=ids, parameters=shared, well=np.repeat(one.well, len(ids)))
    else:
        group = draw(preset, n, seed, **changes)
    if plan.ids is not None:
        group = replace(group, ids=np.array(plan.ids))
    return group
