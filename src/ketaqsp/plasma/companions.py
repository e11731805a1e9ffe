"""Plasma of the other drugs: midazolam, one further NMDA ligand, an oral antidepressant."""

from ketaqsp.blocks import Algebra, Amount, Flow, Follow, use
from ketaqsp.plasma import equations as eq

LIGANDS = ("memantine", "mk801", "lanicemine")


MIDAZOLAM_SITES = {
    "muscle": ("in muscle", "F_im_mdz", "ka_im_mdz"),
    "nose": ("in the nose", "F_in_mdz", "ka_in_mdz"),
    "oral": ("in the gut", "F_po_mdz", "ka_po_mdz"),
}


def midazolam(sites=()):
    """Two compartments and an effect site; `gaba` is its gain on GABA-A receptors (0 to 1).

    sites: places beside plasma that doses go into, of MIDAZOLAM_SITES.
    """
    waiting = []
    for site in sites:
        where, share, ka = MIDAZOLAM_SITES[site]
        rows = {"F": share, "ka": ka}
        waiting += [
            Amount(f"midazolam_{site}", "umol", f"midazolam, {where}"),
            Flow(f"midazolam_{site}", "midazolam_central", use(eq.absorbed, **rows)),
            Flow(f"midazolam_{site}", "left_midazolam", use(eq.not_absorbed, **rows)),
        ]
    return (
        *waiting,
        Amount("midazolam_central", "umol", "midazolam, central"),
        Amount("midazolam_tissue", "umol", "midazolam, tissues"),
        Amount("left_midazolam", "umol", "midazolam that has left"),
        Flow("midazolam_central", "midazolam_tissue", use(eq.out_of, Q="Q_mdz", V="V1_mdz")),
        Flow("midazolam_tissue", "midazolam_central", use(eq.out_of, Q="Q_mdz", V="V2_mdz")),
        Flow("midazolam_central", "left_midazolam", use(eq.out_of, Q="CL_mdz", V="V1_mdz")),
        Follow(
            "effect_midazolam",
            "umol/L",
            "midazolam at its effect site (total)",
            (("midazolam_central", use(eq.lag_of_amount, t_half="t_ke0_mdz", V="V1_mdz")),),
            use(eq.half_life_rate, t_half="t_ke0_mdz"),
        ),
    )


def ligand(name):
    """A depot for oral doses, one compartment, free drug in brain."""
    return (
        Amount(f"{name}_depot", "umol", f"{name}, gut"),
        Amount(f"{name}_central", "umol", f"{name}, plasma"),
        Amount(f"left_{name}", "umol", f"{name} that has left"),
        Flow(
            f"{name}_depot",
            f"{name}_central",
            use(eq.absorbed, F=f"F_{name}", ka=f"ka_{name}"),
        ),
        Flow(
            f"{name}_depot",
            f"left_{name}",
            use(eq.not_absorbed, F=f"F_{name}", ka=f"ka_{name}"),
        ),
        Flow(
            f"{name}_central",
            f"left_{name}",
            use(eq.out_of, Q=f"CL_{name}", V=f"V_{name}"),
        ),
        Follow(
            f"brain_{name}",
            "umol/L",
            f"{name}, free in brain",
            (
                (
                    f"{name}_central",
                    use(
                        eq.free_into_brain,
                        t_half="t_ke0",
                        V=f"V_{name}",
                        fu=f"fu_{name}",
                        Kp_uu=f"Kp_uu_{name}",
                    ),
                ),
            ),
            use(eq.half_life_rate, t_half="t_ke0"),
        ),
    )


def ssri():
    """An oral antidepressant (escitalopram): gut, plasma."""
    return (
        Amount("ssri_depot", "umol", "oral antidepressant, gut"),
        Amount("ssri_central", "umol", "oral antidepressant, plasma"),
        Amount("left_ssri", "umol", "oral antidepressant that has left"),
        Flow("ssri_depot", "ssri_central", use(eq.absorbed, F="F_ssri", ka="ka_ssri")),
        Flow("ssri_depot", "left_ssri", use(eq.not_absorbed, F="F_ssri", ka="ka_ssri")),
        Flow("ssri_central", "left_ssri", use(eq.out_of, Q="CL_ssri", V="V_ssri")),
        Follow(
            "plasma_ssri",
            "umol/L",
            "oral antidepressant in plasma, as transporters see it",
            (("ssri_central", use(eq.lag_of_amount, t_half="t_ke0", V="V_ssri")),),
            use(eq.half_life_rate, t_half="t_ke0"),
        ),
    )


def occupancy(name, source, ec50, long_name):
    """A signal 0 to 1 from a concentration."""
    return Algebra(name, "fraction", long_name, use(eq.saturating, c=source, EC50=ec50))
