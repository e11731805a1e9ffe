"""Acute effects as blocks: an effect site for each, linear and so exact, and what is read there."""

from ketaqsp.acute import equations as eq
from ketaqsp.blocks import Algebra, Follow, use

# Effect sites of the S form: name -> (what it serves, source of the drug, its volume, half-time).
# R-ketamine moved neither dissociation nor circulation (Olofsen 2022, Kamp 2021), only the mind's
# light: sedation has a site for each form.
SITES = {
    "s": (
        ("dissociation_s", "S-ketamine, dissociation", "ketamine_s", "V1_i", "t_ke0_cadss"),
        ("pressure_s", "S-ketamine, circulation", "ketamine_s", "V1_i", "t_ke0_bp"),
        ("hypnotic_s", "S-ketamine, sedation", "ketamine_s", "V1_i", "t_ke0_hyp"),
        ("pain_s", "S-ketamine, pain", "ketamine_s", "V1_i", "t_ke0_vas"),
        ("pain_nk_s", "S-norketamine, pain", "norketamine_s", "V1_nk_i", "t_ke0_vas"),
        ("crps_s", "S-ketamine, slow process of CRPS", "ketamine_s", "V1_i", "t_crps"),
    ),
    "r": (("hypnotic_r", "R-ketamine, sedation", "ketamine_r", "V1_i", "t_ke0_hyp"),),
}


def effect_sites(form):
    """Lags behind arterial plasma that carry no mass, for one enantiomer ("s" or "r")."""
    out = [
        Follow(
            f"effect_{name}",
            "umol/L",
            f"effect site of {what}",
            ((f"{source}_central", use(eq.site_gain, t_half=half, V=volume)),),
            use(eq.site_rate, t_half=half),
        )
        for name, what, source, volume, half in SITES[form]
    ]
    if form == "s":
        out.append(
            Follow(
                "tolerance",
                "umol/L",
                "exposure of the past weeks that dampens dissociation",
                (("effect_dissociation_s", use(eq.site_rate, t_half="t_tol")),),
                use(eq.site_rate, t_half="t_tol"),
            )
        )
    return tuple(out)


def _read(name, unit, long_name, function, **renames):
    return Algebra(name, unit, long_name, use(function, **renames))


def readouts():
    """Dissociation, circulation, sedation and pain, each from its own effect site."""
    return (*_mind(), *_circulation(), *_pain())


def _mind():
    site, nk = "effect_dissociation_s", "effect_pain_nk_s"
    return (
        _read("dissociation", "fraction", "dissociation, share of the largest", eq.dissociated,
              site=site, nk_site=nk),
        _read("cadss", "points", "CADSS total (dissociation)", eq.cadss),
        _read("hypnotic", "umol/L", "ketamine at the site of sedation, as S-ketamine",
              eq.equivalents, site_s="effect_hypnotic_s", site_r="effect_hypnotic_r"),
        _read("sedation_probability", "fraction", "probability of any sedation (MOAA/S below 5)",
              eq.sedated),
        _read("unresponsive_probability", "fraction", "probability of no response (MOAA/S 0)",
              eq.unresponsive),
    )  # fmt: skip


def _circulation():
    site = "effect_pressure_s"
    return (
        _read("pressor", "fraction", "rise of pressure, share of the largest", eq.saturating,
              site=site, C50="C50_bp"),
        _read("chronotropic", "fraction", "rise of heart rate, share of the largest",
              eq.saturating, site=site, C50="C50_hr"),
        _read("sbp_change", "mmHg", "systolic pressure, change", eq.change,
              gain="bp_gain", top="Emax_sbp", share="pressor"),
        _read("dbp_change", "mmHg", "diastolic pressure, change", eq.change,
              gain="bp_gain", top="Emax_dbp", share="pressor"),
        _read("map_change", "mmHg", "mean arterial pressure, change", eq.mean_pressure,
              systolic="sbp_change", diastolic="dbp_change"),
        _read("hr_change", "1/min", "heart rate, change", eq.change_of,
              gain="hr_gain", top="Emax_hr", share="chronotropic", base="hr0"),
        _read("sbp", "mmHg", "systolic pressure", eq.level, base="sbp0", change="sbp_change"),
        _read("dbp", "mmHg", "diastolic pressure", eq.level, base="dbp0", change="dbp_change"),
        _read("heart_rate", "1/min", "heart rate", eq.level, base="hr0", change="hr_change"),
    )  # fmt: skip


def _pain():
    return (
        _read("pain_relief", "cm", "acute relief of pain before floor and ceiling", eq.relief,
              site="effect_pain_s", nk_site="effect_pain_nk_s"),
        _read("pain_vas", "cm", "acute pain of a test stimulus (VAS 0 to 10)", eq.pain,
              relief="pain_relief"),
        _read("crps_pain", "points", "pain of CRPS (NRS 0 to 10)", eq.crps_pain,
              site="effect_crps_s"),
    )  # fmt: skip
