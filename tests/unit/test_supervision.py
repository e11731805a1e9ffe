"""Rules of supervision: each fires where it must, and none is kept for want of a fact."""

from dataclasses import replace

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.errors import BadInput
from ketaqsp.supervision import checks, rules
from ketaqsp.supervision.clinic import NEEDED
from ketaqsp.supervision.report import NO_DOSE, NOT_RUN, RUN, joined
from ketaqsp.supervision.sessions import looks, sessions

TABLE = {rule.rule: rule for rule in rules()}
N = 12


def clinic(regimen, people=None, days=None, **changed):
    """(result, cohort, Supervision) of a regimen; `changed` sets parameters of all patients."""
    people = people or kq.cohort("trd", n=N, seed=2)
    people = replace(people, parameters={**people.parameters, **changed})
    days = days or (regimen.last_h + 4) / 24
    times = kq.clinic_times(regimen, 24 * days)
    out = kq.simulate(regimen, people, days=days, every=f"{12 * days!r} h", extra_times=times)
    return out, people, kq.supervise(out, people, regimen)


USUAL = kq.infusion(mg_per_kg=0.5)
SURE = {"sd_sbp": 0.0, "sd_dbp": 0.0, "sd_hr": 0.0, "sbp0": 120.0, "dbp0": 75.0, "hr0": 70.0}


def test_every_rule_is_a_row_with_a_source_and_a_check_or_a_reason():
    assert len(TABLE) == len(rules()) >= 60
    for rule in TABLE.values():
        assert rule.source and rule.said and rule.confidence in ("read", "recalled"), rule.rule
        assert bool(rule.check) != bool(rule.why_not), rule.rule
        assert rule.counts in ("patients", "sessions")
        if rule.check:
            assert callable(getattr(checks, rule.check)) and rule.limits and rule.unit
    topics = {rule.topic for rule in TABLE.values() if rule.check}
    asked = {"contraindication", "pre-dose limit", "stop limit", "observation"}
    assert asked | {"cumulative exposure"} <= topics


@pytest.fixture(scope="module")
def quiet():
    """No error of reading, calm patients who neither rise nor dissociate."""
    still = {**SURE, "bp_gain": 0.0, "hr_gain": 0.0, "A_cadss": 0.0, "C50_sed": 1e9}
    people = replace(kq.cohort("trd", n=N, seed=2), covariates={})
    return clinic(USUAL, people, C50_hyp=1e9, **still)[2]


def test_nothing_fires_in_calm_patients(quiet):
    ran = [f for f in quiet.findings.values() if f.status == RUN]
    assert len(ran) >= 12
    assert [f.rule.rule for f in ran if f.fired] == []
    assert {f.of for f in ran} == {N}


# What makes a rule fire in every patient; nothing else is changed.
FIRES = {
    "hypertension_at_entry": (USUAL, {"sbp0": 141.0}),
    "predose_140_90": (USUAL, {"dbp0": 91.0}),
    "pressure_180_110": (USUAL, {"bp_gain": 6.0}),
    "pressure_160_100_or_hr_110": (USUAL, {"hr0": 111.0}),
    "rise_40_or_25": (USUAL, {"bp_gain": 5.0}),
    "any_sedation": (USUAL, {"C50_sed": 1e-9}),
    "unresponsive": (USUAL, {"C50_hyp": 1e-6}),
    "dissociation_above_4": (USUAL, {"A_cadss": 0.9}),
    "not_ready_at_2_h": (USUAL, {"C50_sed": 1e-9}),
    "dose_above_1_mg_per_kg": (kq.infusion(mg_per_kg=1.2), {}),
    "bolus_within_60_s": (kq.bolus(mg_per_kg=0.5), {}),
    "induction_above_4.5_mg_per_kg": (kq.infusion(mg_per_kg=5.0, minutes=2), {}),
    "more_than_two_a_week": (kq.infusion(mg_per_kg=0.5, days=[0, 2, 4]), {}),
    "two_a_week_past_two_months": (kq.infusion(mg_per_kg=0.1, days=[0, 62, 64, 66]), {}),
    "long_infusion_again": (kq.infusion("esketamine", mg=900, minutes=6000, days=[0, 20]), {}),
}


@pytest.mark.parametrize("name", FIRES)
def test_a_rule_fires_where_it_must(name, quiet):
    regimen, changed = FIRES[name]
    found = clinic(regimen, **{**SURE, **changed})[2][name]
    assert found.status == RUN and found.fired == found.of > 0 and found.share == 1
    assert found.patients == N
    assert quiet[name].fired == 0


def test_a_calm_regimen_fires_no_rule_of_schedule():
    found = clinic(kq.infusion(mg_per_kg=0.5, days=[0, 3, 7, 10]))[2]
    assert found.sessions == 4 * N and found["any_sedation"].of == 4 * N
    assert found["more_than_two_a_week"].fired == 0
    assert found["long_infusion_again"].fired == 0


def test_benefit_is_reviewed_after_four_weeks():
    weekly = kq.infusion(mg_per_kg=0.5, days=[0, 7, 14, 21, 28])
    people = kq.cohort("trd", n=40, seed=2)
    out, _, found = clinic(weekly, people, days=29)
    madrs = out["madrs"].sel(time=[0, 672], method="nearest").values
    assert found["benefit_at_4_weeks"].fired == (madrs[1] > madrs[0] / 2).sum()
    assert clinic(USUAL)[2]["benefit_at_4_weeks"].status == NOT_RUN


def test_a_rule_whose_fact_is_missing_is_never_kept():
    bare = kq.typical()
    bare = replace(bare, covariates={})
    found = clinic(USUAL, bare)[2]
    for name in ("age_below_18", "predose_150_over_65", "bmi_30", "benzodiazepine_8mg"):
        assert found[name].status == NOT_RUN and found[name].why
        assert found[name].fired is None and found[name].share is None
    never = [rule.rule for rule in TABLE.values() if rule.why_not]
    assert {found[name].status for name in never} == {NOT_RUN} and len(never) >= 35
    assert found["induction_im_above_13_mg_per_kg"].status == NO_DOSE


def test_facts_of_the_cohort_are_used():
    out, people, _ = clinic(USUAL, sbp0=155.0)
    old = np.repeat([70.0, 40.0], N // 2)
    tall = np.repeat([150.0, 250.0], N // 2)
    facts = {"age_years": old, "height_cm": tall, "benzodiazepine_mg": np.arange(N) * 1.0}
    who = replace(people, covariates=facts)
    found = kq.supervise(out, who, USUAL)
    assert found["age_below_18"].fired == 0
    assert 0 < found["predose_150_over_65"].fired <= N // 2
    assert not found["predose_150_over_65"].where[:, N // 2 :].any()
    bmi = people.weight() / (tall / 100) ** 2
    assert found["bmi_30"].fired == (bmi >= 30).sum()
    assert found["benzodiazepine_8mg"].fired == 3 and found["benzodiazepine_co_use"].fired == N - 1


def test_pieces_and_company_change_nothing():
    people = kq.cohort("trd", n=30, seed=2)
    out, _, whole = clinic(USUAL, people)
    parts = [slice(0, 11), slice(11, 30)]
    pieces = [kq.supervise(out.isel(patient=s), people.take(s), USUAL) for s in parts]
    assert joined(pieces).as_dict() == whole.as_dict()
    assert kq.supervise(out, people, USUAL, seed=1).as_dict() != whole.as_dict()


def test_one_regimen_a_patient():
    people = kq.cohort("trd", n=3, seed=2)
    own = [USUAL, kq.nothing(), kq.infusion(mg_per_kg=0.5, days=[0, 1])]
    times = kq.clinic_times(own)
    out = kq.simulate(own, people, days=2, every="1 d", extra_times=times)
    found = kq.supervise(out, people, own)
    assert found.sessions == 3 and found["any_sedation"].of == 3
    assert found["hypertension_at_entry"].of == 2
    np.testing.assert_allclose(found.mg[1:], [0, people.weight()[2]])


def test_a_bolus_and_its_infusion_are_one_session():
    both = kq.bolus(mg_per_kg=0.2) + kq.infusion(mg_per_kg=0.3)
    (one,) = sessions(both, np.array([70.0]))
    np.testing.assert_allclose(one.mg, 35)
    assert one.fastest[0] == 0 and one.stop_h == pytest.approx(2 / 3)
    seen = looks(one)
    assert seen[0] == 0 and seen[-1] == 2 and any(abs(t - one.stop_h) < 1e-6 for t in seen)
    assert np.diff(seen).min() > 1e-3


def test_bad_input_is_told():
    people = kq.cohort("trd", n=2, seed=2)
    out = kq.simulate(USUAL, people, days=1, every="6 h")
    with pytest.raises(BadInput, match="extra_times=ketaqsp.clinic_times"):
        kq.supervise(out, people, USUAL)
    with pytest.raises(BadInput, match="2 patients, the cohort 3"):
        kq.supervise(out, kq.cohort("trd", n=3), USUAL)
    with pytest.raises(BadInput, match="no heart_rate"):
        kq.supervise(out.drop_vars("heart_rate"), people, USUAL)
    with pytest.raises(BadInput, match="1 regimens for 2 patients"):
        kq.supervise(out, people, [USUAL])


def test_a_patient_who_failed_is_not_counted():
    out, people, _ = clinic(USUAL)
    out["status"][:2] = 2
    out["status"].values[2:4] = (1, 3)  # solved otherwise: counted as the others are
    for name in NEEDED:
        out[name][:, :2] = np.nan
    found = kq.supervise(out, people, USUAL)
    assert found.n == found.sessions == N - 2 == found["any_sedation"].of == len(found.mg)
    assert list(found.as_dict()["status"].values()) == [N - 4, 1, 2, 1]
