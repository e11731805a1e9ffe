"""Standard output and error that are closed, or lack letters: no command fails on that."""

import json
import os
import subprocess
import sys

import pytest

import ketaqsp

RUN = ("simulate", "--drug", "saline", "--typical", "--until", "2 h")


def ran(*arguments, cwd, redirected="", code="utf-8"):
    """A command run by a shell; its stdout is bytes."""
    command = f'exec "$0" -m ketaqsp "$@" {redirected}'
    env = {**os.environ, "PYTHONIOENCODING": code}
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *arguments],
        capture_output=True,
        cwd=cwd,
        env=env,
        timeout=120,
    )


@pytest.mark.parametrize("redirected", [">&-", "2>&-", ">&- 2>&-"])
def test_closed(redirected, tmp_path):
    done = ran(*RUN, "--out", "run.csv", cwd=tmp_path, redirected=redirected)
    assert done.returncode == 0, done.stderr
    assert b"fault" not in done.stderr
    assert ketaqsp.open(tmp_path / "run.csv").sizes["time"] == 3
    refused = ran("simulate", "--dose", "5 kg", cwd=tmp_path, redirected=redirected)
    assert refused.returncode == 2


def test_letters_that_are_not_there(tmp_path):
    """As under Windows, where a file has another encoding than the terminal."""
    done = ran(*RUN, "--out", "ä.csv", cwd=tmp_path, code="ascii")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode("ascii").splitlines()
    assert any(line and not line.strip("-") for line in lines)  # the rule under the headings
    more = ("--json", "--out", "ö.csv")
    done = ran(*RUN, *more, cwd=tmp_path, code="ascii")
    assert json.loads(done.stdout.decode("ascii"))["out"] == "ö.csv"


def test_a_name_that_is_not_utf_8(tmp_path):
    name = os.fsdecode(b"\xff.csv")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.xfail("this file system takes names in UTF-8 alone")
    done = ran(*RUN, "--out", name, "--overwrite", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Written: \xff.csv" in done.stdout
    told = json.loads((tmp_path / f"{name}.run.json").read_text(encoding="utf-8"))
    assert name in told["command"]
    done = ran(*RUN, "--out", name, "--overwrite", "--json", cwd=tmp_path)
    assert json.loads(done.stdout.decode("utf-8"))["out"] == name
