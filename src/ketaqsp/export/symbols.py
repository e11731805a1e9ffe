"""The equations of a model as SymPy expressions, made by calling each block's own functions.

Nothing is parsed from text: a Term's function is called with one positive symbol for each name,
and `doit` opens the named functions hill, power and softplus.
"""

from dataclasses import dataclass

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


def symbol(name):
    """The symbol of a parameter, state, signal or input."""
    return sympy.Symbol(name, positive=True)


def expression(term):
    """The Term as an expression in the symbols of its names, hill, power and softplus opened."""
    value = term({name: symbol(name) for name in term.names})
    return sympy.sympify(value).doit()


def equations(model):
    """The Equations of a chain.Model."""
    constants = {b.name: expression(b.value) for b in model.constants}
    rules, rates, starts, entry = {}, {}, {}, {}
    for system in model.linear:
        moved, entered = _linear(system)
        rates.update(moved)
        entry.update(entered)
        starts.update(dict.fromkeys(system.states, sympy.Integer(0)))
    for block in (*model.sweep, *model.readouts):
        if isinstance(block, Algebra):
            rules[block.name] = expression(block.value)
        elif isinstance(block, Turnover):
            x = symbol(block.name)
            rates[block.name] = expression(block.production) - expression(block.loss) * x
            starts[block.name] = expression(block.start)
        elif isinstance(block, Competition):
            rules[block.name] = sympy.Add(*map(symbol, block.bound))
            free = 1 - symbol(block.name)
            for name, on, off in zip(block.bound, block.on, block.off, strict=True):
                rates[name] = expression(on) * free - expression(off) * symbol(name)
                starts[name] = sympy.Integer(0)
    return Equations(constants, rules, rates, starts, entry)


def _linear(system):
    """dx/dt of one linear system, and what a unit of each input adds: (rates, entry)."""
    rates = dict.fromkeys(system.states, sympy.Integer(0))
    entry = {}
    for name, target in system.inputs:
        rates[target] += symbol(f"input_{name}")
        entry[name] = {target: sympy.Integer(1)}
    for block in system.blocks:
        if isinstance(block, Flow):
            moved = expression(block.rate) * symbol(block.source)
            rates[block.source] -= moved
            if block.target is not None:
                rates[block.target] += moved
        elif isinstance(block, Follow):
            rates[block.name] -= expression(block.rate) * symbol(block.name)
            for source, term in block.drives:
                gain = expression(term)
                rates[block.name] += gain * symbol(source)
                analyte = source.removeprefix("input_")
                # A lag of the input itself takes its share of what is given at once.
                if source != analyte and analyte in entry:
                    share = entry[analyte].get(block.name, sympy.Integer(0))
                    entry[analyte][block.name] = share + gain
    return rates, entry
