"""Pools of NMDA receptors, each with its ligands competing for free sites.

Pools: PV and SST interneurons, pyramidal synapses, pyramidal cells at rest, lateral habenula.
`exit="slow"` (default): every bound ligand leaves a closed channel with its own kc.
`exit="split"`: a share of binding is trapped for good, the rest leaves with kc_fast. The share is
what Mealing's protocol finds under a saturating agonist (po = 1); at a lower po more is trapped.
"""

from ketaqsp.blocks import Algebra, Competition, use
from ketaqsp.receptor import equations as eq

POOLS = {
    "pv": "PV interneurons",
    "sst": "SST interneurons",
    "pyramidal": "pyramidal synapses",
    "rest": "pyramidal cells at rest",
    "lhb": "lateral habenula",
}
KETAMINE_LIGANDS = ("ketamine_s", "ketamine_r", "norketamine_s", "norketamine_r")


def pool(name, ligands, exit="slow"):
    """The Competition block of one pool and its signed signal `nmda_block_<pool>`."""
    bound, on, off = [], [], []
    for ligand in ligands:
        leave = {"koff": f"koff_{ligand}", "po": f"po_{name}"}
        common = {**leave, "IC50": f"IC50_{ligand}", "C": f"brain_{ligand}", "u": f"u_{name}"}
        if exit == "slow":
            bound.append(f"bound_{name}_{ligand}")
            on.append(use(eq.association, **common))
            off.append(use(eq.dissociation, kc=f"kc_{ligand}", **leave))
        else:
            share = f"slow_{ligand}"
            bound += [f"bound_{name}_{ligand}", f"bound_{name}_{ligand}_fast"]
            on += [
                use(eq.association_share, slow=share, **common),
                use(eq.association_rest, slow=share, **common),
            ]
            off += [
                use(eq.dissociation, kc="kc_trapped", **leave),
                use(eq.dissociation, kc="kc_fast", **leave),
            ]
    where = POOLS[name]
    sites = Competition(
        f"bound_{name}",
        f"NMDA receptors with a ligand, {where}",
        tuple(bound),
        tuple(on),
        tuple(off),
    )
    signed = Algebra(
        f"nmda_block_{name}",
        "fraction",
        f"NMDA block, {where}",
        use(eq.effective, bound=f"bound_{name}"),
    )
    return (sites, signed)


def receptors(extra=(), exit="slow"):
    """All pools; `extra` names ligands beside the ketamine family (memantine, mk801, ...)."""
    ligands = (*KETAMINE_LIGANDS, *extra)
    return tuple(block for name in POOLS for block in pool(name, ligands, exit))
