"""Trial: arms of virtual patients, endpoints with intervals, and the published figures beside."""

import sys

from ketaqsp.trial.callable import TrialModule
from ketaqsp.trial.demo import DemoData, gather, summary
from ketaqsp.trial.identity import identity
from ketaqsp.trial.prior_predictive import prior_predictive
from ketaqsp.trial.published import published
from ketaqsp.trial.two_arm import Arm, Arms, two_arm

__all__ = [
    "Arm",
    "Arms",
    "DemoData",
    "gather",
    "identity",
    "prior_predictive",
    "published",
    "summary",
    "two_arm",
]

sys.modules[__name__].__class__ = TrialModule
