"""Doses and regimens: plain, frozen, checked when made. Times in hours from the first day."""

from dataclasses import dataclass, replace

from ketaqsp.dose.drugs import HEAVY_ADULT_KG, PUMPED, ROUTES, check_route, drug
from ketaqsp.dose.quantity import AMOUNT_UNITS, MAX_HOURS, TIME_DIGITS, hours, number, parse_days
from ketaqsp.errors import BadInput, unknown

# Below this (a nanogram) an amount is nothing, and its rate could vanish in float arithmetic.
MIN_AMOUNT = 1e-6
# A second: anything faster is a bolus.
MIN_DURATION_H = 1 / 3600
# The longest infusion in the field ran 96 to 100 h; two weeks leaves room.
MAX_DURATION_H = 336.0
# Delayed release is a matter of hours.
MAX_LAG_H = 48.0
# Time between the doses of a steady state: a quarter of an hour to a month and a half.
MIN_PERIOD_H, MAX_PERIOD_H = 0.25, 1008.0
# How a route is put in a sentence.
_BY = {**ROUTES, "im": "into a muscle", "in": "into the nose", "sl": "under the tongue"}


@dataclass(frozen=True)
class Dose:
    """One administration.

    ``amount`` in ``unit`` (mg or mg/kg), given from ``start_h`` over ``duration_h``; 0 means all
    at once (a bolus, or a depot by mouth). ``lag_h``: it enters that much later. ``ss`` as in
    NONMEM: 1, the same dose has been given every ``ii_h`` for ever, and nothing else is in the
    body; 2, this course comes on top of what is there. It is the drug that is at steady state: the
    brain is not. Times are kept to 1e-9 h. BadInput when the drug or route is not known, or when
    amount or rate are beyond belief (limits in drugs.csv).
    """

    drug: str
    route: str
    amount: float
    unit: str
    start_h: float = 0.0
    duration_h: float = 0.0
    lag_h: float = 0.0
    ss: int = 0
    ii_h: float = 0.0

    def __post_init__(self):
        entry = drug(self.drug)
        if not entry.takes_dose:
            raise BadInput(
                f"{self.drug} takes no dose. Leave the dose out, or use nothing().", field="drug"
            )
        check_route(self.drug, self.route)
        if self.unit not in AMOUNT_UNITS:
            raise unknown("unit", self.unit, AMOUNT_UNITS, field="unit")
        keep = {
            "amount": _amount(self.drug, self.amount, self.unit),
            "start_h": hours(self.start_h, "start of a dose", field="start_h"),
            "duration_h": _duration(self.drug, self.route, self.duration_h),
            "lag_h": _lag(self.drug, self.lag_h),
            "ii_h": _period(self),
        }
        for name, value in keep.items():
            object.__setattr__(self, name, value)
        _believable(entry, self.amount, self.unit, self.duration_h)

    @property
    def stop_h(self):
        """Time at which the dose has been given, h."""
        return round(self.start_h + self.duration_h, TIME_DIGITS)


@dataclass(frozen=True)
class Regimen:
    """Doses in order of time. Regimens add: ``infusion(...) + oral(...)``. Empty: no drug.

    ``resets``: times (h) at which everything starts again, drug amounts at zero and the brain as it
    was before any dose; a dose at that time comes after the reset.
    """

    doses: tuple[Dose, ...] = ()
    resets: tuple[float, ...] = ()

    def __post_init__(self):
        doses = tuple(self.doses)
        for dose in doses:
            if not isinstance(dose, Dose):
                raise BadInput(f"a regimen holds doses; {dose!r} is none. Use infusion(...).")
        object.__setattr__(self, "doses", tuple(sorted(doses, key=_in_time)))
        resets = {hours(time, "reset", field="resets") for time in self.resets}
        object.__setattr__(self, "resets", tuple(sorted(resets)))
        _one_steady_state(self)

    def __add__(self, other):
        if not isinstance(other, Regimen):
            return NotImplemented
        return Regimen(self.doses + other.doses, self.resets + other.resets)

    def scale(self, factor):
        """Return this regimen with every amount times ``factor``; times and durations stay."""
        remedy = "For no drug at all use nothing()."
        factor = number(
            factor, "factor", low=0.0, high=1e6, unit="", remedy=remedy, low_allowed=False
        )
        doses = tuple(replace(dose, amount=dose.amount * factor) for dose in self.doses)
        return Regimen(doses, self.resets)

    def shift(self, hours):
        """Return this regimen ``hours`` later (earlier when negative, but not before 0 h)."""
        remedy = "Give a number of hours."
        by = number(hours, "shift", low=-MAX_HOURS, high=MAX_HOURS, unit="h", remedy=remedy)
        doses = tuple(replace(dose, start_h=dose.start_h + by) for dose in self.doses)
        return Regimen(doses, tuple(time + by for time in self.resets))

    @property
    def drugs(self):
        """Names of the drugs given, each once, in alphabetical order."""
        return tuple(sorted({dose.drug for dose in self.doses}))

    @property
    def last_h(self):
        """Time at which the last dose has been given, h; 0 for an empty regimen."""
        return max((dose.stop_h for dose in self.doses), default=0.0)


def infusion(drug="ketamine", *, mg=None, mg_per_kg=None, minutes=40, days=(0,), route="iv"):
    """Return a regimen of one infusion of ``minutes`` on each of ``days``.

    Exactly one of ``mg`` and ``mg_per_kg``. Saline and none take neither and give ``nothing()``.
    """
    limits = {"low": MIN_DURATION_H * 60, "high": MAX_DURATION_H * 60}
    remedy = "For a dose given at once use bolus(...)."
    number(minutes, "minutes", **limits, unit="min", remedy=remedy, field="duration_h")
    return _repeat(drug, route, mg, mg_per_kg, days, minutes / 60, "infusion")


def bolus(drug="ketamine", *, mg=None, mg_per_kg=None, days=(0,), route="iv"):
    """Return a regimen of one dose given at once on each of ``days``; else as ``infusion``."""
    return _repeat(drug, route, mg, mg_per_kg, days, 0.0, "bolus")


def oral(drug, *, mg, days):
    """Return a regimen of ``mg`` by mouth on each of ``days``, put into the depot at once."""
    return _repeat(drug, "po", mg, None, days, 0.0, "oral")


def nothing():
    """Return the empty regimen: saline, or no treatment at all."""
    return Regimen()


def _repeat(name, route, mg, mg_per_kg, days, duration_h, call):
    days = parse_days(days)
    if not drug(name).takes_dose and mg is None and mg_per_kg is None:
        return nothing()
    if (mg is None) == (mg_per_kg is None):
        given = "no amount" if mg is None else "both mg and mg_per_kg"
        raise BadInput(
            f"{call} of {name}: {given} given; allowed: exactly one of mg and mg_per_kg. "
            f"Write for example {call}({name!r}, mg=35).",
            field="amount",
        )
    amount, unit = (mg, "mg") if mg_per_kg is None else (mg_per_kg, "mg/kg")
    return Regimen(tuple(Dose(name, route, amount, unit, 24.0 * day, duration_h) for day in days))


def _in_time(dose):
    """Sort key: time first, then everything else, so that equal regimens are equal tuples."""
    order = (dose.start_h, dose.drug, dose.route, dose.duration_h, dose.unit, dose.amount)
    return (*order, dose.lag_h, dose.ss, dose.ii_h)


def _lag(name, lag_h):
    remedy = "Write 0 for a dose that enters at once."
    what = f"lag of {name}"
    checked = number(lag_h, what, low=0.0, high=MAX_LAG_H, unit="h", remedy=remedy, field="lag_h")
    return round(checked, TIME_DIGITS)


def _period(dose):
    """Hours between the doses of a steady state; 0 without one."""
    if isinstance(dose.ss, bool) or dose.ss not in (0, 1, 2):
        raise BadInput(
            f"ss {dose.ss!r}: allowed: 0 (none), 1 (steady state, all else cleared) and 2 (steady "
            "state added to what is there). Write one of them.",
            field="ss",
        )
    remedy = "Write the hours between two doses." if dose.ss else "Write ii_h only with ss."
    high = MAX_PERIOD_H if dose.ss else 0.0
    given = number(dose.ii_h, "ii_h", low=0.0, high=high, unit="h", remedy=remedy, field="ii_h")
    if dose.ss and given < MIN_PERIOD_H:
        raise BadInput(
            f"ii_h {given:g} h with ss {dose.ss}; allowed: from {MIN_PERIOD_H:g} to {high:g} h. "
            f"{remedy}",
            field="ii_h",
        )
    return round(given, TIME_DIGITS)


def _one_steady_state(regimen):
    """Two doses that each clear the body would leave only one: which, nobody wrote."""
    times = [dose.start_h for dose in regimen.doses if dose.ss == 1]
    for time in times:
        if times.count(time) > 1:
            raise BadInput(
                f"{times.count(time)} doses with ss 1 at {time:g} h: each would clear the others; "
                "allowed: one. Give the others ss 2, which adds.",
                field="ss",
            )


def _amount(name, amount, unit):
    remedy = "For no drug at all use saline, that is nothing()."
    return number(
        amount, f"{name} dose", low=MIN_AMOUNT, high=1e6, unit=unit, remedy=remedy, field="amount"
    )


def _duration(name, route, duration_h):
    remedy = "Write 0 for a dose given at once."
    what = f"duration of {name}"
    duration_h = number(
        duration_h, what, low=0.0, high=MAX_DURATION_H, unit="h", remedy=remedy, field="duration_h"
    )
    if duration_h and route not in PUMPED:
        call = "oral(...)" if route == "po" else "bolus(...)"
        raise BadInput(
            f"{what} {duration_h:g} h: a dose {_BY[route]} goes in at once; allowed: 0 h, or route "
            f"{' or '.join(PUMPED)}. Use {call}.",
            field="duration_h",
        )
    kept = round(duration_h, TIME_DIGITS)
    if duration_h and kept < round(MIN_DURATION_H, TIME_DIGITS):
        raise BadInput(
            f"{what} {duration_h * 3600:g} s is shorter than a second; allowed: 0, or from 1 s to "
            f"{MAX_DURATION_H:g} h. Use bolus(...), or a duration such as '40 min'.",
            field="duration_h",
        )
    return kept


def _believable(entry, amount, unit, duration_h):
    """Refuse what looks like a slip of the unit; an infusion of days counts by the day."""
    per_kg = unit == "mg/kg"
    most = entry.max_mg_per_kg if per_kg else entry.max_mg
    least = MIN_AMOUNT if per_kg else entry.min_mg
    most_now = most * max(duration_h / 24.0, 1.0)
    said = f"{entry.name} {amount:.12g} {unit}"
    allowed = f"allowed: from {least:g} to {most:g} {unit} a day ({entry.reason})"
    if amount > most_now:
        hint = f"Give at most {most:g} {unit}."
        if per_kg and entry.min_mg <= amount <= entry.max_mg:
            hint = f"It looks like mg: write 'dose: {amount:.12g} mg'."
        raise BadInput(f"{said} is beyond belief; {allowed}. {hint}", field="amount")
    if amount < least:
        hint = f"Give at least {least:g} {unit}."
        if amount <= entry.max_mg_per_kg:
            hint = f"It looks like mg/kg: write 'dose: {amount:.12g} mg/kg'."
        raise BadInput(f"{said} is too little to be meant; {allowed}. {hint}", field="amount")
    if duration_h and entry.max_mg_per_kg_h is not None:
        fastest = entry.max_mg_per_kg_h * (1.0 if per_kg else HEAVY_ADULT_KG)
        rate = amount / duration_h
        if rate > fastest:
            raise BadInput(
                f"{said} over {duration_h * 60:g} min is {rate:g} {unit}/h; allowed: at most "
                f"{fastest:g} {unit}/h ({entry.reason}). Make it longer, or use bolus(...).",
                field="duration_h",
            )
