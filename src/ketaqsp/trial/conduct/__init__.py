"""How a trial is conducted: who takes part, what is given and seen when, and every decision."""

from ketaqsp.trial.conduct.run import Conduct, Part, conduct

__all__ = ["Conduct", "Part", "conduct"]
