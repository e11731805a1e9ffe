"""A command of ketaqsp as a process that can be stopped."""

import signal
import subprocess
import sys
import time


def start(*arguments, cwd, **more):
    """The command as a process that is still running."""
    command = [sys.executable, "-m", "ketaqsp", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # A background shell hands down SIGINT as ignored; a user's terminal does not.
    more.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    return subprocess.Popen(command, cwd=cwd, encoding="utf-8", **pipes, **more)


def wait_for(path, process, seconds=60):
    """Wait until the path is there."""
    until = time.monotonic() + seconds
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, f"{path} did not come"
        time.sleep(0.02)
