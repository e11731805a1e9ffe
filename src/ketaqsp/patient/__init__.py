"""Patient: virtual people drawn from the tables, and what a regimen does to them."""

from ketaqsp.patient.cohort import PRESETS, Cohort, cohort, typical
from ketaqsp.patient.prior import draws
from ketaqsp.patient.simulate import simulate

__all__ = ["PRESETS", "Cohort", "cohort", "draws", "simulate", "typical"]
