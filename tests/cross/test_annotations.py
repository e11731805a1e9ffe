"""SBO terms and identifiers: what has them, what they look like, and a list of what has none."""

import re

import libsbml
import pytest

from ketaqsp.chain import build
from ketaqsp.export.annotate import PARAMETER, identifiers, paper, sbo, table
from ketaqsp.parameters import rows
from ketaqsp.parameters.table import sources
from ketaqsp.plasma import LIGANDS

PROTOCOLS = ("one_infusion", "typical", "nasal")
FORM = re.compile(
    r"https://identifiers\.org/("
    r"doi:10\.\d{4,}/\S+|pubmed:\d+|pmc:PMC\d+|clinicaltrials:NCT\d{8}|taxonomy:\d+|DOID:\d+"
    r"|CHEBI:\d+|inchikey:[A-Z]{14}-[A-Z]{10}-[A-Z]|uniprot:[A-Z]\d[A-Z0-9]{3}\d|GO:\d{7}"
    r"|CL:\d{7}|UBERON:\d{7}|HP:\d{7}|loinc:\d+-\d)"
)
# Names without an identifier, each with why. A new name has to be annotated or written here, and
# one that gets an identifier has to leave.
BARE = {
    "a number of ours: fitted, assumed or reckoned": (
        "A_cadss EC50_P Emax_dbp Emax_hr Emax_sbp K_H K_surge W_half a c_L carried feedback g_gaba "
        "gamma_cadss gamma_surge hr_gain k_G k_K k_TA k_quick k_slow kappa load load_0 m_Z n_A n_D "
        "n_H n_L n_M n_P n_theta q_S relief_max rho s2 s3 s4 s7 s_H sensitivity sharp t_arm t_tol "
        "tau_A tau_C tau_E tau_N tau_R1 tau_R2 tau_T tau_Z tau_theta tol_max tol_scale top_A top_D "
        "top_vas w_gaba w_pv w_sst w_vas width"
    ),
    "a convention": "a_CL a_V opioid_block",
    "a paper whose number we have not seen": (
        "Q_ratio g_pv g_pyr g_sst s6 slope_hamd17 slope_hamd6 slope_qids"
    ),
    "dehydronorketamine, whose identifier we have not seen": (
        "M_dhnk dhnk_r dhnk_s dhnk_venous dhnk_venous_r dhnk_venous_s"
    ),
    "no term found that says what it is": (
        "late_hold stress cadss dissociation sedation sedation_probability "
        "unresponsive_probability pressor chronotropic"
    ),
    "a trickle, of the file alone": "trickle_umol_per_h trickle_umol_per_L_per_h trickle_per_h",
}
# Names whose only term is that of any parameter: SBO has none for clearances, flows of tissue,
# scores, relative levels of the brain, largest effects and weights. (What it has for parameters of
# biochemistry, 256, libSBML takes for obsolete.)
GENERAL = (
    "CL CL_hnk CL_hnk_r_i CL_hnk_s_i CL_nk CL_nk_r_i CL_nk_s_i CL_r_i CL_s_i "
    "A_cadss D_ill Emax_hr K_H K_surge M0 Q2 Q2_i Q3 Q3_i Q_hnk Q_hnk_i Q_mix Q_mix_i Q_nk Q_nk_i "
    "S_max W W_half W_ref a adapted_lhb adapted_rest ampa_block ampa_throughput bdnf cadss carried "
    "chronotropic counted_rise crps_pain dissociation drive_pv drive_sst ease eef2 felt_lhb "
    "felt_rest gaba glutamate habenula hamd17 hamd6 heart_rate hr0 hr_change late_hold load load_0 "
    "madrs material1 material2 material3 material4 mtorc1 mtorc1_block n_theta nmda_block_lhb "
    "nmda_block_pv nmda_block_pyramidal nmda_block_rest nmda_block_sst "
    "nrs0 opioid_block pain_relief pain_vas pressor "
    "pyramidal_activity qids relief_max rho sedation sensitivity severity sharp spine_density "
    "spine_density_absolute spine_erasure spines_ill ssri_quick ssri_quick_onset ssri_slow "
    "ssri_slow_onset stress surface_ampa surge synaptic_protein synaptic_state threshold tol_max "
    "top_A top_D top_P top_cadss top_vas trkb trkb_block vas0 w_vas width"
)


@pytest.fixture(scope="module")
def found(request):
    """{name: (SBO term, URIs)} of every parameter of the three protocols but times of events."""
    out = {}
    for protocol in PROTOCOLS:
        document = libsbml.readSBMLFromString(request.getfixturevalue(protocol).text)
        model = document.getModel()
        assert model.isSetSBOTerm() and all(rule.isSetSBOTerm() for rule in model.getListOfRules())
        assert all(event.isSetSBOTerm() for event in model.getListOfEvents())
        for p in model.getListOfParameters():
            about = {
                t.getResourceURI(i) for t in p.getCVTerms() for i in range(t.getNumResources())
            }
            out[p.getId()] = (p.getSBOTerm(), about)
    return {name: x for name, x in out.items() if not re.fullmatch(r"event_\d+_time", name)}


def test_who_has_no_identifier(found):
    listed = {name for names in BARE.values() for name in names.split()}
    assert {name for name, (_, about) in found.items() if not about} == listed


def test_who_has_no_term_of_its_own(found):
    assert {name for name, (term, _) in found.items() if term == PARAMETER} == set(GENERAL.split())


def test_every_identifier_has_the_form_of_its_collection(found):
    for name, (_, about) in found.items():
        assert [uri for uri in about if not FORM.fullmatch(uri)] == [], name
    assert all(FORM.fullmatch(uri) for key in sources() for _, uri in paper(key))


def test_every_term_is_of_a_quantity(found):
    terms = {term for term, _ in found.values()} | {int(row["term"]) for row in table("terms.csv")}
    wrong = [t for t in terms if not libsbml.SBO.isQuantitativeParameter(t)]
    assert wrong == [] and len(terms) > 20


def test_some_that_are_known(found):
    def about(name):
        return {uri.removeprefix("https://identifiers.org/") for uri in found[name][1]}

    norketamine = "inchikey:BEQZHFIKTBVCAU-UHFFFAOYSA-N"
    assert about("bdnf") == {"uniprot:P23560"}
    assert about("V1") == {"CHEBI:6121", "doi:10.3389/fpain.2022.946486"}
    assert about("norketamine_s_central") == about("effect_pain_nk_s") == {norketamine}
    assert about("dhnk_s") == set()  # it is no 6-hydroxynorketamine
    assert about("hnk_s_central") == {"inchikey:CFBVGSWSOJBYGC-UHFFFAOYSA-N"}
    assert about("bound_lhb_ketamine_r") == {"CHEBI:6121", "uniprot:Q05586", "UBERON:0001941"}
    assert about("event_1_input_ketamine_s") == {"CHEBI:6121"}
    assert about("tau_M") == {"doi:10.1126/science.1190287"}
    assert [sbo("koff_ketamine_s", "1/h"), sbo("n_P", "1"), sbo("V1", "L")] == [338, 190, 468]


def test_two_numbers_of_one_paper_are_two_identifiers():
    assert [uri for _, uri in paper("transform3")] == [
        "https://identifiers.org/doi:10.1016/j.jagp.2019.10.008",
        "https://identifiers.org/clinicaltrials:NCT02422186",
    ]


def test_every_row_of_the_tables_is_used():
    model = build(LIGANDS, midazolam=True, ssri=True)
    names = {r.symbol for r in rows()} | {*model.states, *model.signals, "(model)"}
    used = {uri for name in names for _, uri in identifiers(name)}
    unused = [r for r in table("identifiers.csv") if not any(r["identifier"] in u for u in used)]
    assert unused == []
    assert {row["source"] for row in table("papers.csv")} <= {r.source for r in rows()}
    marks = {row["confidence"] for row in (*table("identifiers.csv"), *table("papers.csv"))}
    assert marks == {"read", "recalled"}
