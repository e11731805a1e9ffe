"""Expectancy: what belief, visits and time do to the read-out of symptoms. Hours; shares."""

from ketaqsp.maths import exp


def conviction(before, now, elapsed, tau_belief):
    """now + (before - now) exp(-elapsed/tau_belief): belief that an active drug was given."""
    return now + (before - now) * exp(-elapsed / tau_belief)


def occasion(since, tau_visit):
    """exp(-since/tau_visit): the lift of a treatment session, `since` hours after its start."""
    return exp(-since / tau_visit)


def course(elapsed, tau_slow):
    """1 - exp(-elapsed/tau_slow): what time in a trial does."""
    return 1 - exp(-elapsed / tau_slow)


def quick(version, B_belief, conviction, B_visit, occasion):
    """version B_belief conviction + B_visit occasion: the part that comes within hours.

    version scales the effect of belief: 0 none, 1 as in control arms, 2 twice.
    """
    return version * B_belief * conviction + B_visit * occasion


def slow(B_time, B_new, new, course):
    """(B_time + B_new new) course; new is 1 where a new oral antidepressant was begun."""
    return (B_time + B_new * new) * course


def left(responsiveness, trial_quick, quick, trial_slow, slow):
    """exp(-responsiveness (trial_quick quick + trial_slow slow)): share of symptoms left, 1 - e.

    On the read-out only: MADRS = M0 (1 - d) (1 - e), with d the share that the drug took away.
    """
    return exp(-responsiveness * (trial_quick * quick + trial_slow * slow))
