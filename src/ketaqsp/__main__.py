"""`python -m ketaqsp` is the command `ketaqsp`."""

import sys

from ketaqsp.cli import main

if __name__ == "__main__":
    sys.exit(main())
