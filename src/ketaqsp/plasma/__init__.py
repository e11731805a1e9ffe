"""Plasma: from doses to concentrations in arteries, veins and brain."""

from ketaqsp.plasma import inhibitors
from ketaqsp.plasma.companions import (
    LIGANDS,
    MIDAZOLAM_SITES,
    ligand,
    midazolam,
    occupancy,
    ssri,
)
from ketaqsp.plasma.model import KETAMINE, ketamine, readouts, sizes
from ketaqsp.plasma.uptake import FORMS, SITES

__all__ = [
    "FORMS",
    "KETAMINE",
    "LIGANDS",
    "MIDAZOLAM_SITES",
    "SITES",
    "inhibitors",
    "ketamine",
    "ligand",
    "midazolam",
    "occupancy",
    "readouts",
    "sizes",
    "ssri",
]
