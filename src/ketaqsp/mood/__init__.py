"""Mood: a landscape that synapses, habenula and stress act on, read out as rating scales."""

from ketaqsp.mood.model import BACKWARD, SCALES, mood, scales

__all__ = ["BACKWARD", "SCALES", "mood", "scales"]
