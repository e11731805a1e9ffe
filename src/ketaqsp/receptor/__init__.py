"""Receptor: trapping block of NMDA channels on five pools of cells."""

from ketaqsp.receptor.model import KETAMINE_LIGANDS, POOLS, pool, receptors

__all__ = ["KETAMINE_LIGANDS", "POOLS", "pool", "receptors"]
