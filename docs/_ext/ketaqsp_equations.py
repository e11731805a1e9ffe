"""The equations of a link, read from the blocks that the solver runs. Nothing is typed again."""

import inspect
import math
from dataclasses import dataclass
from functools import cache

import ketaqsp_mathml as mathml
from sympy import Float, Symbol, log, sympify

from ketaqsp.blocks import Algebra, Amount, Competition, Flow, Follow, Turnover, terms
from ketaqsp.chain import build, everything, rest
from ketaqsp.parameters import rows
from ketaqsp.parameters.table import LINKS
from ketaqsp.patient.simulate import describe
from ketaqsp.receptor import POOLS

# Functions that say no more than the equation does.
PLAIN = ("rate", "one", "zero")


@dataclass(frozen=True)
class Source:
    """Where one term comes from: function, what its docstring says, which names feed it."""

    what: str
    function: str
    first: str  # first line of the docstring
    more: str  # the rest of it, one paragraph
    fed: tuple  # (argument, name) where the two differ


@dataclass(frozen=True)
class Entry:
    """One state or signal with its equation as HTML."""

    name: str
    unit: str
    long_name: str
    equations: tuple
    sources: tuple
    reads: tuple


@dataclass(frozen=True)
class Group:
    """Entries under one heading."""

    title: str
    entries: tuple


@cache
def model():
    """The chain with every companion drug, so that no block is left out."""
    return everything()


@cache
def _printer():
    return mathml.Printer(row.symbol for row in rows())


def _value(term):
    """The term as a SymPy expression of the names that feed it; ln 2 is written so."""
    value = sympify(term({name: Symbol(name, positive=True) for name in term.names}))
    return value.xreplace({x: log(2) for x in value.atoms(Float) if float(x) == math.log(2)})


def _symbol(name):
    return Symbol(name, positive=True)


def _source(what, term, module=None):
    first, _, more = inspect.getdoc(term.function).partition("\n")
    home = (module or term.function.__module__).removeprefix("ketaqsp.")
    fed = tuple((a, n) for a, n in zip(term.arguments, term.names, strict=True) if a != n)
    return Source(what, f"{home}.{term.function.__name__}", first, " ".join(more.split()), fed)


def _equation(left, label, pieces):
    return mathml.equation(left, _printer().total(pieces), label)


def _rate(state, pieces):
    return _equation(mathml.derivative(state), f"d {state}/dt", pieces)


def _start(state, term):
    return _equation(mathml.at_start(state), f"{state}(0)", [(1, _value(term))])


def _amount(block, system):
    """Sum of the flows that reach or leave an amount, and what is given."""
    pieces, sources = [], []
    for given, target in system.inputs:
        if target == block.name:
            pieces.append((1, _symbol(f"input_{given}")))
    for flow in system.blocks:
        if isinstance(flow, Flow) and block.name in (flow.source, flow.target):
            sign = 1 if flow.target == block.name else -1
            pieces.append((sign, _value(flow.rate) * _symbol(flow.source)))
            what = f"from {flow.source}" if sign > 0 else f"to {flow.target or 'outside'}"
            sources.append(_source(what, flow.rate))
    return (_rate(block.name, pieces),), tuple(sources)


def _moving(block):
    """Equations of a block that carries its own terms."""
    if isinstance(block, Follow):
        pieces = [(1, _value(gain) * _symbol(state)) for state, gain in block.drives]
        pieces.append((-1, _value(block.rate) * _symbol(block.name)))
        return (_rate(block.name, pieces),)
    if isinstance(block, Turnover):
        loss = _value(block.loss) * _symbol(block.name)
        pieces = [(1, _value(block.production)), (-1, loss)]
        return _rate(block.name, pieces), _start(block.name, block.start)
    if isinstance(block, Algebra):
        left = mathml.name(block.name)
        return (_equation(left, block.name, [(1, _value(block.value))]),)
    total = sum(_symbol(b) for b in block.bound)
    out = [_equation(mathml.name(block.name), block.name, [(1, total)])]
    free = 1 - _symbol(block.name)
    for bound, on, off in zip(block.bound, block.on, block.off, strict=True):
        pieces = [(1, _value(on) * free), (-1, _value(off) * _symbol(bound))]
        out.append(_rate(bound, pieces))
    return tuple(out)


def _entry(block, system=None):
    unit, long_name = describe(model())[block.name]
    if isinstance(block, Amount):
        equations, sources = _amount(block, system)
        flows = [b for b in system.blocks if isinstance(b, Flow) and b.target == block.name]
        reads = {name for flow in flows for name in (*flow.rate.names, flow.source)}
        reads |= {f"input_{given}" for given, target in system.inputs if target == block.name}
    else:
        equations = _moving(block)
        sources = _once(_source(what, term) for what, term in terms(block))
        reads = {name for _, term in terms(block) for name in term.names}
        reads |= {state for state, _ in getattr(block, "drives", ())}
    return Entry(block.name, unit, long_name, equations, sources, tuple(sorted(reads)))


def _once(sources):
    """Sources of a block; a function that serves several ligands is told once, a plain one not."""
    seen, out = set(), []
    for source in sources:
        kind = source.what.split()[0], source.function
        if kind not in seen and source.function.rpartition(".")[2] not in PLAIN:
            seen.add(kind)
            out.append(source)
    return tuple(out)


def home(block):
    """Link whose function moves the block."""
    if isinstance(block, Amount | Flow):
        return "plasma"
    return terms(block)[0][1].function.__module__.split(".")[1]


def groups(link):
    """The equations of a link in groups, in the order in which they are solved.

    Raises ValueError for a name that is no link, or a link that has no equation.
    """
    if link not in LINKS:
        raise ValueError(f"{link!r} is no link; known: {', '.join(LINKS)}")
    found = _at_rest() if link == "patient" else _blocks(link)
    if not found:
        raise ValueError(f"the link {link!r} has no equation of its own")
    return found


def _blocks(link):
    whole = model()
    out = [("From parameters alone", [_entry(b) for b in whole.constants if home(b) == link])]
    for system in whole.linear:
        mine = [b for b in system.blocks if not isinstance(b, Flow) and home(b) == link]
        entries = [_entry(b, system) for b in mine]
        if entries:
            out.append((f"Linear system: {system.name.replace('_', ' ')}", entries))
    sweep = [b for b in whole.sweep if home(b) == link]
    if any(isinstance(b, Competition) for b in sweep):
        for pool, where in POOLS.items():
            entries = [_entry(b) for b in sweep if b.name.endswith(f"_{pool}")]
            out.append((f"Pool: {where}", entries))
        out.append(('With exit="split" in simulate, one pool as an example', [_entry(_split())]))
    else:
        out.append(("States and signals, in the order of the sweep", [_entry(b) for b in sweep]))
    readouts = [_entry(b) for b in whole.readouts if home(b) == link]
    out.append(("Read-outs", readouts))
    return tuple(Group(title, tuple(entries)) for title, entries in out if entries)


def _split():
    """The first pool under the other law of exit, for the ketamine family."""
    return next(b for b in build(exit="split").sweep if isinstance(b, Competition))


def _at_rest():
    """The patient before any dose: severity that reproduces itself through spines and stress."""
    unknown = "D_ill"
    values = {name: _symbol(name) for name in rest.NAMES}
    right = rest.settled(_symbol(unknown), values)
    equation = _equation(mathml.parameter(unknown), unknown, [(1, right)])
    first, _, more = inspect.getdoc(rest.settled).partition("\n")
    source = Source("root of", "chain.rest.settled", first, " ".join(more.split()), ())
    long_name = "severity before any dose: the largest root, if it is stable"
    entry = Entry(unknown, "fraction", long_name, (equation,), (source,), rest.NAMES)
    return (Group("The patient at rest", (entry,)),)


def takes_from(link):
    """{other link: names} that the equations of `link` read, in the order of the chain."""
    owner = {f"input_{name}": "dose" for name in model().inputs}
    for block in model().blocks:
        if not isinstance(block, Flow):
            owner.update(dict.fromkeys((block.name, *block.states), home(block)))
    reads = {name for group in groups(link) for entry in group.entries for name in entry.reads}
    found = {other: sorted(n for n in reads if owner.get(n) == other) for other in LINKS}
    return {other: names for other, names in found.items() if names and other != link}
