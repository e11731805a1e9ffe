"""Block of NMDA receptors: Mealing's trapping protocol, closed forms, SciPy, and what it implies.

The pool solved here is the shipped one, block by block, in the engine of the whole chain; only
what it is bathed in is prescribed.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import ketaqsp as kq
from ketaqsp.chain import Model
from ketaqsp.patient.cohort import typical_values
from ketaqsp.receptor import KETAMINE_LIGANDS, POOLS, equations, pool
from ketaqsp.solve import radau
from ketaqsp.solve.sweep import Sweep
from plasma_only import solve
from tolerances import QUASI_STEADY, SCIPY, STEADY, TRAPPED

EXITS = ("slow", "split")
SECOND = 1 / 3600  # h
# Rat cortical neurons, Mg-free: ligands together 30 s with a saturating agonist, then 120 s of
# neither, then the agonist alone (Mealing 1999, PMID 9862772): trapped share, SE.
MEALING = {
    "ketamine": ({"ketamine_s": 5.0, "ketamine_r": 5.0}, 0.86, 0.01),
    "memantine": ({"memantine": 10.0}, 0.71, 0.04),
    "lanicemine": ({"lanicemine": 50.0}, 0.54, 0.03),
}
OPEN, SHUT = {"po_pv": 1.0, "u_pv": 1.0}, {"po_pv": 0.0, "u_pv": 1.0}


def sites(ligands, exit, name="pv"):
    """(pool's Competition, a model that holds nothing else)."""
    blocks = pool(name, ligands, exit)
    return blocks[0], Model((), (), blocks, (), ())


def bathed(ligands, exit, values, bath, lengths, state=None, name="pv"):
    """States of one pool after each step; bath(t) gives {ligand: uM} at times t (3,) in h."""
    _, model = sites(ligands, exit, name)
    sweep = Sweep(model, {**typical_values(), **values}, 1)
    state = state or sweep.start()
    now, kept = 0.0, [state]
    for h in lengths:
        around = bath(now + h * radau.NODES)
        nodes = {f"brain_{x}": np.broadcast_to(c, (3,))[:, None] for x, c in around.items()}
        state, _ = sweep.step(state, nodes, h, {}, False)
        now += h
        kept.append(state)
    return kept


def total(state):
    return float(sum(x[0] for x in state.values()))


def by_scipy(ligands, exit, values, bath, times, start=None, name="pv"):
    """Bound fractions (ligands and shares, times) of the same equations, by SciPy's Radau."""
    block, _ = sites(ligands, exit, name)
    values = {**typical_values(), **values}

    def slope(t, bound):
        env = {**values, **{f"brain_{x}": c for x, c in bath(t).items()}}
        free = 1 - bound.sum()
        on = np.array([term(env) for term in block.on])
        return on * free - np.array([term(env) for term in block.off]) * bound

    start = np.zeros(len(block.bound)) if start is None else start
    span = (times[0], times[-1])
    found = solve_ivp(slope, span, start, "Radau", times, rtol=1e-9, atol=1e-12)
    assert found.success
    return found.y


@pytest.mark.parametrize("exit", EXITS)
@pytest.mark.parametrize("drug", MEALING)
def test_mealings_protocol(drug, exit):
    """What is left of the block after two minutes without agonist, by engine and by SciPy."""
    bath, trapped, _ = MEALING[drug]
    ligands, nothing = tuple(bath), dict.fromkeys(bath, 0.0)
    on = bathed(ligands, exit, OPEN, lambda t: bath, [SECOND / 4] * 120)
    off = bathed(ligands, exit, SHUT, lambda t: nothing, [SECOND / 4] * 480, on[-1])
    left = total(off[-1]) / total(on[-1])

    first = by_scipy(ligands, exit, OPEN, lambda t: bath, [0.0, 30 * SECOND])[:, -1]
    last = by_scipy(ligands, exit, SHUT, lambda t: nothing, [0.0, 120 * SECOND], first)[:, -1]
    assert total(on[-1]) == pytest.approx(first.sum(), rel=SCIPY)
    assert left == pytest.approx(last.sum() / first.sum(), rel=SCIPY)
    assert left == pytest.approx(trapped, abs=TRAPPED)


def test_the_agonist_alone_frees_what_was_trapped():
    """Opening the channel lets the drug out: e-fold each 1/koff, where a closed one holds it."""
    bath, nothing = {"ketamine_s": 10.0}, {"ketamine_s": 0.0}
    on = bathed(("ketamine_s",), "slow", OPEN, lambda t: bath, [SECOND / 4] * 120)
    washed = bathed(("ketamine_s",), "slow", OPEN, lambda t: nothing, [SECOND / 4] * 40, on[-1])
    rate = typical_values()["koff_ketamine_s"]
    assert total(washed[-1]) == pytest.approx(
        total(on[-1]) * np.exp(-rate * 10 * SECOND), rel=SCIPY
    )


def test_the_split_share_belongs_to_a_saturating_agonist():
    """At a lower open probability the fast share leaves even while bound: more is trapped."""
    bath, nothing = {"memantine": 10.0}, {"memantine": 0.0}
    left = []
    for po in (1.0, 0.3):
        first = by_scipy(
            ("memantine",), "split", {**OPEN, "po_pv": po}, lambda t: bath, [0.0, 30 * SECOND]
        )[:, -1]
        last = by_scipy(
            ("memantine",), "split", SHUT, lambda t: nothing, [0.0, 120 * SECOND], first
        )
        left.append(last[:, -1].sum() / first.sum())
    assert left[0] == pytest.approx(0.71, abs=TRAPPED) and left[1] > 0.9


def steady(ligands, values, bath, name="pv", exit="slow"):
    """Closed form: sum x/(1 + sum x) with x = on/off, for ligands that compete for free sites."""
    block, _ = sites(ligands, exit, name)
    env = {**typical_values(), **values, **{f"brain_{x}": c for x, c in bath.items()}}
    x = sum(on(env) / off(env) for on, off in zip(block.on, block.off, strict=True))
    return x / (1 + x)


ALL = (*KETAMINE_LIGANDS, "memantine", "lanicemine", "mk801")


def wave(t):
    """An infusion-like rise and fall of seven ligands, each with a clock of its own."""
    heights = (0.3, 0.4, 0.1, 0.12, 0.2, 2.0, 0.002)
    return {
        x: c * (1 - np.exp(-t / 0.3)) * np.exp(-t / (1.0 + i))
        for i, (x, c) in enumerate(zip(ALL, heights, strict=True))
    }


@pytest.mark.parametrize("exit", EXITS)
@pytest.mark.parametrize("name", ["sst", "rest"])  # the most open pool and the most closed one
def test_competing_ligands_against_scipy(name, exit):
    found = bathed(ALL, exit, {}, wave, [1 / 480] * 960, name=name)[:: 480 // 4]
    wanted = by_scipy(ALL, exit, {}, wave, np.arange(9) / 4, name=name)
    for i, bound in enumerate(sites(ALL, exit, name)[0].bound):
        got = np.array([state[bound][0] for state in found])
        assert np.abs(got - wanted[i]).max() <= SCIPY * np.abs(wanted[i]).max(), bound


@pytest.mark.parametrize("exit", EXITS)
@pytest.mark.parametrize("name", POOLS)
def test_kinetics_end_in_the_closed_form(name, exit):
    bath = wave(1.0)
    last = bathed(ALL, exit, {}, lambda t: bath, [10.0] * 40, name=name)[-1]
    assert total(last) == pytest.approx(steady(ALL, {}, bath, name, exit), rel=STEADY)


def test_one_ligand_is_the_named_function():
    env = {**typical_values(), "brain_ketamine_s": 0.25}
    block, _ = sites(("ketamine_s",), "slow")
    wanted = equations.quasi_steady(block.on[0](env), block.off[0](env))
    assert steady(("ketamine_s",), {}, {"ketamine_s": 0.25}) == pytest.approx(wanted, rel=STEADY)


@pytest.mark.parametrize(
    ("po", "near"), [(1.0, True), (0.3, True), (0.1, True), (0.01, False), (0.002, False)]
)
def test_where_block_is_at_once_what_it_would_be(po, near):
    """Quasi-steady block follows a clinical infusion at open probabilities from 0.1; not below."""
    values = {"po_pv": po, "u_pv": 1.0}
    times = np.arange(0, 2.01, 1 / 120)
    levels = solve(kq.infusion(mg_per_kg=0.5), times, weight=75.0)

    def bath(t):
        return {x: np.interp(t, times, levels[f"brain_{x}"][:, 0]) for x in KETAMINE_LIGANDS}

    found = bathed(KETAMINE_LIGANDS, "slow", values, bath, [1 / 120] * 240)
    at_once = [steady(KETAMINE_LIGANDS, values, bath(t)) for t in times[: len(found)]]
    off = max(abs(total(state) - x) for state, x in zip(found, at_once, strict=True))
    assert (off < QUASI_STEADY) == near


@pytest.mark.parametrize("exit", EXITS)
@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("ligand", ALL)
def test_more_drug_more_block(ligand, name, exit):
    ladder = [steady((ligand,), {}, {ligand: c}, name, exit) for c in np.geomspace(1e-4, 1e3, 40)]
    assert (np.diff(ladder) > 0).all() and 0 < ladder[0] < ladder[-1] < 1


def test_an_open_channel_without_magnesium_has_the_printed_ic50():
    p = typical_values()
    for ligand in ALL:
        half = steady((ligand,), OPEN, {ligand: p[f"IC50_{ligand}"]})
        assert half == pytest.approx(0.5, rel=STEADY)


# What moves first, and the way it moves when ketamine blocks.
DOWNSTREAM = {
    "nmda_block_pv": +1,
    "drive_sst": -1,
    "drive_pv": -1,
    "pyramidal_activity": +1,
    "glutamate": +1,
    "habenula": -1,
    "bdnf": +1,
    "trkb": +1,
    "surface_ampa": +1,
    "ampa_throughput": +1,
    "mtorc1": +1,
    "synaptic_protein": +1,
    "spine_density": +1,
    "severity": -1,
}


@pytest.fixture(scope="module")
def blocker_and_agonist():
    regimen = kq.infusion(mg_per_kg=0.5)
    return [
        kq.simulate(regimen, people, days=1, every="30 min", wanted=tuple(DOWNSTREAM))
        for people in (kq.typical(), kq.typical(scenario="agonist"))
    ]


@pytest.mark.parametrize(("name", "sign"), DOWNSTREAM.items())
def test_an_agonist_would_do_the_opposite(name, sign, blocker_and_agonist):
    """The statement that ketamine opens the channel, taken at its word: every effect turns."""
    moves = []
    for out in blocker_and_agonist:
        change = out[name].values[:, 0] - out[name].values[0, 0]
        moves.append(change[np.abs(change).argmax()])
    assert moves[0] * sign > 0 > moves[1] * sign


def peaks(regimen):
    """{pool: highest block} of the typical patient in the first six hours."""
    wanted = tuple(f"nmda_block_{name}" for name in POOLS)
    out = kq.simulate(regimen, days=0.25, every="10 min", wanted=wanted)
    return {name: float(out[f"nmda_block_{name}"].max()) for name in POOLS}


def test_blocks_at_clinical_exposure_printed(capsys):
    """R 60 mg is about S 0.2 mg/kg. Memantine holds more than half of ketamine's block all day, so
    its failure in depression does not follow from block: another term has to carry it."""
    found = {
        "ketamine 0.5 mg/kg, 40 min": peaks(kq.infusion(mg_per_kg=0.5)),
        "S 0.2 mg/kg, 40 min": peaks(kq.infusion("esketamine", mg_per_kg=0.2)),
        "R 60 mg, 40 min": peaks(kq.infusion("arketamine", mg=60.0)),
    }
    doses = kq.oral("memantine", mg=20.0, days=range(42))
    month = solve(doses, [24.0 * 41 + 8], weight=75.0, companions={"ligands": ("memantine",)})
    bath = {"memantine": float(month["brain_memantine"][0, 0])}
    found["memantine 20 mg a day, 6 weeks"] = {
        name: float(steady(("memantine",), {}, bath, name)) for name in POOLS
    }
    with capsys.disabled():
        print(f"\n{'highest NMDA block':32}", *(f"{name:>10}" for name in POOLS))
        for what, blocks in found.items():
            print(f"{what:32}", *(f"{blocks[name]:10.3f}" for name in POOLS))
        print(f"free memantine {bath['memantine']:.2f} uM")
    s, r, racemate, memantine = (
        np.array([found[key][name] for name in POOLS])
        for key in (
            "S 0.2 mg/kg, 40 min",
            "R 60 mg, 40 min",
            "ketamine 0.5 mg/kg, 40 min",
            "memantine 20 mg a day, 6 weeks",
        )
    )
    assert np.allclose(r / s, 1, atol=0.25)
    assert (memantine / racemate > 0.5).all()
