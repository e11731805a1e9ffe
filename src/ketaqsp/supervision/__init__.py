"""Supervision: rules of labels and consensus papers, run over a virtual clinic."""

from ketaqsp.supervision.report import Supervision, supervise
from ketaqsp.supervision.rules import Rule, rules
from ketaqsp.supervision.sessions import clinic_times

__all__ = ["Rule", "Supervision", "clinic_times", "rules", "supervise"]
