"""A second reading of the exported SBML: standard library and SciPy only.

It shares no code with the package or with libSBML. Only what the export needs is known: parameters,
initial assignments, assignment rules, rate rules, and events at fixed times; all else is an error.
As SBML has it, numbers are taken as they stand. `in_si` writes the same file with every value
multiplied by what the file says of its unit: a wrong unit then gives other curves.
"""

import math
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
from scipy.integrate import solve_ivp

CORE = "{http://www.sbml.org/sbml/level3/version2/core}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
TIME = "http://www.sbml.org/sbml/symbols/time"
SI = {"second": 1.0, "mole": 1.0, "litre": 1e-3, "gram": 1e-3, "metre": 1.0, "pascal": 1.0}
SI["dimensionless"] = 1.0
INFIX = {"plus": "+", "times": "*", "divide": "/", "minus": "-", "power": "**"}
CALLS = {"exp": "exp", "ln": "log"}
COMPARE = {"gt": ">", "geq": ">=", "lt": "<", "leq": "<="}
PASSIVE = {"notes", "annotation"}
READ = {"UnitDefinitions", "Parameters", "InitialAssignments", "Rules", "Events"}


def tag(node):
    return node.tag.rpartition("}")[2]


def parsed(text):
    """The root and the <model> of an SBML text."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("the text declares entities")
    root = ElementTree.fromstring(text.encode())  # noqa: S314 - no entities, checked above
    (model,) = root
    unknown = {tag(child) for child in model} - PASSIVE - {f"listOf{what}" for what in READ}
    if unknown:
        raise ValueError(f"not known: {sorted(unknown)}")
    return root, model


def every(model, what):
    """The children of listOf<what>."""
    (found,) = model.findall(f"{CORE}listOf{what}") or [()]
    return list(found)


def factors(model):
    """{unit: what one of it is in SI}."""
    out = {"dimensionless": 1.0}
    for definition in every(model, "UnitDefinitions"):
        out[definition.get("id")] = 1.0
        for unit in definition.iter(f"{CORE}unit"):
            one = float(unit.get("multiplier")) * 10.0 ** int(unit.get("scale"))
            out[definition.get("id")] *= (one * SI[unit.get("kind")]) ** float(unit.get("exponent"))
    return out


def literal(node):
    """The number in a <cn>."""
    kind = node.get("type", "real")
    parts = [node.text, *(child.tail for child in node)]
    if kind == "e-notation":
        return float(f"{parts[0].strip()}e{parts[1].strip()}")
    if kind not in ("real", "integer"):
        raise ValueError(f"cn of type {kind}")
    return float(parts[0])


def python_name(text):
    """An SBML id as a Python name that is no keyword and no function."""
    name = text.strip()
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise ValueError(f"{name!r} is no SBML id")
    return f"x_{name}"


def code(node):
    """MathML as Python text, every operation in brackets."""
    what = tag(node)
    if what == "math":
        (child,) = node
        return code(child)
    if what == "ci":
        return python_name(node.text)
    if what == "cn":
        return f"({literal(node)!r})"
    if what == "piecewise":
        return _piecewise(node)
    if what != "apply":
        raise ValueError(f"<{what}> is not known")
    operator, *operands = node
    operator, parts = tag(operator), [code(child) for child in operands]
    if operator in CALLS and len(parts) == 1:
        return f"{CALLS[operator]}({parts[0]})"
    if operator == "minus" and len(parts) == 1:
        return f"(-{parts[0]})"
    many = operator in ("plus", "times") and len(parts) >= 1
    signs = INFIX | COMPARE
    if operator in signs and (many or len(parts) == 2):
        return "(" + f" {signs[operator]} ".join(parts) + ")"
    raise ValueError(f"<{operator}/> of {len(parts)} arguments is not known")


def _piecewise(node):
    piece, otherwise = node
    if (tag(piece), tag(otherwise)) != ("piece", "otherwise"):
        raise ValueError("a piecewise is not of the form piece, otherwise")
    value, condition, other = (code(child) for child in (*piece, *otherwise))
    return f"({value} if {condition} else {other})"


def names_in(node):
    return {python_name(child.text) for child in node.iter(f"{MATHML}ci")}


def trigger_time(event):
    """SBML id of t where the trigger is time >= t; whether it fires if it starts out true."""
    trigger = event.find(f"{CORE}trigger")
    ((apply,),) = trigger
    operator, left, right = apply
    right_form = tag(operator) == "geq" and left.get("definitionURL") == TIME
    if not right_form or tag(right) != "ci" or trigger.get("persistent") != "true":
        raise ValueError("an event is not of the form time >= parameter")
    return right.text.strip(), trigger.get("initialValue") == "false"


def ordered(formulas):
    """{name: math} so that each comes after those it reads."""
    left, out = dict(formulas), {}
    while left:
        ready = [name for name, node in left.items() if not names_in(node) & set(left)]
        if not ready:
            raise ValueError(f"a circle among {sorted(left)}")
        for name in ready:
            out[name] = left.pop(name)
    return out


class Reader:
    """The model in an SBML text: its states, assignment rules (signals) and events.

    unit: {state or signal: what one of its unit is in SI}; hour: the same of its unit of time.
    """

    def __init__(self, text):
        _, model = parsed(text)
        units = factors(model)
        self.hour = units[model.get("timeUnits")]
        self._values = {"exp": math.exp, "log": math.log}
        for node in every(model, "Parameters"):
            self._values[python_name(node.get("id"))] = float(node.get("value", "nan"))
        initial = {python_name(n.get("symbol")): n[0] for n in every(model, "InitialAssignments")}
        rules, rates = {}, {}
        for node in every(model, "Rules"):
            place = {"assignmentRule": rules, "rateRule": rates}[tag(node)]
            place[python_name(node.get("variable"))] = node[0]
        rules = ordered(rules)
        self._states, self._rules = tuple(rates), tuple(rules)
        self._fixed = tuple(name for name in initial if name not in rates)
        for name, node in ordered({**initial, **rules}).items():
            self._values[name] = self._now(node)
        self._rates = self._function(_needed(rules, rates), rates.values())
        self._signals = self._function(rules, [])
        self.events = self._read_events(model)
        names = {name[2:] for name in (*self._states, *self._rules, *self._fixed)}
        given = {n.get("id"): units[n.get("units")] for n in every(model, "Parameters")}
        self.unit = {name: one for name, one in given.items() if name in names}

    @property
    def states(self):
        """SBML ids of what has a rate rule."""
        return tuple(name[2:] for name in self._states)

    def _now(self, node):
        return float(eval(code(node), self._values))  # noqa: S307 - the code made above

    def _function(self, rules, results):
        """f(*states) -> the results, or the values of the rules where there are none."""
        lines = [f"{name} = {code(node)}" for name, node in rules.items()]
        out = [code(node) for node in results] or list(rules)
        body = "\n    ".join([*lines, f"return [{', '.join(out)}]"])
        exec(f"def f({', '.join(self._states)}):\n    {body}", self._values)
        return self._values.pop("f")

    def _read_events(self, model):
        """{time: [(name, math)]}; what begins at 0 and does not fire there is left out."""
        found = {}
        for event in every(model, "Events"):
            key, fires_at_start = trigger_time(event)
            time = self._values[python_name(key)]
            if time <= 0 and not fires_at_start:
                continue
            changes = found.setdefault(max(time, 0.0), [])
            for node in event.iter(f"{CORE}eventAssignment"):
                changes.append((python_name(node.get("variable")), node[0]))
        return found

    def _set(self, y):
        """Make the values those of the states y."""
        self._values.update(zip(self._states, y, strict=True))
        self._values.update(zip(self._rules, self._signals(*y), strict=True))

    def _fire(self, time, y):
        """The state after the events of this time; parameters keep their new value."""
        if time not in self.events:
            return y
        self._set(y.tolist())
        self._values.update({name: self._now(node) for name, node in self.events[time]})
        return np.array([self._values[name] for name in self._states])

    def run(self, times, rtol=1e-10, atol=1e-13, method="LSODA"):
        """{state or signal: values at `times`}, in the file's units; at an event those after it.

        Solved anew from every event on. Raises ArithmeticError where the solver gives up.
        """
        before = dict(self._values)
        times = np.asarray(times, dtype=float)
        start = np.array([self._values[name] for name in self._states])
        edges = sorted({0.0, *(t for t in self.events if t < times[-1]), times[-1]})
        out = {name: np.empty(len(times)) for name in self.unit}
        for here, there in zip(edges[:-1], edges[1:], strict=True):
            start = self._fire(here, start)
            inside = (times >= here) & ((times < there) | (there == times[-1]))
            y = self._between(here, there, start, times[inside], rtol, atol, method)
            start = y[:, -1]
            for column, place in enumerate(np.flatnonzero(inside)):
                self._set(y[:, column].tolist())
                for name, x in out.items():
                    x[place] = self._values[f"x_{name}"]
        self._values.update(before)
        return out

    def _between(self, here, there, start, at, rtol, atol, method):
        """States at the times `at` and, last, at `there`; no event lies between."""

        def rates(_, y):
            return self._rates(*y.tolist())

        at = np.unique(np.append(at, there))
        solved = solve_ivp(rates, (here, there), start, method, at, rtol=rtol, atol=atol)
        if not solved.success:
            raise ArithmeticError(f"from {here:g} to {there:g}: {solved.message}")
        return solved.y


def _needed(rules, rates):
    """The rules that the rates read, directly or through one another, in order."""
    wanted = {name for node in rates.values() for name in names_in(node)}
    for name in reversed(rules):
        if name in wanted:
            wanted |= names_in(rules[name])
    return {name: node for name, node in rules.items() if name in wanted}


def in_si(text):
    """The same file with every value in SI, for a program that reads no units.

    The units are redefined to be those of SI, so that the file says what it holds.
    """
    root, model = parsed(text)
    units = factors(model)
    for node in every(model, "Parameters"):
        if node.get("value") is not None:
            node.set("value", repr(float(node.get("value")) * units[node.get("units")]))
    if {n.get(f"{CORE}units") for n in root.iter(f"{MATHML}cn")} - {"dimensionless"}:
        raise ValueError("a number inside an equation has a dimension")
    for unit in model.iter(f"{CORE}unit"):
        unit.set("scale", "0")
        unit.set("multiplier", repr(1.0 / SI[unit.get("kind")]))
    return ElementTree.tostring(root, encoding="unicode")
