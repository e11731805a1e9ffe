"""A second reading of the exported SBML: standard library and SciPy only.

It shares no code with the package or with libSBML. Only what the export needs is known: parameters,
initial assignments, assignment rules, rate rules, and events at fixed times; all else is an error.
"""

import keyword
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
from scipy.integrate import solve_ivp

INFIX = {"plus": "+", "times": "*", "divide": "/", "minus": "-", "power": "**"}
CALLS = {"exp": "exp", "ln": "log"}
TIME = "http://www.sbml.org/sbml/symbols/time"
PASSIVE = {"notes", "annotation", "listOfUnitDefinitions", "listOfParameters"}
READ = {"listOfInitialAssignments", "listOfRules", "listOfEvents"}


def tag(node):
    return node.tag.rpartition("}")[2]


def identifier(text):
    """An SBML id as a Python name."""
    name = text.strip()
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise ValueError(f"{name!r} is no SBML id")
    return f"{name}_" if keyword.iskeyword(name) else name


def literal(node):
    """The number in a <cn>."""
    kind = node.get("type", "real")
    parts = [node.text, *(child.tail for child in node)]
    if kind == "e-notation":
        return float(f"{parts[0].strip()}e{parts[1].strip()}")
    if kind == "rational":
        return float(parts[0]) / float(parts[1])
    if kind not in ("real", "integer"):
        raise ValueError(f"cn of type {kind}")
    return float(parts[0])


def code(node):
    """MathML as Python text, every operation in brackets."""
    what = tag(node)
    if what == "math":
        (child,) = node
        return code(child)
    if what == "ci":
        return identifier(node.text)
    if what == "cn":
        return f"({literal(node)!r})"
    if what != "apply":
        raise ValueError(f"<{what}> is not known")
    operator, *operands = node
    operator, parts = tag(operator), [code(child) for child in operands]
    if operator in CALLS and len(parts) == 1:
        return f"{CALLS[operator]}({parts[0]})"
    if operator == "minus" and len(parts) == 1:
        return f"(-{parts[0]})"
    many = operator in ("plus", "times") and len(parts) >= 1
    if operator in INFIX and (many or len(parts) == 2):
        return "(" + f" {INFIX[operator]} ".join(parts) + ")"
    raise ValueError(f"<{operator}/> of {len(parts)} arguments is not known")


def names_in(node):
    return {identifier(child.text) for child in node.iter() if tag(child) == "ci"}


def trigger_time(event):
    """t of an event whose trigger is time >= t; whether it fires if it starts out true."""
    (trigger,) = (child for child in event if tag(child) == "trigger")
    ((apply,),) = trigger
    operator, left, right = apply
    right_form = tag(operator) == "geq" and left.get("definitionURL") == TIME
    if not right_form or tag(right) != "cn" or trigger.get("persistent") != "true":
        raise ValueError("an event is not of the form time >= number")
    return literal(right), trigger.get("initialValue") == "false"


def ordered(formulas):
    """{name: math} so that each comes after those it reads."""
    left, out = dict(formulas), {}
    while left:
        ready = [name for name, math in left.items() if not names_in(math) & set(left)]
        if not ready:
            raise ValueError(f"a circle among {sorted(left)}")
        for name in ready:
            out[name] = left.pop(name)
    return out


class Reader:
    """The model in an SBML text: `states` with their rates, `rules` for signals, `events`."""

    def __init__(self, text):
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ValueError("the text declares entities")
        root = ElementTree.fromstring(text.encode())  # noqa: S314 - no entities, checked above
        (model,) = root
        self._lists = {tag(child): child for child in model}
        if set(self._lists) - PASSIVE - READ:
            raise ValueError(f"not known: {sorted(set(self._lists) - PASSIVE - READ)}")
        initial = {identifier(n.get("symbol")): n[0] for n in self._all("InitialAssignments")}
        rules, rates = {}, {}
        for node in self._all("Rules"):
            place = {"assignmentRule": rules, "rateRule": rates}[tag(node)]
            place[identifier(node.get("variable"))] = node[0]
        rules = ordered(rules)
        self.states, self.rules = tuple(rates), tuple(rules)
        self.values = {"exp": np.exp, "log": np.log}
        for node in self._all("Parameters"):
            self.values[identifier(node.get("id"))] = float(node.get("value", "nan"))
        for name, math in ordered({**initial, **rules}).items():
            self.values[name] = self._now(math)
        lines = [f"{name} = {code(math)}" for name, math in rules.items()]
        self._rates = self._function(lines, map(code, rates.values()))
        self._signals = self._function(lines, rules)
        self.events = self._read_events()

    def _all(self, what):
        return list(self._lists.get(f"listOf{what}", ()))

    def _now(self, math):
        return float(eval(code(math), self.values))  # noqa: S307 - the code made above

    def _function(self, lines, results):
        """f(y) -> list, with y the states and every other name looked up in self.values."""
        body = [f"{', '.join(self.states)}, = y", *lines, f"return [{', '.join(results)}]"]
        exec("def f(y):\n    " + "\n    ".join(body), self.values)
        return self.values.pop("f")

    def _read_events(self):
        """{time: [(name, math)]}; what begins at 0 and does not fire there is left out."""
        found = {}
        for event in self._all("Events"):
            time, fires_at_start = trigger_time(event)
            if time <= 0 and not fires_at_start:
                continue
            (assigned,) = (child for child in event if tag(child) == "listOfEventAssignments")
            changes = [(identifier(n.get("variable")), n[0]) for n in assigned]
            found.setdefault(max(time, 0.0), []).extend(changes)
        return found

    def rates(self, t, y):
        """dy/dt for states y (n,) or (n, k)."""
        out = np.empty_like(y)
        for i, rate in enumerate(self._rates(y)):
            out[i] = rate
        return out

    def _set(self, y):
        """Make self.values those of the states y."""
        self.values.update(zip(self.states, y, strict=True))
        self.values.update(zip(self.rules, self._signals(y), strict=True))

    def _fire(self, time, y):
        """The state after the events of this time; parameters change in self.values."""
        if time not in self.events:
            return y
        self._set(y)
        self.values.update({name: self._now(math) for name, math in self.events[time]})
        return np.array([self.values[name] for name in self.states])

    def run(self, times, rtol=1e-9, atol=1e-12, method="LSODA"):
        """{state or signal: values at `times`}; at an event the values after it."""
        times = np.asarray(times, dtype=float)
        start = np.array([self.values[name] for name in self.states])
        edges = sorted({0.0, *(t for t in self.events if t < times[-1]), times[-1]})
        out = {name: np.empty(len(times)) for name in (*self.states, *self.rules)}
        for here, there in zip(edges[:-1], edges[1:], strict=True):
            start = self._fire(here, start)
            last = there == times[-1]
            inside = (times >= here) & ((times < there) | last)
            y = self._between(here, there, start, times[inside], rtol, atol, method)
            start = y[:, -1]
            for column, place in enumerate(np.flatnonzero(inside)):
                self._set(y[:, column])
                for name in out:
                    out[name][place] = self.values[name]
        return out

    def _between(self, here, there, start, at, rtol, atol, method):
        """States at the times `at` and, last, at `there`; no event lies between."""
        solved = solve_ivp(
            self.rates,
            (here, there),
            start,
            method,
            np.unique(np.append(at, there)),
            vectorized=True,
            rtol=rtol,
            atol=atol,
        )
        if not solved.success:
            raise ArithmeticError(f"from {here} to {there} h: {solved.message}")
        return solved.y
