"""Plasma: plain functions of scalars, one per term. Units: h, L, umol, umol/L, kg."""

from ketaqsp.maths import log, power


def clearance(CL, ratio, W, W_ref, a_CL):
    """CL ratio (W/W_ref)^a_CL, in L/h: a flow for this body weight and this enantiomer."""
    return CL * ratio * power(W / W_ref, a_CL)


def left_by_enzymes(clint, E_h, ratio):
    """clint / (1 + E_h ratio (clint - 1)), a factor: what enzymes at `clint` make of a clearance.

    Well-stirred liver: with extraction E_h, faster enzymes raise clearance less than in proportion.
    """
    return clint / (1 + E_h * ratio * (clint - 1))


def metabolic_clearance(CL, ratio, factor, W, W_ref, a_CL):
    """CL ratio factor (W/W_ref)^a_CL, in L/h: a clearance under an inhibitor or inducer."""
    return CL * ratio * factor * power(W / W_ref, a_CL)


def past_gut_and_liver(F_gut, gut, E_h, ratio, factor):
    """F_gut gut (1 - E_h ratio factor), a fraction of what is swallowed: it reaches plasma."""
    return F_gut * gut * (1 - E_h * ratio * factor)


def volume(V, W, W_ref, a_V):
    """V (W/W_ref)^a_V, in L: a volume for this body weight."""
    return V * power(W / W_ref, a_V)


def out_of(Q, V):
    """Q/V, in 1/h: first-order transfer out of volume V by flow Q."""
    return Q / V


def converted(CL, V, fraction):
    """fraction CL/V, in 1/h: the part of clearance that forms the metabolite."""
    return fraction * CL / V


def lost(CL, V, fraction):
    """(1 - fraction) CL/V, in 1/h: the part of clearance that leaves the model."""
    return (1 - fraction) * CL / V


def transit(MTT):
    """2/MTT, in 1/h: rate of each of two delay compartments with mean time MTT."""
    return 2 / MTT


def half_life_rate(t_half):
    """ln 2 / t_half, in 1/h."""
    return log(2) / t_half


def lag_of_amount(t_half, V):
    """ln 2 / (t_half V), in 1/(h L): gain of a lag that follows amount/V."""
    return log(2) / t_half / V


def free_into_brain(t_half, V, fu, Kp_uu):
    """fu Kp_uu ln 2 / (t_half V), in 1/(h L): gain of free brain drug on amount in plasma."""
    return fu * Kp_uu * log(2) / t_half / V


def unmixed_from_input(share, V):
    """share/V, in 1/L: drug that enters and is not yet mixed, per volume (Henthorn 2018)."""
    return share / V


def branch(a, V):
    """a/V, in 1/(h L): formation of a side metabolite's concentration from an amount."""
    return a / V


def side_loss(b):
    """b, in 1/h: loss of a side metabolite."""
    return b


def mass_concentration(amount, V, M):
    """M amount/V, in ng/mL (umol/L times g/mol)."""
    return M * amount / V


def mass_of(c, M):
    """M c, in ng/mL."""
    return M * c


def venous(arm, unmixed, M):
    """M (arm - unmixed), in ng/mL: what a forearm vein shows."""
    return M * (arm - unmixed)


def sum_of_two(first, second):
    """first + second, in the unit of both."""
    return first + second


def saturating(c, EC50):
    """c/(c + EC50), a fraction: occupancy of a target at concentration c."""
    return c / (c + EC50)


def absorbed(F, ka):
    """F ka, in 1/h: the part of the depot that reaches plasma."""
    return F * ka


def absorbed_later(F, later, ka):
    """F later ka, in 1/h: uptake of what goes beyond the first spray."""
    return F * later * ka


def not_absorbed_later(F, later, ka):
    """(1 - F later) ka, in 1/h: what goes beyond the first spray and is swallowed."""
    return (1 - F * later) * ka


def first_pass(F, formed, ka):
    """(1 - F) formed ka, in 1/h: metabolite that gut and liver form before plasma is reached."""
    return (1 - F) * formed * ka


def first_pass_lost(F, formed, ka):
    """(1 - F)(1 - formed) ka, in 1/h: what they turn into anything else."""
    return (1 - F) * (1 - formed) * ka


def unmixed_from_uptake(share, F, ka, V):
    """share F ka / V, in 1/(h L): newly taken up and not yet mixed, per volume."""
    return share * F * ka / V


def unmixed_from_later_uptake(share, F, later, ka, V):
    """share F later ka / V, in 1/(h L): the same of what goes beyond the first spray."""
    return share * F * later * ka / V


def not_absorbed(F, ka):
    """(1 - F) ka, in 1/h: the part of the depot that does not."""
    return (1 - F) * ka
