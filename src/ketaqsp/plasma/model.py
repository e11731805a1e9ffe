"""Plasma as blocks: two enantiomers with three metabolites each, and companions.

Arterial core of Simons 2022 for the S form, the same for R with clearance ratios; the venous view
subtracts the drug not yet mixed (Henthorn 2018) and lags. One linear system per form.
"""

from ketaqsp.blocks import Algebra, Amount, Flow, Follow, use
from ketaqsp.plasma import equations as eq
from ketaqsp.plasma.uptake import FORMS, LONG, enzymes, unmixed, uptake

KETAMINE = ("ketamine_s", "ketamine_r")


def sizes(form, sites=()):
    """Volumes and clearances at this body weight: signals from parameters alone."""
    shared = form == FORMS[0]  # volumes and distribution are the same for both forms
    out = list(enzymes(form, sites))
    for moiety, volumes, flows in (
        ("", ("V1", "V2", "V3"), ("Q2", "Q3")),
        ("_nk", ("V1_nk", "V2_nk"), ("Q_nk",)),
        ("_hnk", ("V1_hnk", "V2_hnk"), ("Q_hnk",)),
    ):
        if shared:
            out += [
                Algebra(f"{v}_i", "L", f"volume {v} at this weight", use(eq.volume, V=v), True)
                for v in volumes
            ]
            out += [
                Algebra(
                    f"{q}_i",
                    "L/h",
                    f"flow {q} at this weight",
                    use(eq.clearance, CL=q, ratio="Q_ratio"),
                    True,
                )
                for q in flows
            ]
        if shared and not moiety:
            out.append(
                Algebra(
                    "Q_mix_i",
                    "L/h",
                    "mixing flow of newly infused drug at this weight",
                    use(eq.clearance, CL="Q_mix", ratio="Q_ratio"),
                    True,
                )
            )
        cl, ratio = f"CL{moiety}", f"CL{moiety}_ratio_{form}"
        factor = {"": f"CL_change_{form}_i", "_nk": "cyp_nk"}.get(moiety)
        if factor:
            value = use(eq.metabolic_clearance, CL=cl, ratio=ratio, factor=factor)
        else:
            value = use(eq.clearance, CL=cl, ratio=ratio)
        label = f"clearance of {LONG[form]}{moiety.replace('_', '-')} at this weight"
        out.append(Algebra(f"{cl}_{form}_i", "L/h", label, value, True))
    return tuple(out)


def ketamine(form, sites=()):
    """Amounts, transfers and lags of one enantiomer and its metabolites.

    sites: places beside plasma that doses go into, of ketaqsp.plasma.uptake.SITES.
    """
    k, nk, hnk = f"ketamine_{form}", f"norketamine_{form}", f"hnk_{form}"
    name = LONG[form]
    amounts = [
        Amount(f"{k}_central", "umol", f"{name}-ketamine, central (arterial)"),
        Amount(f"{k}_fast", "umol", f"{name}-ketamine, fast tissues"),
        Amount(f"{k}_slow", "umol", f"{name}-ketamine, slow tissues"),
        Amount(f"{nk}_forming1", "umol", f"{name}-norketamine forming, first delay"),
        Amount(f"{nk}_forming2", "umol", f"{name}-norketamine forming, second delay"),
        Amount(f"{nk}_central", "umol", f"{name}-norketamine, central"),
        Amount(f"{nk}_tissue", "umol", f"{name}-norketamine, tissues"),
        Amount(f"{hnk}_forming1", "umol", f"{name}-HNK forming, first delay"),
        Amount(f"{hnk}_forming2", "umol", f"{name}-HNK forming, second delay"),
        Amount(f"{hnk}_central", "umol", f"{name}-6-HNK, central"),
        Amount(f"{hnk}_tissue", "umol", f"{name}-6-HNK, tissues"),
        Amount(f"left_{form}", "umol", f"{name} form that has left the model"),
    ]
    between = [
        (f"{k}_central", f"{k}_fast", "Q2_i", "V1_i", "V2_i"),
        (f"{k}_central", f"{k}_slow", "Q3_i", "V1_i", "V3_i"),
        (f"{nk}_central", f"{nk}_tissue", "Q_nk_i", "V1_nk_i", "V2_nk_i"),
        (f"{hnk}_central", f"{hnk}_tissue", "Q_hnk_i", "V1_hnk_i", "V2_hnk_i"),
    ]
    flows = []
    for a, b, q, va, vb in between:
        flows += [Flow(a, b, use(eq.out_of, Q=q, V=va)), Flow(b, a, use(eq.out_of, Q=q, V=vb))]
    chain = [
        (f"{k}_central", f"CL_{form}_i", "V1_i", "f_nk", nk, "MTT_nk"),
        (f"{nk}_central", f"CL_nk_{form}_i", "V1_nk_i", "f_hnk", hnk, "MTT_hnk"),
    ]
    for source, cl, v, fraction, product, mtt in chain:
        delay = use(eq.transit, MTT=mtt)
        flows += [
            Flow(source, f"{product}_forming1", use(eq.converted, CL=cl, V=v, fraction=fraction)),
            Flow(source, f"left_{form}", use(eq.lost, CL=cl, V=v, fraction=fraction)),
            Flow(f"{product}_forming1", f"{product}_forming2", delay),
            Flow(f"{product}_forming2", f"{product}_central", delay),
        ]
    out = use(eq.out_of, Q=f"CL_hnk_{form}_i", V="V1_hnk_i")
    flows.append(Flow(f"{hnk}_central", f"left_{form}", out))
    waiting, taken_up = uptake(form, sites)
    return (*amounts, *waiting, *flows, *taken_up, *_lags(form, k, nk, hnk, sites))


def _lags(form, k, nk, hnk, sites):
    """Linear lags that carry no mass: DHNK, the venous view, free drug in brain."""
    name = LONG[form]
    mixing = use(eq.out_of, Q="Q_mix_i", V="V1_i")
    arm = use(eq.half_life_rate, t_half="t_arm")
    brain = use(eq.half_life_rate, t_half="t_ke0")
    entry = (
        (k, f"{k}_central", "V1_i", "fu", "Kp_uu", f"{name}-ketamine"),
        (nk, f"{nk}_central", "V1_nk_i", "fu_nk", "Kp_uu_nk", f"{name}-norketamine"),
        (hnk, f"{hnk}_central", "V1_hnk_i", "fu_hnk", "Kp_uu_hnk", f"{name}-6-HNK"),
    )
    return (
        Follow(
            f"dhnk_{form}",
            "umol/L",
            f"{name}-DHNK in plasma (side branch)",
            ((f"{nk}_central", use(eq.branch, a=f"a_dhnk_{form}", V="V1_nk_i")),),
            use(eq.side_loss, b=f"b_dhnk_{form}"),
        ),
        Follow(
            f"{k}_unmixed",
            "umol/L",
            f"{name}-ketamine in arteries, not yet mixed",
            (
                (f"input_{k}", use(eq.unmixed_from_input, share="front_end", V="V1_i")),
                *unmixed(form, sites),
            ),
            mixing,
        ),
        Follow(
            f"{k}_arm",
            "umol/L",
            f"{name}-ketamine, arterial level lagged by the arm",
            ((f"{k}_central", use(eq.lag_of_amount, t_half="t_arm", V="V1_i")),),
            arm,
        ),
        Follow(
            f"{k}_arm_unmixed",
            "umol/L",
            f"{name}-ketamine, unmixed part lagged by the arm",
            ((f"{k}_unmixed", arm),),
            arm,
        ),
        *(
            Follow(
                f"brain_{x}",
                "umol/L",
                f"{label}, free in brain",
                (
                    (
                        state,
                        use(eq.free_into_brain, t_half="t_ke0", V=v, fu=fu, Kp_uu=kp),
                    ),
                ),
                brain,
            )
            for x, state, v, fu, kp, label in entry
        ),
    )


def readouts():
    """Concentrations in ng/mL, by form and summed: computed only where they are asked for."""
    out = []
    for f in FORMS:
        k, name = f"ketamine_{f}", LONG[f]
        out += [
            _mass(f"ketamine_arterial_{f}", f"{k}_central", "V1_i", "M_k", f"{name}-ketamine"),
            Algebra(
                f"ketamine_venous_{f}",
                "ng/mL",
                f"{name}-ketamine, forearm venous plasma",
                use(eq.venous, arm=f"{k}_arm", unmixed=f"{k}_arm_unmixed", M="M_k"),
            ),
            _mass(f"norketamine_venous_{f}", f"norketamine_{f}_central", "V1_nk_i", "M_nk", "NK"),
            _mass(f"hnk_venous_{f}", f"hnk_{f}_central", "V1_hnk_i", "M_hnk", "6-HNK"),
            Algebra(
                f"dhnk_venous_{f}",
                "ng/mL",
                f"{name}-DHNK in plasma",
                use(eq.mass_of, c=f"dhnk_{f}", M="M_dhnk"),
            ),
        ]
    for what, label in (
        ("ketamine_arterial", "ketamine (S+R), arterial plasma"),
        ("ketamine_venous", "ketamine (S+R), forearm venous plasma"),
        ("norketamine_venous", "norketamine (S+R), plasma"),
        ("hnk_venous", "6-hydroxynorketamine (S+R), plasma"),
        ("dhnk_venous", "dehydronorketamine (S+R), plasma"),
    ):
        both = use(eq.sum_of_two, first=f"{what}_s", second=f"{what}_r")
        out.append(Algebra(what, "ng/mL", label, both))
    return tuple(out)


def _mass(name, amount, volume, molar, label):
    where = "arterial" if "arterial" in name else "plasma"
    form = LONG[name[-1]]
    long_name = f"{form}-{label.removeprefix(form + '-')}, {where}"
    value = use(eq.mass_concentration, amount=amount, V=volume, M=molar)
    return Algebra(name, "ng/mL", long_name, value)
