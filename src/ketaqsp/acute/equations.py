"""Acute effects: plain functions of scalars. Effect sites in umol/L, time in h.

dCe/dt = (ln 2/t_half)(C - Ce): each effect follows arterial plasma through a lag of its own.
"""

from ketaqsp.maths import exp, hill, log, softplus


def site_rate(t_half):
    """ln 2/t_half, in 1/h: how fast an effect site follows plasma."""
    return log(2) / t_half


def site_gain(t_half, V):
    """ln 2/(t_half V), in 1/(h L): gain of an effect site on an amount in plasma."""
    return log(2) / t_half / V


def dissociated(site, nk_site, C50_cadss, a_nk, gamma_cadss):
    """(Ce/C50')^gamma/(1 + (Ce/C50')^gamma), C50' = C50 (1 + a_nk C_nk): 0 to 1.

    Norketamine may oppose ketamine (Olofsen 2022) or not (Simons 2022): a_nk is 0 by default.
    """
    return hill(site, C50_cadss * (1 + a_nk * nk_site), gamma_cadss)


def cadss(dissociation, A_cadss, top_cadss, tolerance, tol_max, tol_scale):
    """top A D (1 - tol_max (1 - exp(-T/tol_scale))), in points: never above the scale's top."""
    left = 1 - tol_max * (1 - exp(-tolerance / tol_scale))
    return top_cadss * A_cadss * dissociation * left


def saturating(site, C50):
    """Ce/(Ce + C50), a fraction."""
    return site / (site + C50)


def change(gain, top, share):
    """gain top share, in the unit of top."""
    return gain * top * share


def change_of(gain, top, share, base):
    """gain top share base, in the unit of base: a change that is a share of what was there."""
    return gain * top * share * base


def mean_pressure(systolic, diastolic):
    """(systolic + 2 diastolic)/(1 + 2), in mmHg."""
    return (systolic + 2 * diastolic) / (1 + 2)


def level(base, change):
    """base + change, in the unit of both."""
    return base + change


def equivalents(site_s, site_r, potency_r):
    """Ce_S + potency_r Ce_R, in umol/L: S-ketamine that would sedate as much as both forms do."""
    return site_s + potency_r * site_r


def sedated(hypnotic, C50_sed, gaba, w_gaba):
    """1 - (1 - Ce/(Ce + C50_sed))(1 - w_gaba gaba), a probability: ketamine and midazolam apart."""
    return 1 - (1 - hypnotic / (hypnotic + C50_sed)) * (1 - w_gaba * gaba)


def unresponsive(hypnotic, C50_hyp, gamma_hyp):
    """(Ce/C50)^gamma/(1 + (Ce/C50)^gamma), a probability."""
    return hill(hypnotic, C50_hyp, gamma_hyp)


def relief(site, nk_site, k_vas, k_vas_nk):
    """k_vas Ce - k_vas_nk C_nk, in cm: linear, norketamine opposes (Olofsen 2012)."""
    return k_vas * site - k_vas_nk * nk_site


def pain(vas0, relief, w_vas, top_vas):
    """w (softplus((vas0 - relief)/w) - softplus((vas0 - relief - top)/w)), in cm.

    The line vas0 - relief, bent within about w of 0 and of the top of the scale.
    """
    return w_vas * (softplus((vas0 - relief) / w_vas) - softplus((vas0 - relief - top_vas) / w_vas))


def crps_pain(nrs0, site, C50_crps, ease, sharp):
    """nrs0 (1 - r Ce/(Ce + C50)), r = exp(-softplus(-sharp ease)), in points of 0 to 10.

    ease is normal between patients; r is 1 above zero and 0 below: who responds at all.
    """
    return nrs0 * (1 - exp(-softplus(-sharp * ease)) * site / (site + C50_crps))
