"""Synapse as blocks: two clocks, surface AMPA receptors (hours) and spines (days to weeks)."""

from ketaqsp.blocks import Algebra, Turnover, use
from ketaqsp.synapse import equations as eq

STAGES = ("material1", "material2", "material3", "material4")


def _follow(name, unit, long_name, production, tau, start=eq.one):
    loss = use(eq.rate, tau=tau)
    return Turnover(name, unit, long_name, production, loss, use(start))


def antidepressant():
    """Two gains that build under an oral antidepressant: within days, and over weeks."""
    pair = []
    for kind, tau in (("quick", "tau_R1"), ("slow", "tau_R2")):
        gain = use(eq.serotonergic, occupancy="ssri_occupancy", k_R=f"k_{kind}", tau_R=tau)
        relay = use(eq.relay, x=f"ssri_{kind}_onset", tau_R=tau)
        pair += [
            _follow(f"ssri_{kind}_onset", "1", f"{kind} SSRI gain, onset", gain, tau, eq.zero),
            _follow(f"ssri_{kind}", "1", f"{kind} SSRI gain on TrkB", relay, tau, eq.zero),
        ]
    return tuple(pair)


def synapse():
    """From glutamate to spines, in the order of the sweep."""
    return (*_early(), *_late())


def _early():
    """Hours: the surge, translation, BDNF and TrkB, surface AMPA receptors."""
    return (
        Algebra(
            "spines_ill",
            "1",
            "spine density before the first dose (healthy = 1)",
            use(eq.spines_at_rest),
            True,
        ),
        _follow(
            "threshold",
            "1",
            "glutamate that a rise is measured against (rest = 1)",
            use(eq.threshold),
            "tau_theta",
        ),
        Algebra("counted_rise", "fraction", "rise of glutamate that counts", use(eq.counted)),
        Algebra(
            "surge",
            "1",
            "surge through AMPA receptors, with sensitivity",
            use(eq.phasic, rise="counted_rise"),
        ),
        _follow("eef2", "1", "active eEF2 (rest = 1)", use(eq.eef2, block="felt_rest"), "tau_K"),
        _follow("bdnf", "1", "BDNF released and made (rest = 1)", use(eq.bdnf), "tau_D"),
        *antidepressant(),
        _follow(
            "trkb",
            "1",
            "TrkB activity (rest = 1)",
            use(eq.trkb, quick="ssri_quick", slow="ssri_slow"),
            "tau_T",
        ),
        _follow("surface_ampa", "1", "surface AMPA (rest = 1)", use(eq.surface_ampa), "tau_A"),
        Algebra(
            "ampa_throughput",
            "1",
            "AMPA throughput (rest = 1)",
            use(eq.throughput, surface="surface_ampa"),
        ),
    )


def _late():
    """Days to weeks: mTORC1, protein, a delay, spines."""
    chain = [
        _follow("mtorc1", "1", "mTORC1 activity (rest = 1)", use(eq.mtorc1), "tau_M"),
        _follow("synaptic_protein", "1", "synaptic protein (rest = 1)", use(eq.protein), "tau_P"),
        _follow(
            "late_hold",
            "1",
            "late transcription that holds new synapses (rest = 1)",
            use(eq.held, activity="trkb", protein="synaptic_protein"),
            "tau_C",
        ),
    ]
    source = "synaptic_protein"
    for stage in STAGES:
        chain.append(
            Turnover(
                stage,
                "1",
                f"material on its way to new spines, stage {stage[-1]} (rest = 1)",
                use(eq.delayed, x=source),
                use(eq.delay_rate),
                use(eq.one),
            )
        )
        source = stage
    chain.append(
        Algebra(
            "formed",
            "1/h",
            "rate at which free places take a spine",
            use(eq.spine_formation, material=source, hold="late_hold"),
        )
    )
    chain.append(
        Turnover(
            "spine_density_absolute",
            "1",
            "spine density (healthy = 1)",
            use(eq.spine_gain),
            use(eq.spine_loss),
            use(eq.spines_at_rest),
        )
    )
    return tuple(chain)


def relative():
    """Spine density relative to the patient's own pre-dose value."""
    value = use(eq.ratio, x="spine_density_absolute", reference="spines_ill")
    return (Algebra("spine_density", "1", "spine density (own pre-dose value = 1)", value),)
