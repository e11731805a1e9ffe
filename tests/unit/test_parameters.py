"""Every number is a row with a source, every row is used, and equations hold no number."""

import ast
import builtins
import csv
import keyword
from pathlib import Path

import pytest

import ketaqsp
from ketaqsp.blocks import terms
from ketaqsp.chain import build, everything
from ketaqsp.chain.dimensions import check
from ketaqsp.errors import BadInput
from ketaqsp.parameters import rows, sources
from ketaqsp.parameters.table import COLUMNS, published, published_names, read
from ketaqsp.units import unit

HOME = Path(ketaqsp.__file__).parent
LINKS = ("plasma", "receptor", "circuit", "synapse", "mood", "acute")
EQUATIONS = [HOME / link / "equations.py" for link in (*LINKS, "expectancy")]
DEFAULT = {row.symbol: row for row in rows() if row.role == "default"}

# Default rows that no equation of the chain reads, and the module that reads each.
OUTSIDE = {
    "rater_sd": "patient/summary.py",  # noise of one rating
    **dict.fromkeys(("sd_sbp", "sd_dbp", "sd_hr"), "supervision/clinic.py"),  # and of one reading
    **dict.fromkeys(("r_sensitivity", "r_kappa", "r_rho"), "patient/effects.py"),
    "article_effects": "patient/effects.py",
}
# Links beside the chain, with tables of their own: their tests say who reads the rows.
BESIDE = ("expectancy", "trial")
# Function or symbol names of SBML (csymbols and the words of its formula syntax) and of SymPy's
# parser. Names of our functions in ketaqsp.maths mean there what they mean here.
SBML = """time t s delay avogadro rateOf pi exponentiale infinity inf nan notanumber true false
piecewise lambda and or not xor implies quotient rem plus minus times divide root ceil ceiling
floor factorial abs max min ln log10 sqr pow sin cos tan sec csc cot sinh cosh tanh arcsin arccos
arctan eq neq gt lt geq leq""".split()
SYMPY = (
    "S I E N O Q C beta gamma zeta Lambda Symbol Function oo zoo re im sign diff Rational".split()
)
MATHS = {"exp", "log", "sqrt", "power", "softplus", "hill"}
FORBIDDEN = set(SBML) | set(SYMPY) | set(keyword.kwlist) | set(keyword.softkwlist)
# Arguments of a function are never parsed from text, and these two are what textbooks write.
LOCAL = {"C", "Q"}


def models():
    return [everything(exit) for exit in ("slow", "split")] + [build()]


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def body(function):
    """Statements after the docstring."""
    first, *rest = function.body
    assert isinstance(first, ast.Expr) and isinstance(first.value.value, str), function.name
    return rest


EVERY_FUNCTION = [
    pytest.param(path, f, id=f"{path.parent.name}.{f.name}")
    for path in EQUATIONS
    for f in functions(path)
]


def test_every_symbol_of_every_model_has_a_default_row():
    needed = {name for model in models() for name in model.parameters}
    assert needed - set(DEFAULT) == set()


def test_every_default_row_is_used():
    used = {name for model in models() for name in model.parameters}
    idle = {s for s, row in DEFAULT.items() if s not in used and row.link not in BESIDE}
    assert idle == set(OUTSIDE)


@pytest.mark.parametrize(("symbol", "module"), OUTSIDE.items())
def test_a_row_used_outside_the_equations_is_read_there(symbol, module):
    assert f'["{symbol}"]' in (HOME / module).read_text(encoding="utf-8")
    in_equations = {n for m in models() for b in m.blocks for _, t in terms(b) for n in t.names}
    assert symbol not in in_equations


def test_symbols_are_unique_over_all_links():
    symbols = [row.symbol for row in rows()]
    assert len(symbols) == len(set(symbols))


@pytest.mark.parametrize(
    "row", [row for row in rows() if row.role == "alternative"], ids=lambda row: row.symbol
)
def test_alternatives_belong_to_a_default_row(row):
    symbol, mark, tag = row.symbol.partition("__")
    assert mark and tag and symbol in DEFAULT
    assert unit(row.unit) == unit(DEFAULT[symbol].unit)


def test_default_symbols_are_plain_names():
    for symbol in DEFAULT:
        assert symbol.isidentifier() and "__" not in symbol
        assert symbol not in FORBIDDEN and not hasattr(builtins, symbol), symbol


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.symbol)
def test_a_row_says_where_it_comes_from(row):
    assert row.source in sources(), f"{row.link}: source {row.source!r} is in no sources.csv"
    assert row.meaning and row.species
    unit(row.unit)
    if row.unit == "fraction" and row.role == "default":
        assert -1 <= row.value <= 1


def test_sources_are_cited_once_and_completely():
    keys = []
    for path in sorted(HOME.glob("*/sources.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            for cells in csv.DictReader(file):
                assert None not in cells and None not in cells.values(), f"{path}: {cells}"
                assert cells["key"] and cells["citation"], f"{path}: {cells}"
                keys.append(cells["key"])
    assert len(keys) == len(set(keys)), sorted(k for k in keys if keys.count(k) > 1)


def test_sources_of_the_drug_table():
    with open(HOME / "dose" / "drugs.csv", encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file):
            keys = [key for key in cells["source"].split(";") if key]
            assert set(keys) <= set(sources()), cells["drug"]
            assert keys or cells["confidence"] == "assumed", cells["drug"]


@pytest.mark.parametrize("name", published_names())
def test_published_models(name):
    found = published(name)
    assert len({row.symbol for row in found}) == len(found)
    for row in found:
        assert row.symbol in DEFAULT, f"{name}: {row.symbol} overrides nothing"
        assert row.role == "default"
        assert unit(row.unit) == unit(DEFAULT[row.symbol].unit), row.symbol
        assert row.source in sources(), row.source
        assert row.note.startswith("valid for "), f"{name}, {row.symbol}: no range of validity"
    assert check(build(), {**DEFAULT, **{row.symbol: row for row in found}}) == []


@pytest.mark.parametrize(("path", "function"), EVERY_FUNCTION)
def test_numbers_in_equations(path, function):
    found = [n.value for s in body(function) for n in ast.walk(s) if isinstance(n, ast.Constant)]
    assert all(type(value) is int and value in (0, 1, 2) for value in found), found


ALLOWED = (
    *(ast.Return, ast.Assign, ast.Name, ast.Load, ast.Store, ast.Constant, ast.Call, ast.BinOp),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UnaryOp, ast.USub),
)


def foreign(function, neighbours):
    """What an equation may not hold: anything but arithmetic and the few named functions."""
    nodes = [node for statement in body(function) for node in ast.walk(statement)]
    found = [type(node).__name__ for node in nodes if not isinstance(node, ALLOWED)]
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) not in neighbours | MATHS:
            found.append(f"call of {ast.unparse(node.func)}")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            power = getattr(node.right, "value", None)
            if type(power) is not int:
                found.append(f"power {ast.unparse(node.right)}")
    return found


@pytest.mark.parametrize(("path", "function"), EVERY_FUNCTION)
def test_equations_are_arithmetic(path, function):
    neighbours = {other.name for other in functions(path)}
    assert foreign(function, neighbours) == []
    spec = function.args
    assert not (spec.vararg or spec.kwarg or spec.defaults or spec.kw_defaults)
    assert not function.decorator_list


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("if x: return x", "If"),
        ("return x if x > 0 else y", "IfExp"),
        ("return max(x, y)", "call of max"),
        ("return abs(x)", "call of abs"),
        ("return jnp.where(x > 0, x, y)", "call of jnp.where"),
        ("return x ** y", "power y"),
        ("return [x, y]", "List"),
        ("return x.real", "Attribute"),
    ],
)
def test_the_search_for_foreign_things(text, kind):
    (planted,) = ast.parse(f"def f(x, y):\n    'doc'\n    {text}").body
    assert kind in foreign(planted, set())


@pytest.mark.parametrize("path", EQUATIONS, ids=lambda path: path.parent.name)
def test_equations_import_only_maths(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body[1:]:
        if isinstance(node, ast.FunctionDef):
            continue
        assert isinstance(node, ast.ImportFrom) and node.module == "ketaqsp.maths"
        assert {name.name for name in node.names} <= MATHS
        assert all(name.asname is None for name in node.names)


@pytest.mark.parametrize(("path", "function"), EVERY_FUNCTION)
def test_names_in_equations(path, function):
    names = {arg.arg for arg in function.args.args}
    names |= {node.id for s in body(function) for node in ast.walk(s) if isinstance(node, ast.Name)}
    clash = (names - MATHS - LOCAL) & (FORBIDDEN | set(dir(builtins)))
    assert not clash, f"reserved by Python, SymPy or SBML: {sorted(clash)}"


def test_names_of_states_and_signals():
    for model in models():
        names = {*model.states, *model.signals, *model.parameters, *model.inputs}
        assert not names & FORBIDDEN
        assert all(name.isidentifier() and name.isascii() for name in names)
        assert len(model.states) == len(set(model.states))
        assert not set(model.states) & set(model.signals)


GOOD = dict.fromkeys(COLUMNS, "") | {
    "symbol": "k",
    "meaning": "a rate",
    "value": "1.5",
    "unit": "1/h",
    "species": "human",
    "source": "simons2022",
    "confidence": "read",
    "role": "default",
}


def written(folder, *lines, columns=COLUMNS):
    path = folder / "parameters.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(lines)
    return path


def cells(**changed):
    return list((GOOD | changed).values())


def test_a_good_table(tmp_path):
    (row,) = read(written(tmp_path, cells(iiv_cv="0.3", prior_fold="2")), "plasma")
    assert (row.symbol, row.value, row.prior_fold, row.link) == ("k", 1.5, 2.0, "plasma")
    assert row.omega == pytest.approx(0.29356, abs=1e-5)  # sqrt(ln(1 + 0.09))


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"value": ""}, "value"),
        ({"value": "1,5"}, "value"),
        ({"value": "nan"}, "value"),
        ({"value": "inf"}, "value"),
        ({"iiv_cv": "-0.1"}, "iiv_cv"),
        ({"iiv_cv": "30%"}, "iiv_cv"),
        ({"iiv_omega": "x"}, "iiv_omega"),
        ({"iiv_cv": "0.2", "iiv_omega": "0.2"}, "iiv_cv"),
        ({"prior_fold": "0.5"}, "prior_fold"),
        ({"confidence": "certain"}, "confidence"),
        ({"role": "spare"}, "role"),
    ],
)
def test_a_bad_cell(tmp_path, changed, column):
    path = written(tmp_path, cells(), cells(symbol="j", **changed))
    with pytest.raises(BadInput) as told:
        read(path, "plasma")
    assert "plasma/parameters.csv, row 3" in str(told.value) and column in str(told.value)


@pytest.mark.parametrize("line", [cells()[:-1], [*cells(), "one more"]], ids=["short", "long"])
def test_a_line_of_the_wrong_length(tmp_path, line):
    with pytest.raises(BadInput, match="plasma/parameters.csv, row 2: 15 cells"):
        read(written(tmp_path, line), "plasma")


def test_a_symbol_given_twice(tmp_path):
    with pytest.raises(BadInput, match="plasma/parameters.csv, row 3: symbol 'k' is there twice"):
        read(written(tmp_path, cells(), cells(value="2")), "plasma")


def test_a_wrong_heading(tmp_path):
    with pytest.raises(BadInput, match="parameters.csv: columns are .*expected"):
        read(written(tmp_path, cells()[1:], columns=COLUMNS[1:]), "plasma")
