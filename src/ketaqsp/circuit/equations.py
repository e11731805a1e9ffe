"""Circuit: interneurons, pyramidal cells, glutamate, habenula. Relative to rest = 1; hours."""

from ketaqsp.maths import exp, power


def rate(tau):
    """1/tau, in 1/h: loss of a state that follows its drive with time constant tau."""
    return 1 / tau


def zero():
    """0: nothing before the first dose."""
    return 0


def one():
    """1: rest, by definition of the scale."""
    return 1


def adapting(block, s_H, tau_H):
    """s_H block/tau_H, in 1/h: cells get used to a block that stays (homeostatic adaptation)."""
    return s_H * block / tau_H


def unadapted(block, adapted, K_H, n_H):
    """block/(1 + (adapted/K_H)^n_H), a fraction: block as cells feel it.

    A block of hours is felt in full; one that stays is felt less and less. A gain and not a
    difference, so that there is no rebound when the drug leaves.
    """
    return block / (1 + power(adapted / K_H, n_H))


def interneuron(block, w, tau):
    """(1 - w block)/tau, in 1/h: drive of an interneuron falls with block of its receptors."""
    return (1 - w * block) / tau


def pyramidal(n_sst, n_pv, block, gaba, g_sst, g_pv, g_pyr, g_gaba, tau_E):
    """exp(g_sst (1 - n_sst) + g_pv (1 - n_pv) - g_pyr block - g_gaba gaba)/tau_E, in 1/h.

    Loss of inhibition raises activity, block of its own receptors and GABA-A gain lower it: the
    inverted U comes from the two blocks having different concentrations of half effect.
    """
    drive = g_sst * (1 - n_sst) + g_pv * (1 - n_pv) - g_pyr * block - g_gaba * gaba
    return exp(drive) / tau_E


def glutamate(activity, hnk, k_G, s6, opioid_block, s4, g_hnk, EC50_hnk, tau_G):
    """(activity^(k_G (1 - s6 opioid_block)) + s4 g_hnk hnk/(hnk + EC50_hnk))/tau_G, in 1/h.

    Opioid tone gates the surge upstream (switch s6); HNK may release glutamate directly (s4).
    """
    surge = power(activity, k_G * (1 - s6 * opioid_block))
    return (surge + s4 * g_hnk * hnk / (hnk + EC50_hnk)) / tau_G


def habenula(block, n_L, tau_L):
    """(1 - block)^n_L/tau_L, in 1/h: bursts need NMDA receptors, more than one at a time."""
    return power(1 - block, n_L) / tau_L


def both(first, second):
    """first + second, in umol/L."""
    return first + second
