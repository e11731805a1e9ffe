"""The command line. `main` returns the exit status; nothing heavy is loaded before a command runs.

0 done; 1 a fault of our own (one line and the path of a log); 2 bad input; 3 some patients failed,
results written; 4 the machine; 130 interrupted. A failure is one message on standard error.
"""

import errno
import sys

from ketaqsp.errors import KetaqspError, MachineError

INTERRUPTED = 130
OWN_FAULT = 1
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE)


def main(argv=None):
    """Run the command in `argv` (default: that of the process). Returns the exit status."""
    try:
        from typer import Abort, TyperException

        from ketaqsp.cli.app import app
        from ketaqsp.cli.output import prepare

        prepare()
    except KeyboardInterrupt:
        return _say("interrupted.", INTERRUPTED)
    try:
        status = app(args=argv, prog_name="ketaqsp", standalone_mode=False)
        sys.stdout.flush()
        return status or 0
    except TyperException as problem:
        from ketaqsp.cli.usage import explain

        return _say(explain(problem), 2)
    except KetaqspError as problem:
        if problem.exit_status == OWN_FAULT:
            return _own_fault(problem)
        return _say(problem, problem.exit_status)
    except (KeyboardInterrupt, Abort):
        return _say("interrupted.", INTERRUPTED)
    except MemoryError:
        return _say(
            "out of memory. Use fewer --patients or a longer --every.", MachineError.exit_status
        )
    except SystemExit as end:  # the reader of standard output went away
        return end.code if isinstance(end.code, int) else OWN_FAULT
    except BrokenPipeError:  # likewise, while the help was printed
        from ketaqsp.cli.output import forget_stdout

        forget_stdout()
        return 0
    except OSError as problem:
        if problem.errno in MACHINE:
            return _say(f"the machine refused: {problem}.", MachineError.exit_status)
        return _own_fault(problem)
    except Exception as problem:
        return _own_fault(problem)


def _say(message, status):
    print(f"ketaqsp: {message}", file=sys.stderr)
    return status


def _own_fault(problem):
    """One line for the user, the traceback in a log."""
    from ketaqsp.cli.crash import write_log

    kind = type(problem).__name__
    first = str(problem).partition("\n")[0]
    where = write_log(problem)
    return _say(f"a fault of ours ({kind}: {first}). Please report it with {where}", OWN_FAULT)
