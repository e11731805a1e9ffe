"""Circuit as blocks: from block of five pools to glutamate and habenular bursting."""

from ketaqsp.blocks import Algebra, Turnover, use
from ketaqsp.circuit import equations as eq

# Pools whose block acts by being there. The others act through glutamate, and what stays is there
# told from what rises by the threshold of plasticity (see synapse).
ADAPTING = ("rest", "lhb")


def adaptation(pool):
    """What a pool has got used to, and what it has not."""
    return (
        Turnover(
            f"adapted_{pool}",
            "fraction",
            f"block that cells have got used to, {pool}",
            use(eq.adapting, block=f"bound_{pool}"),
            use(eq.rate, tau="tau_H"),
            use(eq.zero),
        ),
        Algebra(
            f"felt_{pool}",
            "fraction",
            f"block as cells feel it, {pool}",
            use(eq.unadapted, block=f"nmda_block_{pool}", adapted=f"adapted_{pool}"),
        ),
    )


def circuit():
    """Interneuron drive, pyramidal activity, glutamate, habenula, in the order of the sweep."""
    out = [block for pool in ADAPTING for block in adaptation(pool)]
    for cell in ("sst", "pv"):
        out.append(
            Turnover(
                f"drive_{cell}",
                "1",
                f"drive of {cell.upper()} interneurons (rest = 1)",
                use(eq.interneuron, block=f"nmda_block_{cell}", w=f"w_{cell}", tau="tau_N"),
                use(eq.rate, tau="tau_N"),
                use(eq.one),
            )
        )
    out += [
        Turnover(
            "pyramidal_activity",
            "1",
            "pyramidal activity (rest = 1)",
            use(eq.pyramidal, n_sst="drive_sst", n_pv="drive_pv", block="nmda_block_pyramidal"),
            use(eq.rate, tau="tau_E"),
            use(eq.one),
        ),
        Algebra(
            "brain_hnk",
            "umol/L",
            "6-HNK (S+R), free in brain",
            use(eq.both, first="brain_hnk_s", second="brain_hnk_r"),
        ),
        Turnover(
            "glutamate",
            "1",
            "extracellular glutamate (rest = 1)",
            use(eq.glutamate, activity="pyramidal_activity", hnk="brain_hnk"),
            use(eq.rate, tau="tau_G"),
            use(eq.one),
        ),
        Turnover(
            "habenula",
            "1",
            "habenular bursting (rest = 1)",
            use(eq.habenula, block="felt_lhb"),
            use(eq.rate, tau="tau_L"),
            use(eq.one),
        ),
    ]
    return tuple(out)
