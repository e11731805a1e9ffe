"""Trapping block of NMDA receptor channels: plain functions of scalars. Rates in 1/h, uM.

dB/dt = kon C po u (1 - sum B) - [koff po + kc (1 - po)] B. A blocker enters and leaves an open
channel (open probability po); what is trapped behind a closed gate leaks out with kc, the rate
that an agonist-free wait shows (Mealing 1999). u is the relief from magnesium at the pool's
voltage and subunits; it enters here and nowhere else.
"""


def association(koff, IC50, C, po, u):
    """koff/IC50 C po u, in 1/h: kon is scaled so that an open, Mg-free channel has this IC50."""
    return koff / IC50 * C * po * u


def association_share(koff, IC50, C, po, u, slow):
    """The slow-exit share of association, in 1/h."""
    return slow * koff / IC50 * C * po * u


def association_rest(koff, IC50, C, po, u, slow):
    """The fast-exit share of association, in 1/h."""
    return (1 - slow) * koff / IC50 * C * po * u


def dissociation(koff, po, kc):
    """koff po + kc (1 - po), in 1/h: exit through the open gate, or leak from the closed one."""
    return koff * po + kc * (1 - po)


def effective(bound, action):
    """action bound: +1 for a blocker; -1 asks what would follow if it opened the channel."""
    return action * bound


def quasi_steady(on, off):
    """on/(on + off): what block would be at once, for one ligand alone."""
    return on / (on + off)
