"""Every equation has the dimension its block requires, and none has an idle argument."""

import ast
import inspect
import sys
from dataclasses import replace
from functools import cache
from importlib import import_module

import pytest

from ketaqsp.blocks import Algebra, Competition, Flow, Follow, Turnover, terms, use
from ketaqsp.chain import build, everything
from ketaqsp.chain.dimensions import (
    VALUE,
    check,
    dimension,
    known_units,
    required,
    without_effect,
)
from ketaqsp.parameters import rows
from ketaqsp.plasma.equations import out_of
from ketaqsp.units import unit

LINKS = ("plasma", "receptor", "circuit", "synapse", "mood", "acute")
ROWS = {row.symbol: row for row in rows() if row.role == "default"}


def full(exit="slow"):
    """The chain with every companion."""
    return everything(exit)


def in_plasma(model, block):
    """The model with one more block in its first linear system."""
    first, *rest = model.linear
    return replace(model, linear=(replace(first, blocks=(*first.blocks, block)), *rest))


def equations():
    for link in LINKS:
        module = import_module(f"ketaqsp.{link}.equations")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__:
                yield pytest.param(function, id=f"{link}.{name}")


@pytest.mark.parametrize("exit", ["slow", "split"])
def test_shipped_model(exit):
    assert check(full(exit), ROWS) == []


def test_shipped_default_chain():
    assert check(build(), ROWS) == []


@pytest.mark.parametrize("function", list(equations()))
def test_no_function_has_an_idle_argument(function):
    assert without_effect(function, [0.5] * len(inspect.signature(function).parameters)) == []


def clearance_alone(CL):
    """CL where CL/V belongs."""
    return CL


def dropped_ratio(CL, V, ratio):
    """ratio is named and forgotten."""
    return CL / V


def cancelled(x, tau):
    """x is used, and leaves the result where it was."""
    return (1 + x - x) / tau


def concentration_as_fraction(amount, V):
    return amount / V


def test_missing_volume():
    flow = Flow("ketamine_s_central", None, use(clearance_alone, CL="CL_s_i"))
    (problem,) = check(in_plasma(full(), flow), ROWS)
    assert "rate of flow ketamine_s_central -> out" in problem and "liter" in problem


def test_dropped_factor():
    term = use(dropped_ratio, CL="CL_s_i", V="V1_i", ratio="CL_ratio_r")
    (problem,) = check(in_plasma(full(), Flow("ketamine_s_central", None, term)), ROWS)
    assert "argument 'ratio' does not change the result" in problem


def test_cancelled_argument():
    model = full()
    block = Turnover(
        "extra",
        "1",
        "",
        use(cancelled, x="glutamate", tau="tau_G"),
        use(clearance_alone, CL="a_dhnk_s"),
        use(clearance_alone, CL="n_A"),
    )
    (problem,) = check(replace(model, sweep=(*model.sweep, block)), ROWS)
    assert "production of extra" in problem and "'x'" in problem


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (Algebra("a1", "fraction", "", use(out_of, Q="V1_i", V="V2_i")), None),
        (Algebra("a2", "1/h", "", use(out_of, Q="V1_i", V="V2_i")), "value of a2"),
        (
            Turnover(
                "t1",
                "umol/L",
                "",
                use(clearance_alone, CL="EC50_hnk"),  # umol/L, not umol/L/h
                use(clearance_alone, CL="a_dhnk_s"),
                use(clearance_alone, CL="EC50_hnk"),
            ),
            "production of t1",
        ),
        (
            Turnover(
                "t2",
                "umol/L",
                "",
                use(out_of, Q="EC50_hnk", V="tau_G"),
                use(clearance_alone, CL="tau_G"),  # h, not 1/h
                use(clearance_alone, CL="EC50_hnk"),
            ),
            "loss of t2",
        ),
        (
            Turnover(
                "t3",
                "umol/L",
                "",
                use(out_of, Q="EC50_hnk", V="tau_G"),
                use(clearance_alone, CL="a_dhnk_s"),
                use(clearance_alone, CL="n_A"),
            ),
            "start of t3",
        ),
        (
            Competition(
                "c1",
                "",
                ("c1_x",),
                (use(clearance_alone, CL="a_dhnk_s"),),
                (use(clearance_alone, CL="tau_G"),),
            ),
            "off c1_x of c1",
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_each_kind_of_block_in_the_sweep(block, said):
    model = build()
    problems = check(replace(model, sweep=(*model.sweep, block)), ROWS)
    assert len(problems) == (said is not None)
    assert said is None or problems[0].startswith(said)


def test_gain_of_a_lag():
    def lag(gain):
        drives = (("ketamine_s_central", use(gain, amount="mixing", V="V1_i")),)
        return Follow("lag", "umol/L", "", drives, use(clearance_alone, CL="a_dhnk_s"))

    rows_with = {**ROWS, "mixing": replace(ROWS["a_dhnk_s"], symbol="mixing")}
    assert check(in_plasma(build(), lag(concentration_as_fraction)), rows_with) == []
    rows_with["mixing"] = replace(rows_with["mixing"], unit="1")
    (problem,) = check(in_plasma(build(), lag(concentration_as_fraction)), rows_with)
    assert problem.startswith("gain of ketamine_s_central of lag")


@pytest.mark.parametrize(
    ("symbol", "text", "said"),
    [
        ("V1", "kg", "value of V1_i"),  # another dimension
        ("V1", "mL", "hide a factor"),  # the right one, a thousand times too small
        ("MTT_nk", "min", "hide a factor"),
        ("M_k", "kg/mol", "hide a factor"),
        ("EC50_hnk", "mg/L", "glutamate"),
        ("tau_S", "1/h", "spine_density_absolute"),
        ("kc_ketamine_s", "h", "off bound_pv_ketamine_s"),
        ("W", "furlongs_per", "cannot be read"),
    ],
)
def test_wrong_unit_in_a_row(symbol, text, said):
    problems = check(full(), {**ROWS, symbol: replace(ROWS[symbol], unit=text)})
    assert any(said in problem for problem in problems), problems


def test_missing_row():
    without = {symbol: row for symbol, row in ROWS.items() if symbol != "tau_Z"}
    problems = check(build(), without)
    assert len(problems) == 2 and all("tau_Z" in p and "stress" in p for p in problems)


@cache
def uses():
    """({function: its (block, what, term)}, {symbol: the same}, {name: unit}) of the full chain."""
    by_function, by_symbol, units = {}, {}, {}
    for exit in ("slow", "split"):
        model = full(exit)
        units.update(known_units(model, ROWS)[0])
        for block in model.blocks:
            for what, term in terms(block):
                by_function.setdefault(term.function, []).append((block, what, term))
                for name in term.names:
                    by_symbol.setdefault(name, []).append((block, what, term))
    return by_function, by_symbol, units


def wrong(function, block, what, term, units):
    """Whether the check of dimensions objects to `function` in the place of the term's own."""
    given = [(ROWS[n].value if n in ROWS else VALUE, units[n]) for n in term.names]
    try:
        found = dimension(function, given, required(block, what, uses()[2]))
        return bool(found or without_effect(function, [value for value, _ in given]))
    except ArithmeticError:
        return True


def products(tree):
    nodes = ast.walk(tree)
    return [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult | ast.Div)]


class Put(ast.NodeTransformer):
    """Puts one expression in the place of another."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit_BinOp(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def without_one_factor(function):
    """Yield (text of the factor, the function without it), for every factor and divisor."""
    text = inspect.getsource(function)
    arguments = set(inspect.signature(function).parameters)
    for i in range(len(products(ast.parse(text)))):
        for side in ("left", "right"):
            tree = ast.parse(text)
            node = products(tree)[i]
            factor = getattr(node, side)
            names = {n.id for n in ast.walk(factor) if isinstance(n, ast.Name)}
            if not names & arguments:
                continue  # a plain 1 or 2
            kept = node.right if side == "left" else node.left
            if side == "left" and isinstance(node.op, ast.Div):
                kept = ast.BinOp(ast.Constant(1), ast.Div(), node.right)
            changed = ast.fix_missing_locations(Put(node, kept).visit(tree))
            space = dict(vars(sys.modules[function.__module__]))
            exec(compile(changed, function.__name__, "exec"), space)
            yield ast.unparse(factor), space[function.__name__]


# Severity is read at rest, outside the sweep; quasi_steady is the limit that tests compare with.
HELPERS = {"severity", "quasi_steady"}
# Factors without a unit whose arguments also stand elsewhere in their function: no check of units
# can miss them. What does: the rest of the patient for the first three (their production is the
# loss only with the factor there), Mealing's protocol for dissociation, the scale for madrs,
# published interactions for left_by_enzymes (1 where nothing inhibits).
UNSEEN = {
    "bdnf": {"top_D * x", "top_D - 1 + x", "top_D"},
    "surface_ampa": {"top_A * x", "top_A - 1 + x", "top_A"},
    "spine_formation": {"S_max - 1", "S_max"},
    "spines_at_rest": {"S_max - 1", "free * S_max", "S_max"},
    "threshold": {"n_theta"},
    "dissociation": {"po", "1 - po"},
    "madrs": {"1 - rho"},
    "left_by_enzymes": {"clint", "clint - 1"},
}


@pytest.mark.parametrize("function", list(equations()))
def test_a_factor_dropped_from_our_own_equations(function):
    places = uses()[0].get(function, ())
    assert bool(places) != (function.__name__ in HELPERS)
    unseen = {
        factor
        for factor, without in without_one_factor(function)
        if places and not any(wrong(without, *place, uses()[2]) for place in places)
    }
    assert unseen == UNSEEN.get(function.__name__, set())


def test_enough_factors_were_dropped():
    assert sum(len(list(without_one_factor(f))) for f in uses()[0]) >= 200


@pytest.mark.parametrize("symbol", sorted(uses()[1].keys() & ROWS.keys()))
def test_a_wrong_unit_in_any_row(symbol):
    """Each row of the tables used by the chain: its unit multiplied by a candela is noticed."""
    plain = unit(ROWS[symbol].unit).dimensionless
    units = {**uses()[2], symbol: "cd" if plain else f"cd*({ROWS[symbol].unit})"}
    places = uses()[1][symbol]
    assert any(wrong(place[2].function, *place, units) for place in places)
