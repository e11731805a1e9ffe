"""The repository stands alone: no path of one machine, nothing heavy at import, no idle test."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MACHINE_PATH = re.compile(rb"(?<![\w.])/(work\b|(tmp|root|home)/)")
LAZY = ("jax", "xarray", "pandas", "scipy", "matplotlib", "pydantic", "pint", "sympy")
THIS_FILE = Path(__file__).resolve()  # it has to name what it looks for


def tracked_files():
    """Paths that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def machine_paths(content):
    """Lines, numbered from 1, that name a path of one machine; none in a binary file."""
    if b"\0" in content:
        return []
    lines = content.splitlines()
    return [number for number, line in enumerate(lines, 1) if MACHINE_PATH.search(line)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"open('/tmp/x.csv')", True),
        (b"cd /work", True),
        (b"PATH=/root/bin", True),
        (b"https://example.org/work/2", False),
        (b"the /workers option", False),
        (b"a/tmp/b and ./tmp/b", False),
    ],
)
def test_the_search_for_machine_paths(line, found):
    assert bool(machine_paths(line)) is found


def test_no_machine_paths():
    files = tracked_files()
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        if path != THIS_FILE
        for number in machine_paths(path.read_bytes())
    ]
    assert not found, f"paths of one machine: {found}"


def test_locks_name_no_index():
    locks = sorted(path.name for path in ROOT.glob("requirements*.lock"))
    assert "requirements.lock" in locks
    for lock in locks:
        lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
        assert any("--hash=sha256:" in line for line in lines)
        addresses = [line for line in lines if "://" in line or "index-url" in line]
        assert not addresses, f"{lock}: {addresses}"


def test_import_is_light():
    program = f"import sys, ketaqsp; print(*[m for m in {LAZY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [], "`import ketaqsp` loads these; import them where needed"


def test_every_data_file_is_packaged():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    left_out = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path.is_relative_to(ROOT / "src")
        and path.suffix != ".py"
        and not any(path.match(pattern) for pattern in patterns)
    ]
    assert not left_out, f"add their suffix to [tool.setuptools.package-data]: {left_out}"


def test_make_test_reaches_every_test():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\btests/\w+", makefile))
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")}
    unreached = {folder.as_posix() for folder in folders if "/".join(folder.parts[:2]) not in named}
    assert not unreached, f"tests that `make test` does not run: {unreached}"
