"""Mood as blocks: synaptic state, severity, stress, and the scales read from them."""

from ketaqsp.blocks import Algebra, Turnover, use
from ketaqsp.mood import equations as eq

# Scales read from MADRS by a slope; rows of this link's table say where the slopes come from.
SCALES = {"hamd17": "HAM-D17 total", "hamd6": "HAM-D6 total", "qids": "QIDS-SR16 total"}
BACKWARD = ("stress",)  # read upstream by spine loss; its time constant is days (see chain)


def mood():
    """Synaptic state to severity to stress, which returns to the spines."""
    return (
        Algebra(
            "synaptic_state",
            "1",
            "what synapses carry (healthy = 1)",
            use(eq.synaptic_state, spines="spine_density_absolute", surface="surface_ampa"),
        ),
        Turnover(
            "severity",
            "fraction",
            "severity of depression (0 well, 1 ill)",
            use(eq.severity_drive, state="synaptic_state"),
            use(eq.rate, tau="tau_mood"),
            use(eq.at_ill),
        ),
        Turnover(
            "stress",
            "fraction",
            "stress that follows mood",
            use(eq.stress_drive),
            use(eq.rate, tau="tau_Z"),
            use(eq.at_ill),
        ),
        Algebra(
            "sedation",
            "fraction",
            "acute change of state by a sedating drug",
            use(eq.sedation, first="brain_ketamine_s", second="brain_ketamine_r"),
        ),
    )


def scales():
    """MADRS and the scales converted from it, as continuous totals."""
    out = [Algebra("madrs", "points", "MADRS total", use(eq.madrs))]
    for name, label in SCALES.items():
        value = use(eq.scaled, points="madrs", slope=f"slope_{name}")
        out.append(Algebra(name, "points", label, value))
    return tuple(out)
