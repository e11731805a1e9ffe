"""Response, remission and relapse as probabilities: what a rater with error would find.

The rated total is MADRS + rater_sd z with z anew at each visit, so a threshold on it is met with a
normal probability, which is smooth in every parameter. Rounding to whole points and the ends of the
scale are left out.
"""

import numpy as np

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
FALL = 0.5  # response: this share of the rated total before the first dose is gone
REMISSION = 10.0  # MADRS points, at most
RELAPSE = 22.0  # MADRS points at which a responder has relapsed
WORDS = ("response", "remission", "relapse")


def response(madrs, rater_sd, cdf):
    """P(rated fall of at least FALL) at each time, (T, n): the first row is the time before.

    M_t + sd z <= (1 - FALL) (M_0 + sd z_0), both errors independent. cdf: of the normal.
    """
    kept = 1 - FALL
    return cdf((kept * madrs[0] - madrs) / (rater_sd * (1 + kept**2) ** 0.5))


def remission(madrs, rater_sd, cdf):
    """P(rated total at most REMISSION) at each time, (T, n)."""
    return cdf((REMISSION - madrs) / rater_sd)


def relapse(madrs, rater_sd, cdf):
    """P(has responded at a visit and reached RELAPSE at a later one) by the last row, (n,).

    madrs (T, n): before the first dose, then the visits in order. The rated total before the dose
    is shared by all visits, so its error is integrated over (Gauss-Hermite).
    """
    total = 0.0
    for z, weight in zip(NODES, WEIGHTS / WEIGHTS.sum(), strict=True):
        goal = (1 - FALL) * (madrs[0] + rater_sd * z)
        waiting, responded, relapsed = 1.0, 0.0, 0.0
        for now in madrs[1:]:
            back = cdf((now - RELAPSE) / rater_sd)
            met = cdf((goal - now) / rater_sd)
            relapsed = relapsed + responded * back
            responded = responded * (1 - back) + waiting * met
            waiting = waiting * (1 - met)
        total = total + weight * relapsed
    return total
