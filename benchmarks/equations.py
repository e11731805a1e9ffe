"""The exported file as functions for solvers that read no SBML: the same rules and rates, whole.

Rules come from the file's MathML. `Equations(text)` is one patient's file; patients differ in
numbers alone, so the functions made from one serve all.
"""

import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from cross import sbml_reader as sbml  # noqa: E402

FOLD = {"plus": lambda a, b: a + b, "times": lambda a, b: a * b, "divide": lambda a, b: a / b}
FOLD |= {"minus": lambda a, b: a - b}


class Equations(sbml.Reader):
    """states, numbers (P,) of this patient, start (S,), edges [(time, {place in numbers: value})].

    names: of the P numbers: parameters, what follows from them alone, and rates of infusion.
    """

    def __init__(self, text):
        super().__init__(text)
        _, model = sbml.parsed(text)
        rules, self.rates = {}, {}
        for node in sbml.every(model, "Rules"):
            place = {"assignmentRule": rules, "rateRule": self.rates}[sbml.tag(node)]
            place[sbml.python_name(node.get("variable"))] = node[0]
        self.rules = sbml.ordered(rules)
        moving = {*self.rates, *self.rules, "exp", "log", "__builtins__"}
        self.names = tuple(name for name in self._values if name not in moving)
        self.numbers = np.array([self._values[name] for name in self.names])
        self.start = np.array([self._values[name] for name in self.rates])
        self.edges = []
        for time, changes in sorted(self.events.items()):
            if time == 0 or {name for name, _ in changes} - set(self.names):
                raise ValueError("an event at 0 h or on a state: benchmarks give infusions only")
            now = {self.names.index(name): self._now(node) for name, node in changes}
            self.edges.append((time, now))

    def needed(self):
        """{rule: math} that the rates read, in order."""
        return sbml._needed(self.rules, self.rates)

    def compiled(self):
        """f(t, y, p) -> (S,), compiled by numba."""
        import numba

        made = self._written("t, y, p", "out = empty(y.size)", "return out")
        return numba.njit("f8[:](f8, f8[:], f8[:])", error_model="numpy")(made)

    def callback(self, signature):
        """f(t, y, out, p) as an address for a solver in C, compiled by numba."""
        import numba

        return numba.cfunc(signature, error_model="numpy")(self._written("t, y, out, p"))

    def _written(self, arguments, first="", last=""):
        lines = [f"{name} = y[{i}]" for i, name in enumerate(self.rates)]
        lines += [f"{name} = p[{i}]" for i, name in enumerate(self.names)]
        lines += [f"{name} = {sbml.code(node)}" for name, node in self.needed().items()]
        lines += [f"out[{i}] = {sbml.code(x)}" for i, x in enumerate(self.rates.values())]
        body = "\n    ".join(line for line in (first, *lines, last) if line)
        space = {"exp": math.exp, "log": math.log, "empty": np.empty}
        exec(f"def f({arguments}):\n    {body}", space)
        return space["f"]

    def traced(self, y, p, ops):
        """dx/dt of each state, from y and p (each indexed by place) in the words of `ops`."""
        env = dict(zip(self.rates, y, strict=True)) | dict(zip(self.names, p, strict=True))
        for name, node in self.needed().items():
            env[name] = value(node, env, ops)
        return [value(node, env, ops) for node in self.rates.values()]

    def pieces(self, hours):
        """(start, stop, changes at start, outputs within) between the edges of this patient."""
        marks = [0.0, *(time for time, _ in self.edges), hours[-1]]
        changes = [{}, *(change for _, change in self.edges)]
        for (start, stop), change in zip(pairwise(marks), changes, strict=True):
            yield start, stop, change, (hours > start) & (hours <= stop)

    def read(self, table, names):
        """(T, names) of rules and states, from states (T, S)."""
        env = dict(zip(self.rates, table.T, strict=True))
        env |= dict(zip(self.names, self.numbers, strict=True))
        with np.errstate(all="ignore"):
            for name, node in self.rules.items():
                env[name] = value(node, env, NUMPY)
        return np.array([env[f"x_{name}"] * np.ones(len(table)) for name in names]).T


class NUMPY:
    exp, log, where, greater = np.exp, np.log, np.where, np.greater

    @staticmethod
    def power(x, p):
        return x**p


def value(node, env, ops):
    """The value of MathML: names from env, functions from ops."""
    what = sbml.tag(node)
    if what == "math":
        return value(node[0], env, ops)
    if what == "ci":
        return env[sbml.python_name(node.text)]
    if what == "cn":
        return sbml.literal(node)
    if what == "piecewise":
        (then, condition), (other,) = node
        _, left, right = condition
        if sbml.tag(condition[0]) != "gt":
            raise ValueError("a condition is not of the form left > right")
        greater = ops.greater(value(left, env, ops), value(right, env, ops))
        return ops.where(greater, value(then, env, ops), value(other, env, ops))
    operator, parts = sbml.tag(node[0]), [value(child, env, ops) for child in node[1:]]
    if operator in ("exp", "ln"):
        return (ops.exp if operator == "exp" else ops.log)(*parts)
    if operator == "power":
        return ops.power(*parts)
    if operator == "minus" and len(parts) == 1:
        return -parts[0]
    out = parts[0]
    for part in parts[1:]:
        out = FOLD[operator](out, part)
    return out
