"""Circuit: disinhibition, the inverted U of glutamate, habenular bursting."""

from ketaqsp.circuit.model import circuit

__all__ = ["circuit"]
