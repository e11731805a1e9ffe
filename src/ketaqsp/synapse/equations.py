"""Synapse: AMPA throughput, translation, BDNF and TrkB, spines. Relative to rest = 1; hours."""

from ketaqsp.maths import exp, power


def rate(tau):
    """1/tau, in 1/h."""
    return 1 / tau


def one():
    """1: rest, by definition of the scale."""
    return 1


def zero():
    """0: nothing before the first dose."""
    return 0


def phasic(glutamate, ampa_block, sensitivity):
    """1 + (glutamate^sensitivity - 1)(1 - ampa_block): what the surge does through AMPA receptors.

    Block of AMPA receptors keeps the surge from acting; what goes on at rest goes on.
    """
    return 1 + (power(glutamate, sensitivity) - 1) * (1 - ampa_block)


def eef2(block, k_K, tau_K):
    """exp(k_K block)/tau_K, in 1/h: block at rest quietens eEF2 kinase, eEF2 becomes active."""
    return exp(k_K * block) / tau_K


def surface_ampa(surge, n_A, top_A, eef2, s2, trkb, k_TA, tau_A):
    """top x/(top - 1 + x) (1 + s2 (eef2 - 1)) trkb^k_TA / tau_A with x = surge^n_A, in 1/h.

    Equal to 1/tau_A at rest. Insertion is fast because it is large for as long as the surge
    lasts; removal takes tau_A.
    """
    x = power(surge, n_A)
    return top_A * x / (top_A - 1 + x) * (1 + s2 * (eef2 - 1)) * power(trkb, k_TA) / tau_A


def throughput(surface, glutamate, ampa_block):
    """surface glutamate (1 - ampa_block): current through AMPA receptors."""
    return surface * glutamate * (1 - ampa_block)


def bdnf(surge, n_D, top_D, eef2, s2, tau_D):
    """top x/(top - 1 + x) (1 + s2 (eef2 - 1))/tau_D with x = surge^n_D, in 1/h."""
    x = power(surge, n_D)
    return top_D * x / (top_D - 1 + x) * (1 + s2 * (eef2 - 1)) / tau_D


def serotonergic(occupancy, k_R, tau_R):
    """k_R occupancy/tau_R, in 1/h: a gain that builds while transporters are occupied."""
    return k_R * occupancy / tau_R


def relay(x, tau_R):
    """x/tau_R, in 1/h: second stage of the same delay."""
    return x / tau_R


def trkb(bdnf, quick, slow, trkb_block, tau_T):
    """bdnf (1 + quick + slow)(1 - trkb_block)/tau_T, in 1/h: one node, two kinds of drug."""
    return bdnf * (1 + quick + slow) * (1 - trkb_block) / tau_T


def mtorc1(trkb, n_M, mtorc1_block, tau_M):
    """trkb^n_M (1 - mtorc1_block)/tau_M, in 1/h."""
    return power(trkb, n_M) * (1 - mtorc1_block) / tau_M


def protein(mtorc1, n_P, top_P, tau_P):
    """top x/(top - 1 + x)/tau_P with x = mtorc1^n_P, in 1/h: synaptic protein made."""
    x = power(mtorc1, n_P)
    return top_P * x / (top_P - 1 + x) / tau_P


def held(activity, s7, protein, tau_C):
    """(1 + s7 (protein - 1) activity)/tau_C, in 1/h: late transcription holds what was made."""
    return (1 + s7 * (protein - 1) * activity) / tau_C


def delayed(x, delay_S):
    """(2 + 2) x/delay_S, in 1/h: one of four stages of a delay with this mean."""
    return (2 + 2) * x / delay_S


def delay_rate(delay_S):
    """(2 + 2)/delay_S, in 1/h."""
    return (2 + 2) / delay_S


def spine_formation(material, hold, q_S, spine_erasure, load_0, tau_S):
    """(1 + ((material hold)^q_S - 1)(1 - spine_erasure)) (1 + exp(load_0))/tau_S, in 1/h.

    A healthy, unstressed brain has 1. Erasure (light on marked spines) takes away what is formed
    beyond rest and nothing else.
    """
    beyond_rest = (power(material * hold, q_S) - 1) * (1 - spine_erasure)
    return (1 + beyond_rest) * (1 + exp(load_0)) / tau_S


def spine_loss(load, kappa, stress, m_Z, tau_S):
    """(1 + exp(load) + kappa stress^m_Z)/tau_S, in 1/h: outer load, and mood's own stress.

    Both are positive, so loss is positive whatever the patient's load.
    """
    return (1 + exp(load) + kappa * power(stress, m_Z)) / tau_S


def spines_at_rest(load, load_0, kappa, D_ill, m_Z):
    """(1 + exp(load_0))/(1 + exp(load) + kappa D_ill^m_Z): spines of the patient before a dose."""
    return (1 + exp(load_0)) / (1 + exp(load) + kappa * power(D_ill, m_Z))


def ratio(x, reference):
    """x/reference: relative to the patient's own value before any dose."""
    return x / reference
