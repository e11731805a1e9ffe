"""Check of dimensions: every equation run on quantities with units, and on changed arguments.

Two questions are put to each function of a model. Does it return what its block requires, with
units multiplied, added and cancelled by pint? And does each of its arguments change the result?
The first finds a missing volume or a wrong unit in a table, the second a dropped factor.
"""

from ketaqsp.blocks import Algebra, Amount, Competition, Flow, Follow, Turnover, terms
from ketaqsp.units import quantity, unit

VALUE = 0.5  # of a state or signal where units are checked: inside (0, 1), so a block fits too
INPUT_UNIT = "umol/h"
FACTOR = 1e-9  # relative; a hidden conversion (60, 1000) is far larger, rounding far smaller
ROUNDING = 1e-9  # relative; a change below this is no effect of the argument
SPREADS = (0.31, 0.83, 1.37)  # base points of the search for arguments without effect
STEPS = (1.23, 0.71)  # how an argument is changed there


def check(model, rows_by_symbol):
    """Problems of dimension in `model`, a list of sentences; empty if there are none.

    rows_by_symbol: {symbol: parameters.Row}. Required: rate, loss, on and off in 1/h, production
    and gain x drive in the state's unit/h, value and start in the block's own unit. A factor
    hidden in a unit (min for h) counts as a problem, since the solver works on plain numbers.
    """
    units, problems = known_units(model, rows_by_symbol)
    values = {name: row.value for name, row in rows_by_symbol.items()}
    for block in model.blocks:
        for what, term in terms(block):
            where = f"{what} of {label(block)} ({term.function.__name__})"
            missing = [name for name in term.names if name not in units]
            if missing:
                problems.append(f"{where}: no row and no block gives {missing}")
                continue
            given = [(values.get(name, VALUE), units[name]) for name in term.names]
            wrong = dimension(term.function, given, required(block, what, units))
            if wrong:
                problems.append(f"{where}: {wrong}")
            idle = without_effect(term.function, [value for value, _ in given])
            problems += [f"{where}: argument {name!r} does not change the result" for name in idle]
    return problems


def label(block):
    """A name for any block: a flow has none of its own."""
    if isinstance(block, Flow):
        return f"flow {block.source} -> {block.target or 'out'}"
    return block.name


def known_units(model, rows_by_symbol):
    """({name: unit as text} of parameters, states, signals and inputs, problems met)."""
    units = {name: row.unit for name, row in rows_by_symbol.items()}
    for block in model.blocks:
        if isinstance(block, Amount | Follow | Algebra | Turnover | Competition):
            units.update(dict.fromkeys((block.name, *block.states), block.unit))
    units.update({f"input_{name}": INPUT_UNIT for name in model.inputs})
    problems = []
    for name, text in list(units.items()):
        try:
            unit(text)
        except ValueError as problem:
            problems.append(f"{name}: {problem}")
            del units[name]
    return units, problems


def required(block, what, units):
    """Unit that the term called `what` must have, as a pint unit."""
    per_hour = unit("1/h")
    if isinstance(block, Flow | Competition) or what in ("rate", "loss"):
        return per_hour
    if isinstance(block, Follow):
        return unit(block.unit) * per_hour / unit(units[what.removeprefix("gain of ")])
    return unit(block.unit) * per_hour if what == "production" else unit(block.unit)


def dimension(function, given, wanted):
    """What is wrong with function(*given) as a quantity in `wanted`; None if nothing is.

    given: pairs (value, unit as text).
    """
    from pint.errors import DimensionalityError

    try:
        result = quantity(1.0, "1") * function(*[quantity(v, text) for v, text in given])
        magnitude = result.to(wanted).magnitude
    except DimensionalityError as problem:
        return f"wanted {wanted:~}, but {problem}"
    plain = function(*[v for v, _ in given])
    if abs(magnitude - plain) > FACTOR * max(abs(magnitude), abs(plain)):
        return f"units hide a factor: {magnitude:g} {wanted:~} where plain numbers give {plain:g}"
    return None


def without_effect(function, values):
    """Names of arguments that change nothing at any of several base points.

    values: a believable value for each. Switches at zero, saturations and a base of exactly one
    hide an effect at one point, so an argument is reported only if it is idle at all of them.
    """
    import inspect

    names = tuple(inspect.signature(function).parameters)
    bases = [tuple(values)]
    for spread in SPREADS:
        # Each argument gets a factor of its own, or a difference of two could cancel.
        factors = [spread * (1 + 0.17 * i) for i in range(len(names))]
        bases.append(tuple(v * f if v else f for v, f in zip(values, factors, strict=True)))
        bases.append(tuple(factors))
    return [n for i, n in enumerate(names) if not any(_moves(function, base, i) for base in bases)]


def _moves(function, base, i):
    """Whether changing argument i of function(*base) changes the result."""
    try:
        before = function(*base)
        for step in STEPS:
            changed = list(base)
            changed[i] = changed[i] * step if changed[i] else step
            after = function(*changed)
            if abs(after - before) > ROUNDING * max(abs(after), abs(before)):
                return True
    except (ArithmeticError, ValueError):  # this point lies outside the function's range
        return False
    return False
