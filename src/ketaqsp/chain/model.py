"""The chain, top to bottom in the order of the biology. The only place where links meet."""

from dataclasses import dataclass
from functools import cached_property

from ketaqsp import acute, circuit, mood, plasma, receptor, synapse
from ketaqsp.blocks import Algebra, Amount, Competition, Flow, Follow, Turnover, terms, use


def _none():
    """0: the drug that would give this signal is not in the regimen."""
    return 0


@dataclass(frozen=True)
class Linear:
    """A linear system of its own: amounts and lags moved by Flow and Follow, fed by inputs."""

    name: str
    blocks: tuple
    inputs: tuple  # (what arrives, state it enters): an analyte's rate or bolus, or a depot

    @cached_property
    def states(self):
        return tuple(s for b in self.blocks for s in b.states)


@dataclass(frozen=True)
class Model:
    """What the solver, the export and the documentation walk through."""

    constants: tuple  # Algebra from parameters alone
    linear: tuple  # of Linear
    sweep: tuple  # Algebra, Competition, Turnover in the order of the sweep
    readouts: tuple  # Algebra wanted in results only
    feedback: tuple  # states read upstream of where they are solved

    def __hash__(self):
        return self._hash  # every cache asks for it; the blocks are walked once

    @cached_property
    def _hash(self):
        return hash((self.constants, self.linear, self.sweep, self.readouts, self.feedback))

    @cached_property
    def blocks(self):
        inside = tuple(b for system in self.linear for b in system.blocks)
        return (*self.constants, *inside, *self.sweep, *self.readouts)

    @cached_property
    def states(self):
        return tuple(s for b in self.blocks for s in b.states)

    @cached_property
    def signals(self):
        """Names that are computed rather than integrated."""
        kinds = (Algebra, Competition)
        return tuple(b.name for b in self.blocks if isinstance(b, kinds))

    @cached_property
    def inputs(self):
        return tuple(name for system in self.linear for name, _ in system.inputs)

    @cached_property
    def parameters(self):
        """Names that no block gives: they must be rows of a table (or an input)."""
        given = {*self.states, *self.signals, *(f"input_{name}" for name in self.inputs)}
        needed = {name for b in self.blocks for _, term in terms(b) for name in term.names}
        return tuple(sorted(needed - given))


def drugs_beside_ketamine(analytes):
    """Which companion systems a set of analytes asks for: (ligands, midazolam, ssri)."""
    ligands = tuple(name for name in plasma.LIGANDS if name in analytes)
    return ligands, "midazolam" in analytes, "ssri" in analytes


# Places beside plasma that a model can be asked to have.
PLACES = (
    *(f"ketamine_{site}" for site in plasma.SITES),
    *(f"midazolam_{site}" for site in plasma.MIDAZOLAM_SITES),
)


def build(ligands=(), midazolam=False, ssri=False, exit="slow", places=()):
    """The chain for ketamine and the companions asked for.

    ligands: further NMDA ligands (memantine, mk801, lanicemine). exit: see receptor.model. places:
    where doses go in beside plasma, of PLACES; others (ligands, ssri) have theirs in any case.
    Without a companion its signal is 0, so the states of the default chain stay few.
    """
    sites = _sites("ketamine", plasma.SITES, places)
    linear = [
        Linear(
            f"ketamine_{f}",
            (*plasma.ketamine(f, sites), *acute.effect_sites(f)),
            _inputs(f"ketamine_{f}", sites),
        )
        for f in plasma.FORMS
    ]
    between = []
    if midazolam:
        own = _sites("midazolam", plasma.MIDAZOLAM_SITES, places)
        linear.append(Linear("midazolam", plasma.midazolam(own), _inputs("midazolam", own)))
        gaba = plasma.occupancy(
            "gaba", "effect_midazolam", "EC50_mdz", "gain on GABA-A receptors by midazolam"
        )
    else:
        gaba = Algebra("gaba", "fraction", "gain on GABA-A receptors (none given)", use(_none))
    for name in ligands:
        inputs = ((name, f"{name}_central"), (f"{name}_oral", f"{name}_depot"))
        linear.append(Linear(name, plasma.ligand(name), inputs))
    if ssri:
        inputs = (("ssri", "ssri_central"), ("ssri_oral", "ssri_depot"))
        linear.append(Linear("ssri", plasma.ssri(), inputs))
        occupied = plasma.occupancy(
            "ssri_occupancy", "plasma_ssri", "EC50_ssri", "serotonin transporters occupied"
        )
    else:
        occupied = Algebra(
            "ssri_occupancy", "fraction", "serotonin transporters occupied (none given)", use(_none)
        )
    between += [gaba, occupied]
    sweep = (
        *between,
        *receptor.receptors(ligands, exit),
        *circuit.circuit(),
        *synapse.synapse(),
        *mood.mood(),
    )
    constants = [b for f in plasma.FORMS for b in plasma.sizes(f, sites)]
    constants += [b for b in sweep if isinstance(b, Algebra) and b.constant]
    return Model(
        constants=tuple(constants),
        linear=tuple(linear),
        sweep=tuple(b for b in sweep if not (isinstance(b, Algebra) and b.constant)),
        readouts=(*plasma.readouts(), *acute.readouts(), *synapse.relative(), *mood.scales()),
        feedback=mood.BACKWARD,
    )


def everything(exit="slow"):
    """The chain with every companion and every place that a dose may go into."""
    return build(plasma.LIGANDS, midazolam=True, ssri=True, exit=exit, places=PLACES)


def _sites(drug, known, places):
    """Sites of a drug among the places, in the order of its link."""
    return tuple(site for site in known if f"{drug}_{site}" in places)


def _inputs(analyte, sites):
    """What arrives and where it enters: plasma first."""
    beside = ((f"{analyte}_{site}", f"{analyte}_{site}") for site in sites)
    return ((analyte, f"{analyte}_central"), *beside)


def check_order(model):
    """Raise ValueError if a block reads what is not yet known where it stands in the sweep."""
    known = set(model.parameters) | set(model.feedback)
    known |= {s for system in model.linear for s in system.states}
    known |= {b.name for b in model.constants}
    for block in (*model.sweep, *model.readouts):
        for what, term in terms(block):
            early = [name for name in term.names if name not in known]
            if early:
                raise ValueError(f"{what} of {block.name} reads {early} before they are solved")
        known.update(block.states)
        if isinstance(block, Algebra | Competition):
            known.add(block.name)


__all__ = [
    "PLACES",
    "Algebra",
    "Amount",
    "Competition",
    "Flow",
    "Follow",
    "Linear",
    "Model",
    "Turnover",
    "build",
    "check_order",
    "drugs_beside_ketamine",
    "everything",
]
