"""The pages are about this code: programs run, names exist, no row of a table is left out."""

import contextlib
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import ketaqsp
from ketaqsp.chain import CUTS, SCENARIOS
from ketaqsp.parameters import rows
from ketaqsp.parameters.table import LINKS, links, published_names
from ketaqsp.patient.populations import PRESETS
from ketaqsp.receptor import POOLS
from tolerances import PRINTED_RANGE, ROUNDING

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PROGRAMS = [DOCS / "start.md", *sorted((DOCS / "howto").glob("*.md"))]
HEADINGS = ("What happens", "Switches and cuts", "What would change our mind")
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# Names in the text that are arguments, files or columns, and not names of the model.
ORDINARY = {"x", "held"}  # held: a key of the JSON


@pytest.fixture
def extension(monkeypatch):
    """The Sphinx extension's modules on the path."""
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))


def text_of(path):
    return path.read_text(encoding="utf-8")


def model_names():
    """Every row, state, signal and input of the chain with all companions."""
    from ketaqsp.chain import everything

    found = {row.symbol for row in rows()}
    for exit in ("slow", "split"):
        model = everything(exit)
        found |= {*model.states, *model.signals, *(f"input_{name}" for name in model.inputs)}
    return found


@pytest.mark.parametrize("link", LINKS)
def test_every_link_has_a_page(link):
    text = text_of(DOCS / "links" / f"{link}.md")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [h for h in HEADINGS if h not in headings] == []
    for word in ("**Known", "**Assumed", "**Left out"):
        assert word in text, f"{link}: nothing is said to be {word.strip('*').lower()}"
    if link in links():
        assert "{parameters} " + link in text and "{cuts} " + link in text
    assert f"links/{link}" in text_of(DOCS / "index.md")


def run_python(code, names, page):
    """Run a block and return what it printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, page.name, "exec"), names)
    return said.getvalue()


def run_shell(lines):
    """Run the lines that start with ketaqsp; of `make` only the target is looked up."""
    targets = re.findall(r"^(\w+):", text_of(ROOT / "Makefile"), re.MULTILINE)
    said = ""
    for line in lines.splitlines():
        command, *rest = shlex.split(line, comments=True)
        assert command in ("ketaqsp", "make"), f"{line!r}: nothing else is run here"
        if command == "make":
            assert set(rest) <= set(targets), line
            continue
        run = subprocess.run(
            [sys.executable, "-m", "ketaqsp", *rest], capture_output=True, encoding="utf-8"
        )
        assert run.returncode == 0, f"{line}\n{run.stderr}"
        said += run.stdout
    return said


@pytest.mark.parametrize("page", PROGRAMS, ids=lambda page: page.stem)
def test_programs_run_as_printed(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for indent, language, code in FENCE.findall(text_of(page)):
        if language == "python":
            said = run_python(re.sub(f"^{indent}", "", code, flags=re.MULTILINE), names, page)
        elif language == "sh":
            said = run_shell(code)
        else:
            raise AssertionError(f"{page.name}: a block of {language!r} is not run by this test")
        assert not re.search(r"\bnan\b", said), f"{page.name} prints a missing number:\n{said}"


def test_every_howto_has_a_program_or_is_the_index():
    assert [p.stem for p in PROGRAMS if not FENCE.search(text_of(p))] == ["index"]


def test_decisions_are_listed():
    folder = DOCS / "decisions"
    listing = text_of(folder / "README.md")
    files = {path.name: text_of(path) for path in folder.glob("0*.md")}
    assert files
    numbers = [name[:4] for name in files]
    assert len(set(numbers)) == len(numbers), "two decisions have one number"
    for name, text in files.items():
        number, title = re.match(r"# (\d{4}) (.+)", text).groups()
        assert name.startswith(number)
        entry = rf"^- (\[{number}\]\({re.escape(name)}\)|{number}) {re.escape(title)}$"
        assert re.search(entry, listing, re.MULTILINE), f"{name} is not listed by its title"
    assert set(re.findall(r"\]\((0[^)]+)\)", listing)) <= set(files)


@pytest.mark.parametrize("link", links())
def test_tables_hold_every_symbol(link, extension):
    import ketaqsp_tables

    _, table, *_ = ketaqsp_tables.parameters(link)
    symbols = [node.astext() for node in table.findall(lambda n: n.tagname == "literal")]
    assert symbols == [row.symbol for row in rows(link)]
    cited = {row.source for row in rows(link)}
    said = "\n".join(node.astext() for node in ketaqsp_tables.parameters(link)[2:])
    assert [key for key in cited if f"{key}: " not in said] == []


def test_ranges_are_those_of_the_draws(extension):
    import ketaqsp_tables

    from ketaqsp.patient import draws

    table = {row.symbol: row for row in rows() if row.role == "default"}
    drawn = draws(2000, seed=3)
    assert drawn
    for symbol, values in drawn.items():
        said = ketaqsp_tables.prior(table[symbol]).replace("−", "-")
        low, high = map(float, said.split(" to "))
        inside = ((values >= low) & (values <= high)).mean()
        assert inside == pytest.approx(0.95, abs=PRINTED_RANGE), symbol
    fixed = [row for row in table.values() if ketaqsp_tables.prior(row) == "fixed"]
    assert not drawn.keys() & {row.symbol for row in fixed}


def test_equations_hold_every_name(extension):
    import ketaqsp_equations

    found = set()
    for link in ("plasma", "receptor", "circuit", "synapse", "mood", "acute", "patient"):
        for group in ketaqsp_equations.groups(link):
            for entry in group.entries:
                found |= set(
                    re.findall(r"\w+", " ".join(re.findall('alttext="(.*?)"', str(entry))))
                )
    model = ketaqsp_equations.model()
    wanted = {*model.parameters, *model.states, *model.signals}
    assert sorted(wanted - found) == []


def test_equations_are_the_functions_of_the_solver(extension):
    """One equation by hand: the sum of what is printed is what the block computes."""
    import ketaqsp_equations
    from sympy import sympify

    block = next(b for b in ketaqsp_equations.model().sweep if b.name == "spine_density_absolute")
    names = sorted({*block.production.names, *block.loss.names, block.name})
    values = {name: 0.3 + 0.1 * i for i, name in enumerate(names)}
    (printed, _start) = ketaqsp_equations._moving(block)
    terms = " ".join(re.findall('alttext="(.*?)"', printed)[1:]).replace("−", "-")
    terms = terms.replace("power(", "Pow(")
    seen = float(sympify(terms).subs(values))
    direct = block.production(values) - block.loss(values) * values[block.name]
    assert seen == pytest.approx(direct, rel=ROUNDING)


def test_every_switch_is_on_a_page(extension):
    import ketaqsp_tables

    said = " ".join(node.astext() for link in LINKS for node in ketaqsp_tables.cuts(link))
    for kind, known in (("cut", CUTS), ("scenario", SCENARIOS)):
        assert [name for name in known if f'{kind}="{name}"' not in said] == []


def test_every_published_model_is_on_the_page_of_plasma(extension):
    import ketaqsp_link

    said = " ".join(node.astext() for node in ketaqsp_link.plasma_models())
    assert published_names()
    assert [name for name in published_names() if name not in said] == []


def known(name, names):
    """Whether a name in the text is one of the model, the interface or a set of them (`x_...`)."""
    if name.endswith("..."):
        return any(n.startswith(name.rstrip(".")) for n in names)
    return name in names or any(n.startswith(f"{name}_") for n in names)


@pytest.mark.parametrize(
    "page", [*sorted((DOCS / "links").glob("*.md")), DOCS / "reference" / "names.md"]
)
def test_names_in_the_text_exist(page):
    names = model_names() | set(CUTS) | set(SCENARIOS) | set(ketaqsp.__all__) | ORDINARY
    names |= {*PRESETS, *inspect.signature(ketaqsp.simulate).parameters}
    names |= {"trd", "bistable", "rejected", "simulate", *published_names(), *POOLS}
    text = FENCE.sub("", text_of(page))
    words = [w for w in CODE.findall(text) if re.fullmatch(r"[A-Za-z]\w*(\.\.\.)?", w)]
    if page.stem == "names":
        words = [w for w in words if not w.startswith("x_")]
    assert [w for w in words if not known(w, names)] == []


def test_contributing_fits_on_a_page():
    text = text_of(ROOT / "CONTRIBUTING.md")
    assert len(text.splitlines()) < 70
    targets = re.findall(r"^(\w+):", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert set(re.findall(r"\bmake (\w+)", text)) <= set(targets)
    paths = [p for p in re.findall(r"`((?:src|tests|docs)/[\w./-]+)`", text) if "<" not in p]
    assert [p for p in paths if not os.path.exists(ROOT / p)] == []
