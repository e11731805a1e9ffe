"""Cutting a link: named changes of parameters, so that an effect can be credited to its cause."""

from ketaqsp.errors import BadInput, nearest

# What is cut -> the rows that change. Zero takes the step out and leaves the rest in place.
CUTS = {
    "disinhibition": {"g_sst": 0.0, "g_pv": 0.0},
    "pyramidal_block": {"g_pyr": 0.0},
    "block_at_rest": {"s2": 0.0},
    "rest_to_eef2": {"k_K": 0.0},
    "habenula": {"s3": 0.0},
    "glutamate_to_ampa": {"n_A": 0.0},
    "surface_ampa": {"a": 0.0},
    "ampa_carries_mood": {"carried": 0.0},
    "bdnf": {"n_D": 0.0},
    "mtorc1": {"n_M": 0.0},
    "spines": {"q_S": 0.0},
    "adaptation": {"s_H": 0.0},
    "sliding_threshold": {"s_theta": 0.0},
    "feedback": {"feedback": 0.0},
    "opioid": {"s6": 0.0},
    "ssri_to_trkb": {"k_quick": 0.0, "k_slow": 0.0},
    "acute_relief": {"relief_max": 0.0},
    "dissociation": {"A_cadss": 0.0},
    "circulation": {"bp_gain": 0.0, "hr_gain": 0.0},
    "pain": {"k_vas": 0.0, "k_vas_nk": 0.0},
    "brain_metabolites": {"Kp_uu_nk": 0.0, "Kp_uu_hnk": 0.0},
}
# Questions asked by changing a switch rather than cutting a step.
SCENARIOS = {
    "agonist": {"action": -1.0},
    "hnk": {"s4": 1.0},
    "late_hold": {"s7": 0.3},
    "tonic_habenula": {"po_lhb": 0.003},
    "article_covariates": {"article_effects": 1.0},
}


def overrides(cut=(), scenario=()):
    """Rows to change for the named cuts and scenarios. Raises BadInput for an unknown name."""
    changed = {}
    for kind, known, chosen in (("cut", CUTS, cut), ("scenario", SCENARIOS, scenario)):
        for name in (chosen,) if isinstance(chosen, str) else chosen:
            if name not in known:
                hint = nearest(name, known)
                near = f"; did you mean {hint!r}?" if hint else "."
                raise BadInput(f"unknown {kind} {name!r}{near} Known: {', '.join(sorted(known))}")
            changed.update(known[name])
    return changed
