"""The equations of a model as SymPy expressions, made by calling each block's own functions.

Nothing is parsed from text: a Term's function is called with one positive symbol for each name.
Of the named functions hill and softplus are opened. So is a power of parameters; one of anything
that varies stays a `guarded` power, which is 0 at and below zero as it is in the solver.
"""

from dataclasses import dataclass
from functools import partial

import sympy

from ketaqsp.blocks import Algebra, Competition, Flow, Follow, Turnover


@dataclass(frozen=True)
class Equations:
    """A model as expressions, each dict in the order of the chain.

    constants: {signal: value}, from parameters alone, once. rules: {signal: value}, at all times.
    rates: {state: dx/dt}, per hour. starts: {state: value before any dose}. entry: {input:
    {state: what one umol given at once adds}}.
    """

    constants: dict
    rules: dict
    rates: dict
    starts: dict
    entry: dict


class guarded(sympy.Function):
    """guarded(x, p): x^p where x > 0, else 0. Never simplified, so that the guard stays."""

    nargs = 2


def symbol(name):
    """The symbol of a parameter, state, signal or input."""
    return sympy.Symbol(name, positive=True)


def expression(term, fixed=()):
    """The Term as an expression in the symbols of its names; `fixed`: names that never vary."""
    value = sympy.sympify(term({name: symbol(name) for name in term.names}))
    fixed = {symbol(name) for name in fixed}

    def to_the(x, p):
        return x**p if x.free_symbols <= fixed else guarded(x, p)

    def half_at(x, ec50, gamma):
        raised = to_the(x / ec50, gamma)
        return raised / (1 + raised)

    value = value.replace(_called("hill"), lambda e: half_at(*e.args))
    return value.replace(_called("power"), lambda e: to_the(*e.args)).doit()


def _called(name):
    """Whether an expression is a call of the named function of ketaqsp.maths."""
    return lambda e: e.is_Function and e.func.__name__ == name


def equations(model):
    """The Equations of a chain.Model."""
    read = partial(expression, fixed={*model.parameters, *(b.name for b in model.constants)})
    constants = {b.name: read(b.value) for b in model.constants}
    rules, rates, starts, entry = {}, {}, {}, {}
    for system in model.linear:
        moved, entered = _linear(system, read)
        rates.update(moved)
        entry.update(entered)
        starts.update(dict.fromkeys(system.states, sympy.Integer(0)))
    for block in (*model.sweep, *model.readouts):
        if isinstance(block, Algebra):
            rules[block.name] = read(block.value)
        elif isinstance(block, Turnover):
            x = symbol(block.name)
            rates[block.name] = read(block.production) - read(block.loss) * x
            starts[block.name] = read(block.start)
        elif isinstance(block, Competition):
            rules[block.name] = sympy.Add(*map(symbol, block.bound))
            free = 1 - symbol(block.name)
            for name, on, off in zip(block.bound, block.on, block.off, strict=True):
                rates[name] = read(on) * free - read(off) * symbol(name)
                starts[name] = sympy.Integer(0)
    return Equations(constants, rules, rates, starts, entry)


def _linear(system, read):
    """dx/dt of one linear system, and what a unit of each input adds: (rates, entry)."""
    rates = dict.fromkeys(system.states, sympy.Integer(0))
    entry = {}
    for name, target in system.inputs:
        rates[target] += symbol(f"input_{name}")
        entry[name] = {target: sympy.Integer(1)}
    for block in system.blocks:
        if isinstance(block, Flow):
            moved = read(block.rate) * symbol(block.source)
            rates[block.source] -= moved
            if block.target is not None:
                rates[block.target] += moved
        elif isinstance(block, Follow):
            rates[block.name] -= read(block.rate) * symbol(block.name)
            for source, term in block.drives:
                gain = read(term)
                rates[block.name] += gain * symbol(source)
                analyte = source.removeprefix("input_")
                # A lag of the input itself takes its share of what is given at once.
                if source != analyte and analyte in entry:
                    share = entry[analyte].get(block.name, sympy.Integer(0))
                    entry[analyte][block.name] = share + gain
    return rates, entry
