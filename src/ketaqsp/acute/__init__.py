"""Acute: what is felt and measured in the hours after a dose. It reads plasma and moves no mood."""

from ketaqsp.acute.model import effect_sites, readouts

__all__ = ["effect_sites", "readouts"]
