"""The building blocks of a link. Each names its unknowns and the plain functions that move them.

The solver, the documentation, the SBML export and the check of dimensions all walk the same list
of blocks; no equation is written a second time.
"""

import inspect
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Term:
    """A plain function with the names that feed its arguments: f(arg=name, ...)."""

    function: object
    renames: tuple = ()

    @cached_property
    def arguments(self):
        return tuple(inspect.signature(self.function).parameters)

    @cached_property
    def names(self):
        """What to look up, in the order of the arguments."""
        renames = dict(self.renames)
        unknown = set(renames) - set(self.arguments)
        if unknown:
            raise TypeError(f"{self.function.__name__} has no argument {sorted(unknown)}")
        return tuple(renames.get(argument, argument) for argument in self.arguments)

    def __call__(self, values):
        """The function at values[name] for each of its names."""
        return self.function(*[values[name] for name in self.names])


def use(function, **renames):
    """A Term: `use(elimination, V="V1_nk")` feeds argument V from the name V1_nk."""
    return Term(function, tuple(sorted(renames.items())))


@dataclass(frozen=True)
class Amount:
    """A state of the linear part: no equation of its own, moved by Flow and Follow."""

    name: str
    unit: str
    long_name: str

    @property
    def states(self):
        return (self.name,)


@dataclass(frozen=True)
class Flow:
    """First-order transfer of mass: d source = -rate source, d target = +rate source."""

    source: str
    target: str | None
    rate: Term

    states = ()


@dataclass(frozen=True)
class Follow:
    """A linear lag that carries no mass: dx/dt = sum_i gain_i s_i - rate x."""

    name: str
    unit: str
    long_name: str
    drives: tuple  # of (state or input, Term of the gain)
    rate: Term

    @property
    def states(self):
        return (self.name,)


@dataclass(frozen=True)
class Algebra:
    """A signal computed from names upstream. `constant`: from parameters alone, once a run."""

    name: str
    unit: str
    long_name: str
    value: Term
    constant: bool = False

    states = ()


@dataclass(frozen=True)
class Turnover:
    """dx/dt = production - loss x. `start` is a Term of parameters, the state before any dose."""

    name: str
    unit: str
    long_name: str
    production: Term
    loss: Term
    start: Term

    @property
    def states(self):
        return (self.name,)


@dataclass(frozen=True)
class Competition:
    """Ligands sharing the free sites of one pool: dB_l/dt = on_l (1 - sum B) - off_l B_l."""

    name: str  # the total bound fraction, a signal
    long_name: str
    bound: tuple  # names of B_l
    on: tuple  # Terms
    off: tuple  # Terms
    unit: str = "fraction"

    @property
    def states(self):
        return self.bound


def terms(block):
    """Every Term of a block, as (what it is, Term)."""
    if isinstance(block, Flow):
        return (("rate", block.rate),)
    if isinstance(block, Follow):
        return (*((f"gain of {s}", t) for s, t in block.drives), ("rate", block.rate))
    if isinstance(block, Algebra):
        return (("value", block.value),)
    if isinstance(block, Turnover):
        return (("production", block.production), ("loss", block.loss), ("start", block.start))
    if isinstance(block, Competition):
        return (
            *((f"on {b}", t) for b, t in zip(block.bound, block.on, strict=True)),
            *((f"off {b}", t) for b, t in zip(block.bound, block.off, strict=True)),
        )
    return ()
