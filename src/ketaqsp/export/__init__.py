"""Export: the model written for other software, from the same functions that are solved here."""

from ketaqsp.export.sbml import to_sbml

__all__ = ["to_sbml"]
