"""The chain: links wired in the order of the biology, their cuts, and the state at rest."""

from ketaqsp.chain.cuts import CUTS, SCENARIOS, overrides
from ketaqsp.chain.model import Linear, Model, build, check_order, drugs_beside_ketamine

__all__ = [
    "CUTS",
    "SCENARIOS",
    "Linear",
    "Model",
    "build",
    "check_order",
    "drugs_beside_ketamine",
    "overrides",
]
