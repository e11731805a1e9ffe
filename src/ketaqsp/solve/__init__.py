"""Solve: the time grid, the exact linear part, the implicit sweep, the run."""

from ketaqsp.solve.run import STATUS, Intervention, Result, observe, run

__all__ = ["STATUS", "Intervention", "Result", "observe", "run"]
