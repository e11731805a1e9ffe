"""Plasma: from doses to concentrations in arteries, veins and brain."""

from ketaqsp.plasma.companions import LIGANDS, ligand, midazolam, occupancy, ssri
from ketaqsp.plasma.model import FORMS, KETAMINE, ketamine, readouts, sizes

__all__ = [
    "FORMS",
    "KETAMINE",
    "LIGANDS",
    "ketamine",
    "ligand",
    "midazolam",
    "occupancy",
    "readouts",
    "sizes",
    "ssri",
]
