"""Numbers with units, as people write them: amounts, times and lists of days.

Everything is checked here once, so that a message can say what was given, what is allowed, in
which unit, and what to write instead.
"""

import math
import re
from numbers import Real

from ketaqsp.errors import BadInput, unknown

AMOUNT_UNITS = ("mg", "mg/kg")

_HOURS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1 / 3600),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 1 / 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 1.0),
    **dict.fromkeys(("d", "day", "days"), 24.0),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 168.0),
}
_NO_FIXED_LENGTH = ("mo", "month", "months", "y", "yr", "year", "years")

# Ten years. No study in this field is longer, and a larger number is a slip of the unit.
MAX_DAYS = 3650.0
MAX_HOURS = 24.0 * MAX_DAYS

# Times are kept to 1e-9 h (3.6 microseconds), so that equal times written in different ways
# (40 min, 2400 s, AMT/RATE) are one and the same edge.
TIME_DIGITS = 9

_NUMBER_AND_UNIT = re.compile(
    r"\s*([+-]?(?:(?:nan|inf(?:inity)?)(?![a-z])|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\d.])))"
    r"\s*(.*?)\s*",
    re.IGNORECASE,
)


def number(value, what, *, low, high, unit, remedy, low_allowed=True, field=None):
    """Return ``value`` as a float if it is a finite number in the range, else raise BadInput."""
    bounds = f"{'from' if low_allowed else 'above'} {low:g} to {high:g} {unit}".rstrip()
    if isinstance(value, bool) or not isinstance(value, Real):
        raise BadInput(
            f"{what} {value!r} is not a number; allowed: {bounds}. {remedy}", field=field
        )
    try:
        value = float(value)
    except OverflowError:  # an integer of more than 308 digits
        value = math.inf
    said = f"{what} {value:.12g} {unit}".rstrip()
    if not math.isfinite(value):
        raise BadInput(f"{said} is not finite; allowed: {bounds}. {remedy}", field=field)
    if not low <= value <= high or (value == low and not low_allowed):
        raise BadInput(f"{said} is out of range; allowed: {bounds}. {remedy}", field=field)
    return value


def hours(value, what="time", *, remedy="Times count in hours from the first dose.", field=None):
    """Return ``value`` (h, from 0 to ten years) rounded to 1e-9 h."""
    return round(
        number(value, what, low=0.0, high=MAX_HOURS, unit="h", remedy=remedy, field=field),
        TIME_DIGITS,
    )


def parse_amount(text, what="dose"):
    """Read an amount: ``"0.5 mg/kg"`` gives ``(0.5, "mg/kg")``. Units: mg, mg/kg.

    Zero is refused: a patient who gets nothing gets ``drug: saline``.
    """
    value, unit = _split(text, what, AMOUNT_UNITS, "Write for example '0.5 mg/kg' or '35 mg'.")
    plain = re.sub(r"\s+", "", unit).lower()
    if plain not in AMOUNT_UNITS:
        raise BadInput(f"{what} {text!r}: {unknown('unit', unit, AMOUNT_UNITS)}")
    remedy = "Write for example '0.5 mg/kg'; for no drug at all use 'drug: saline'."
    if not 0 < value < math.inf:
        wrong = "out of range" if math.isfinite(value) else "not finite"
        raise BadInput(
            f"{what} {value:.12g} {plain} is {wrong}; allowed: above 0 {plain}, up to the largest "
            f"dose of the drug. {remedy}"
        )
    return value, plain


def parse_time(text, what="time"):
    """Read a time and return hours: ``"40 min"``, ``"24 h"``, ``"7 days"``, ``"2 weeks"``.

    Zero is a time ("0 h" is a visit); ten years is the most.
    """
    shown = ("s", "min", "minutes", "h", "hours", "d", "days", "weeks")
    value, unit = _split(text, what, shown, "Write for example '40 min', '24 h' or '7 d'.")
    plain = unit.lower()
    if plain in _NO_FIXED_LENGTH:
        raise BadInput(
            f"{what} {text!r}: a {plain.rstrip('s')} has no fixed length. Allowed units: "
            f"{', '.join(shown)}. Write days, for example '28 d'."
        )
    if plain not in _HOURS:
        raise BadInput(f"{what} {text!r}: {unknown('unit', unit, shown)}")
    if not math.isfinite(value):
        number(value, what, low=0.0, high=MAX_HOURS, unit=plain, remedy="Write a finite time.")
    return hours(value * _HOURS[plain], what, remedy=f"{text!r} was read; write 0 h or later.")


def even_step(hours):
    """`hours`, or what they were before they were kept to 1e-9 h: whole seconds, a part of an hour.

    "1 min" is kept as 0.016666667 h, whose thirtieth multiple is 1e-8 h off.
    """
    seconds = round(3600 * hours)
    if abs(hours - seconds / 3600) < 10.0**-TIME_DIGITS:
        return seconds / 3600
    parts = max(round(1 / hours), 1)
    return 1 / parts if abs(hours * parts - 1) < 1e-6 else hours


def parse_days(days, what="days"):
    """Read days of treatment: ``"0,3,7"``, one number, or a list. Return a tuple of floats (d).

    They must be at least 0 and strictly increasing: a day named twice, or a list out of order,
    is more often a slip than a wish.
    """
    remedy = "Write them in order, each once, for example '0,3,7'."
    if isinstance(days, str):
        entries = [_day_from_text(part, days, what, remedy) for part in days.split(",")]
    elif isinstance(days, Real):
        entries = [days]
    else:
        try:
            entries = list(days)
        except TypeError:
            raise BadInput(f"{what} {days!r} is not a list of days. {remedy}") from None
    if not entries:
        raise BadInput(f"{what} is empty; allowed: one day or more. {remedy}", field="days")
    out = []
    for entry in entries:
        day = number(entry, what, low=0.0, high=MAX_DAYS, unit="d", remedy=remedy, field="days")
        if out and day == out[-1]:
            raise BadInput(f"{what}: day {day:g} is repeated. {remedy}", field="days")
        if out and day < out[-1]:
            raise BadInput(f"{what}: day {day:g} comes after day {out[-1]:g}. {remedy}")
        out.append(day)
    return tuple(out)


def _day_from_text(part, whole, what, remedy):
    try:
        return float(part)
    except ValueError:
        raise BadInput(
            f"{what} {whole!r}: {part.strip()!r} is not a number of days. {remedy}", field="days"
        ) from None


def _split(text, what, units, remedy):
    """Split "0.5 mg/kg" into 0.5 and "mg/kg"; the number may still be nan, inf or negative."""
    listing = ", ".join(units)
    if not isinstance(text, str):
        given = "is a number without a unit" if isinstance(text, Real) else "is not text"
        raise BadInput(f"{what} {text!r} {given}; allowed units: {listing}. {remedy}")
    if re.match(r"\s*[+-]?\d+,\d", text):
        raise BadInput(f"{what} {text!r}: write a decimal point, not a comma. {remedy}")
    found = _NUMBER_AND_UNIT.fullmatch(text)
    if not found:
        raise BadInput(f"{what} {text!r} is not a number and a unit. {remedy}")
    if not found[2]:
        raise BadInput(f"{what} {text!r} has no unit; allowed units: {listing}. {remedy}")
    return float(found[1]), found[2]
