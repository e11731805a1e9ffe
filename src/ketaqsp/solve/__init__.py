"""Solve: the time grid, the exact linear part, the implicit sweep, the run."""

from ketaqsp.solve.plain import observe
from ketaqsp.solve.run import STATUS, Intervention, Result, run

__all__ = ["STATUS", "Intervention", "Result", "observe", "run"]
