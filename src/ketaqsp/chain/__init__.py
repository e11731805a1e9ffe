"""The chain: links wired in the order of the biology, their cuts, and the state at rest."""

from ketaqsp.chain.cuts import CUTS, SCENARIOS, overrides
from ketaqsp.chain.model import (
    PLACES,
    Linear,
    Model,
    build,
    check_order,
    drugs_beside_ketamine,
    everything,
)

__all__ = [
    "CUTS",
    "PLACES",
    "SCENARIOS",
    "Linear",
    "Model",
    "build",
    "check_order",
    "drugs_beside_ketamine",
    "everything",
    "overrides",
]
