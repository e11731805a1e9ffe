"""The front page runs as printed, and what it points at exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MADRS_MAX = 60  # ten items of 0 to 6 points


def test_length():
    assert len(README.splitlines()) < 100


def test_program_runs_as_printed(capsys):
    programs = re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    assert len(programs) == 1
    assert len(programs[0].splitlines()) < 10
    names = {}
    exec(compile(programs[0], "README.md", "exec"), names)
    madrs = names["out"]["madrs"]
    assert madrs.sizes["patient"] == 200
    assert bool(madrs.notnull().all())
    assert 0 <= float(madrs.min()) and float(madrs.max()) <= MADRS_MAX
    assert "madrs" in capsys.readouterr().out


def test_commands_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"demo", "test"} <= commands
    missing = [name for name in commands if not re.search(rf"^{name}:", makefile, re.MULTILINE)]
    assert not missing, f"README names targets that the Makefile lacks: {missing}"


def test_links_and_figures_exist():
    targets = re.findall(r"\]\(([^)#\s]+)", README) + re.findall(r'src="([^"]+)"', README)
    local = [target for target in targets if "://" not in target]
    assert local
    missing = [target for target in local if not (ROOT / target).exists()]
    assert not missing, f"README points at what is not there: {missing}"
