"""A protocol file: read with the place of every value, checked, turned into dataclasses."""

from ketaqsp.protocol.read import read
from ketaqsp.protocol.schema import Arm, Endpoint, Phase, Policy, Protocol, Treatment

__all__ = ["Arm", "Endpoint", "Phase", "Policy", "Protocol", "Treatment", "read"]
