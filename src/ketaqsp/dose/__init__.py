"""Dose: what drug, how much, by which route, when.

A regimen is plain data. ``ketaqsp.dose.schedule`` turns it into rates and amounts per patient;
``ketaqsp.dose.event_table`` reads and writes it as a NONMEM table.
"""

from ketaqsp.dose.regimen import Dose, Regimen, bolus, infusion, nothing, oral

__all__ = ["Dose", "Regimen", "bolus", "infusion", "nothing", "oral"]
