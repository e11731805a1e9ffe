"""Ketamine on its way into plasma: muscle, skin, nose, mouth and gut, and the first pass.

What the nose or the mouth does not take up is swallowed. What is swallowed passes the wall of the
gut and the liver; the part that they take becomes norketamine by the same delay as in the body.
"""

from ketaqsp.blocks import Algebra, Amount, Flow, use
from ketaqsp.plasma import equations as eq

FORMS = ("s", "r")
LONG = {"s": "S", "r": "R"}
# Site -> what it is, rows of its share and rate, where the rest goes.
SITES = {
    "muscle": ("in muscle", "F_im", "ka_im", "lost"),
    "skin": ("under the skin", "F_sc", "ka_sc", "lost"),
    "nose": ("in the nose, first spray", "F_in", "ka_in", "swallowed"),
    "nose_later": ("in the nose, later sprays", "F_in", "ka_in", "swallowed"),
    "mouth": ("under the tongue", "F_sl", "ka_sl", "swallowed"),
    "oral": ("in the gut", None, "ka_po", "gut"),
}
LATER = "nose_later"


def _guts(sites):
    """{part of a state's name: row of its rate}: what is swallowed later is taken up faster."""
    found = {"oral": "ka_po"} if "oral" in sites else {}
    if any(SITES[site][3] == "swallowed" for site in sites):
        found["swallowed"] = "ka_swallowed"
    return found


def enzymes(form, sites):
    """Signals of parameters alone: what an inhibitor does, and what passes gut and liver."""
    shared = {"E_h": "E_liver", "ratio": f"CL_ratio_{form}"}
    change = use(eq.left_by_enzymes, clint="cyp_liver", **shared)
    name = f"CL_change_{form}_i"
    out = [Algebra(name, "1", f"clearance of {LONG[form]}-ketamine over uninhibited", change, True)]
    if _guts(sites):
        passed = use(eq.past_gut_and_liver, gut="cyp_gut", factor=name, **shared)
        label = f"share of swallowed {LONG[form]}-ketamine that reaches plasma"
        out.append(Algebra(f"F_po_{form}_i", "fraction", label, passed, True))
    return out


def uptake(form, sites):
    """(amounts, flows) of the sites asked for."""
    k, name = f"ketamine_{form}", LONG[form]
    amounts = [Amount(f"{k}_{s}", "umol", f"{name}-ketamine, {SITES[s][0]}") for s in sites]
    flows = []
    for site in sites:
        _, share, ka, rest = SITES[site]
        if rest == "gut":
            continue
        target = f"left_{form}" if rest == "lost" else f"{k}_swallowed"
        taken, left = eq.absorbed, eq.not_absorbed
        rows = {"F": share, "ka": ka}
        if site == LATER:
            taken, left = eq.absorbed_later, eq.not_absorbed_later
            rows["later"] = "F_later"
        flows += [
            Flow(f"{k}_{site}", f"{k}_central", use(taken, **rows)),
            Flow(f"{k}_{site}", target, use(left, **rows)),
        ]
    guts = _guts(sites)
    if "swallowed" in guts:
        amounts.append(Amount(f"{k}_swallowed", "umol", f"{name}-ketamine, swallowed"))
    for gut, ka in guts.items():
        flows += _first_pass(form, f"{k}_{gut}", {"F": f"F_po_{form}_i", "ka": ka})
    return tuple(amounts), tuple(flows)


def _first_pass(form, gut, rows):
    """From the gut into plasma, into norketamine, or out."""
    return [
        Flow(gut, f"ketamine_{form}_central", use(eq.absorbed, **rows)),
        Flow(gut, f"norketamine_{form}_forming1", use(eq.first_pass, formed="f_first", **rows)),
        Flow(gut, f"left_{form}", use(eq.first_pass_lost, formed="f_first", **rows)),
    ]


def unmixed(form, sites):
    """Drives of the unmixed part: what is taken up arrives in the blood as an infusion does."""
    k, found = f"ketamine_{form}", []
    common = {"share": "front_end", "V": "V1_i"}
    for site in sites:
        _, share, ka, rest = SITES[site]
        if site == LATER:
            gain = use(eq.unmixed_from_later_uptake, F=share, ka=ka, later="F_later", **common)
        elif rest != "gut":
            gain = use(eq.unmixed_from_uptake, F=share, ka=ka, **common)
        else:
            continue
        found.append((f"{k}_{site}", gain))
    for gut, ka in _guts(sites).items():
        gain = use(eq.unmixed_from_uptake, F=f"F_po_{form}_i", ka=ka, **common)
        found.append((f"{k}_{gut}", gain))
    return tuple(found)
