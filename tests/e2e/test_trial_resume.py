"""`ketaqsp trial` stopped from outside, by the process itself: a kill, Ctrl-C."""

import signal

import pytest

import ketaqsp
from ketaqsp.cli import main
from ketaqsp.patient.long_table import NOT_RUN
from processes import start, wait_for

TEXT = """
name: long
masking: active
arms:
  - name: ketamine
    n: 2048
    treatments:
      - {drug: ketamine, route: iv, dose: 0.5 mg/kg, duration: 40 min, days: [0]}
visits: [0 h, 4 h]
replicates: 8
seed: 3
"""
TRIAL = ("trial", "long.yaml", "--out", "out")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "long.yaml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_trial_is_finished(folder, capsys, blow):
    """Then the folder has the bytes of a trial left alone, but for run.json."""
    process = start(*TRIAL, "--json", cwd=folder)
    wait_for(folder / "out.partial/pieces/phase1-arms1-replicates1-2.done", process)
    process.send_signal(blow)
    out, err = process.communicate(timeout=60)
    assert out == "" and process.returncode == (130 if blow == signal.SIGINT else -9)
    if blow == signal.SIGINT:
        assert err.splitlines()[-1].startswith("ketaqsp: interrupted; out.partial holds")
        assert "--resume" in err and "Traceback" not in err
    status = ketaqsp.open(folder / "out.partial")["status"].values
    assert 0 < (status != NOT_RUN).sum() < len(status) == 8 * 2048
    assert main([*TRIAL]) == 2
    assert main([*TRIAL, "--seed", "4", "--resume"]) == 2
    said, err = capsys.readouterr()
    assert said == "" and "--resume to finish it" in err and "begun with seed 3, not 4" in err
    if blow == signal.SIGKILL:  # once is enough: what is there is alike
        finish_and_compare(folder)


def finish_and_compare(folder):
    assert main([*TRIAL, "--resume", "--json"]) == 0
    assert not (folder / "out.partial").exists()
    assert main(["trial", "long.yaml", "--out", "whole", "--json"]) == 0
    one, two = (
        {p.relative_to(top): p.read_bytes() for p in top.rglob("*") if p.is_file()}
        for top in (folder / "out", folder / "whole")
    )
    assert [str(p) for p in {*one, *two} if one.get(p) != two.get(p)] == ["run.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--resume",), "--resume has no effect without --out"),
        (("--resume", "--overwrite", "--out", "out"), "exclude each other"),
        (("--resume", "--out", "out"), "there is no unfinished trial 'out.partial'"),
    ],
)
def test_resume_asks_for_something_to_finish(folder, capsys, arguments, said):
    assert main(["trial", "long.yaml", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err
    assert [p.name for p in folder.iterdir()] == ["long.yaml"]
