"""Synapse: from the glutamate surge to AMPA throughput, BDNF, and spines."""

from ketaqsp.synapse.model import relative, synapse

__all__ = ["relative", "synapse"]
