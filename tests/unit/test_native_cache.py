"""Machine code between processes: used when whole and ours alone, else a warning and a compile."""

import os
import stat
import subprocess
import sys

import pytest

from ketaqsp.blocks import Turnover, use
from ketaqsp.chain import Model
from ketaqsp.solve.native import cache, compiler
from ketaqsp.solve.native.engine import Engine, wide

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes of folders are POSIX")


def decay(rate):
    return rate


def nothing():
    return 0


def one():
    return 1


SMALL = Model((), (), (Turnover("x", "1", "x", use(nothing), use(decay), use(one)),), (), ())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "cache"
    monkeypatch.setenv(cache.VARIABLE, str(place))
    return place


@pytest.fixture
def compilations(monkeypatch):
    """A list that grows with every compilation."""
    seen, compile_ = [], compiler.compiled

    def counted(text):
        seen.append(len(text))
        return compile_(text)

    monkeypatch.setattr(compiler, "compiled", counted)
    return seen


def test_second_process_does_not_compile(folder, compilations):
    for _ in range(3):
        Engine(SMALL)
    assert len(compilations) == 1
    assert len(list(folder.iterdir())) == 1
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None])
def test_damaged_file_is_compiled_again(folder, compilations, damage):
    Engine(SMALL)
    (file,) = folder.iterdir()
    kept = file.read_bytes()
    file.write_bytes(kept[:-1] if damage is None else damage)
    with pytest.warns(RuntimeWarning, match="damaged"):
        Engine(SMALL)
    assert len(compilations) == 2
    assert file.read_bytes() == kept


@POSIX
def test_folder_that_others_may_write_is_not_used(folder, compilations):
    Engine(SMALL)
    folder.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="chmod 700"):
        Engine(SMALL)
    assert len(compilations) == 2


def test_no_folder_can_be_made(tmp_path, monkeypatch, compilations):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.warns(RuntimeWarning, match="cannot be kept"):
        Engine(SMALL)
    assert len(compilations) == 1


def test_empty_variable_means_none(monkeypatch, compilations, recwarn):
    monkeypatch.setenv(cache.VARIABLE, "")
    Engine(SMALL)
    Engine(SMALL)
    assert len(compilations) == 2 and not recwarn.list


def test_code_is_for_this_machine_and_text(monkeypatch):
    first = cache.key(compiler.identity(), "text")
    assert first != cache.key(compiler.identity(), "texts")
    assert first != cache.key(compiler.identity() + "+avx", "text")


def test_numbers_of_a_run_are_no_part_of_the_program(folder, compilations):
    """Grid, doses, parameters and what is kept differ; the program is compiled once."""
    import ketaqsp as kq

    one_day = kq.infusion(mg_per_kg=0.5, minutes=40, days=[0])
    kq.simulate(one_day, kq.typical(), days=1)
    done = len(compilations)
    kq.simulate(kq.infusion(mg=20, minutes=11, days=[0, 2]), kq.cohort(n=9), days=3, every="5 h")
    kq.simulate(kq.nothing(), kq.typical(), days=2, wanted=("madrs",))
    kq.simulate(kq.bolus(mg=20, days=[0]), kq.typical(cut="feedback"), days=1, every="1 h")
    assert len(compilations) == done


def test_whole_vectors():
    assert [wide(n) for n in (1, 2, 8, 9)] == [1, 8, 8, 16]


def test_front_page_does_not_load_the_compiler():
    code = "import sys, ketaqsp; sys.exit('llvmlite' in sys.modules or 'numpy.f2py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_the_text_of_a_program_is_the_same_in_every_process():
    """Else what was compiled is not found again: sets of names differ in order from run to run."""
    code = (
        "import hashlib; from ketaqsp.dose import infusion;"
        "from ketaqsp.patient.simulate import model_for;"
        "from ketaqsp.solve.native import compiler;"
        "from ketaqsp.solve.native.program import program;"
        "model = model_for(infusion(mg_per_kg=0.5));"
        "texts = [program(model, compiler.host(), back).text for back in (False, True)];"
        "print(*(hashlib.sha256(text.encode()).hexdigest() for text in texts))"
    )
    found = set()
    for seed in ("1", "2", "3"):
        run = [sys.executable, "-c", code]
        more = {"env": {**os.environ, "PYTHONHASHSEED": seed}, "check": True, "text": True}
        found.add(subprocess.run(run, capture_output=True, **more).stdout)
    assert len(found) == 1
