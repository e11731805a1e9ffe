"""The demonstration run once, as a process, for every test that looks at what it left."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

PATIENTS = 24
LIMIT_S = 300  # a machine with other work on it may need a few times what a free one does


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """folder, and what the process of `ketaqsp demo` printed (out, err, status)."""
    folder = tmp_path_factory.mktemp("demo") / "demonstration"
    command = [sys.executable, "-m", "ketaqsp", "demo", "--patients", str(PATIENTS)]
    run = subprocess.run(
        [*command, "--out", str(folder)],
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    return SimpleNamespace(folder=folder, out=run.stdout, err=run.stderr, status=run.returncode)
