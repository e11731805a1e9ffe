"""Synapse: AMPA throughput, translation, BDNF and TrkB, spines. Relative to rest = 1; hours."""

from ketaqsp.maths import exp, hill, log, power, softplus


def rate(tau):
    """1/tau, in 1/h."""
    return 1 / tau


def one():
    """1: rest, by definition of the scale."""
    return 1


def zero():
    """0: nothing before the first dose."""
    return 0


def threshold(glutamate, n_theta, s_theta, tau_theta):
    """((1 + G^n)/2)^(s/n)/tau, in 1/h: the level that plasticity measures a rise against.

    It follows glutamate upwards and, with a large n, not below rest, so that a fall of glutamate
    is not followed by a rise. s_theta 0 keeps it at rest (Bienenstock 1982: a sliding threshold).
    Written with logarithms, so that a large n cannot overflow.
    """
    above = softplus(n_theta * log(glutamate)) - softplus(0)
    return exp(s_theta * above / n_theta) / tau_theta


def counted(glutamate, threshold, K_surge, gamma_surge):
    """h(G/threshold) - h(1) with h(x) = hill(x, 1 + K, gamma): a rise over the recent past."""
    return hill(glutamate / threshold, 1 + K_surge, gamma_surge) - hill(1, 1 + K_surge, gamma_surge)


def phasic(rise, ampa_block, sensitivity):
    """exp(sensitivity rise (1 - ampa_block)): what a rise does through AMPA receptors.

    Their block keeps it from acting; what goes on at rest goes on.
    """
    return exp(sensitivity * rise * (1 - ampa_block))


def eef2(block, k_K, tau_K):
    """exp(k_K block)/tau_K, in 1/h: block at rest quietens eEF2 kinase, eEF2 becomes active."""
    return exp(k_K * block) / tau_K


def surface_ampa(surge, n_A, top_A, eef2, s2, trkb, k_TA, tau_A):
    """top x/(top - 1 + x)/tau_A, x = surge^n_A (1 + s2 (eef2 - 1)) trkb^k_TA, in 1/h.

    1/tau_A at rest, top/tau_A at most. Insertion is fast because it is large for as long as the
    surge lasts; removal takes tau_A.
    """
    x = power(surge, n_A) * (1 + s2 * (eef2 - 1)) * power(trkb, k_TA)
    return top_A * x / (top_A - 1 + x) / tau_A


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


def protein(mtorc1, EC50_P, n_P, top_P, tau_P):
    """exp(ln(top)(h(M) - h(1))/(1 - h(1)))/tau_P, h = hill(M, EC50, n), in 1/h: protein made.

    1/tau_P at rest and top/tau_P at most; little is made until mTORC1 is well above rest.
    """
    rest = hill(1, EC50_P, n_P)
    return exp(log(top_P) * (hill(mtorc1, EC50_P, n_P) - rest) / (1 - rest)) / tau_P


def held(activity, s7, protein, tau_C):
    """(1 + s7 (protein - 1) activity)/tau_C, in 1/h: late transcription holds what was made."""
    return (1 + s7 * (protein - 1) * activity) / tau_C


def delayed(x, delay_S):
    """(2 + 2) x/delay_S, in 1/h: one of four stages of a delay with this mean."""
    return (2 + 2) * x / delay_S


def delay_rate(delay_S):
    """(2 + 2)/delay_S, in 1/h."""
    return (2 + 2) / delay_S


def spine_formation(material, hold, q_S, spine_erasure, load_0, S_max, tau_S):
    """(1 + ((material hold)^q_S - 1)(1 - erasure)) (1 + exp(load_0)) S_max/(S_max - 1)/tau_S, 1/h.

    Rate at which free places take a spine; a healthy, unstressed brain has 1. Erasure (light on
    marked spines) takes away what is formed beyond rest and nothing else.
    """
    beyond_rest = (power(material * hold, q_S) - 1) * (1 - spine_erasure)
    return (1 + beyond_rest) * (1 + exp(load_0)) * S_max / (S_max - 1) / tau_S


def spine_gain(formed):
    """formed, in 1/h: into the places that are free, formed (1 - S/S_max) with spine_loss."""
    return formed


def spine_loss(formed, load, kappa, stress, m_Z, S_max, tau_S):
    """formed/S_max + (1 + exp(load) + kappa stress^m_Z)/tau_S, in 1/h.

    The first part is formation that finds its place taken; the rest is turnover, outer load, and
    mood's own stress. All are positive, so loss is positive whatever the patient's load.
    """
    return formed / S_max + (1 + exp(load) + kappa * power(stress, m_Z)) / tau_S


def spines_at_rest(load, load_0, kappa, D_ill, m_Z, S_max):
    """f/(f/S_max + 1 + exp(load) + kappa D_ill^m_Z), f = (1 + exp(load_0)) S_max/(S_max - 1).

    Spines of the patient before a dose; 1 in health (load = load_0, no stress of mood).
    """
    free = (1 + exp(load_0)) / (S_max - 1)
    return free * S_max / (free + 1 + exp(load) + kappa * power(D_ill, m_Z))


def ratio(x, reference):
    """x/reference: relative to the patient's own value before any dose."""
    return x / reference
