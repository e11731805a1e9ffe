"""Mood: a landscape with a push. Severity 0 (well) to 1 (ill); hours; points of scales."""

from ketaqsp.maths import exp, softplus


def rate(tau):
    """1/tau, in 1/h."""
    return 1 / tau


def synaptic_state(spines, spines_ill, surface, a, carried, ampa_block):
    """S_ill + (S (1 + a (A - 1)) - S_ill)(1 - carried ampa_block): what synapses carry.

    Block of AMPA receptors takes away what was gained and no more, so block alone does nothing.
    """
    return spines_ill + (spines * (1 + a * (surface - 1)) - spines_ill) * (1 - carried * ampa_block)


def severity(state, habenula, s3, c_L, W_half, width):
    """exp(-softplus(u)) = 1/(1 + exp(u)) with u = (W + s3 c_L (1 - L) - W_half)/width.

    The severity that synapses and habenula would settle at; written so that it cannot overflow.
    """
    return exp(-softplus((state + s3 * c_L * (1 - habenula) - W_half) / width))


def severity_drive(state, habenula, s3, c_L, W_half, width, tau_mood):
    """The settled severity over tau_mood, in 1/h."""
    return severity(state, habenula, s3, c_L, W_half, width) / tau_mood


def stress_drive(severity, D_ill, feedback, tau_Z):
    """(D_ill + feedback (D - D_ill))/tau_Z, in 1/h: low mood is a stress; feedback 0 cuts it."""
    return (D_ill + feedback * (severity - D_ill)) / tau_Z


def at_ill(D_ill):
    """D_ill: the patient's severity before any dose."""
    return D_ill


def sedation(gaba, first, second, EC50_relief):
    """1 - (1 - gaba)/(1 + (first + second)/EC50_relief): acute state change by either drug."""
    return 1 - (1 - gaba) / (1 + (first + second) / EC50_relief)


def madrs(M0, rho, severity, D_ill, relief_max, sedation):
    """M0 (rho + (1 - rho) D/D_ill)(1 - relief_max sedation), in points.

    rho is the share of symptoms outside the landscape; relief is a state effect of a sedating
    drug that leaves with it.
    """
    return M0 * (rho + (1 - rho) * severity / D_ill) * (1 - relief_max * sedation)


def scaled(points, slope):
    """slope points: another scale by its published slope on MADRS."""
    return slope * points
