"""Expectancy: belief, visits and time. It acts on the read-out only and moves no state."""

from ketaqsp.expectancy.model import VERSIONS, belief, read_out

__all__ = ["VERSIONS", "belief", "read_out"]
