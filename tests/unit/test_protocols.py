"""The protocols that come with the software, the published figures beside them, and the ranges."""

from dataclasses import replace
from pathlib import Path

import pytest

from ketaqsp.protocol import read
from ketaqsp.protocol.schema import END
from ketaqsp.trial import applicability, observed
from ketaqsp.trial.conduct import conduct
from ketaqsp.trial.results import report

FILES = sorted((Path(__file__).resolve().parents[2] / "protocols").glob("*.yaml"))
QUICK = ("one-infusion", "zarate-2006", "su-2017", "daly-2018", "ekstrand-2022")


def test_there_are_enough_of_them():
    published = {o.protocol for o in observed.outcomes()}
    assert len(FILES) >= 12 and len(published) >= 8
    assert published <= {p.stem for p in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_protocol_is_read_and_has_its_name(path):
    assert read(path).name == path.stem


@pytest.mark.parametrize("name", QUICK)
def test_a_protocol_runs(name):
    protocol = read(next(p for p in FILES if p.stem == name))
    found = report(conduct(protocol, replicates=1), {"version": "", "parameters_sha256": ""}, 0.0)
    assert found["solver"]["failed_patients"] == 0
    for arm in found["arms"]:
        visits = sum(len(p.visits) for p in protocol.phases if arm["name"] in
                     [a.name for a in p.arms])  # fmt: skip
        assert len(arm["visits"]) == visits
        assert all(v["madrs_mean"] is not None for v in arm["visits"])


@pytest.mark.parametrize(
    "o", observed.outcomes(), ids=lambda o: f"{o.protocol}-{o.arm}-{o.time_h:g}"
)
def test_a_published_figure_belongs_to_an_arm_and_a_visit(o):
    protocol = read(next(p for p in FILES if p.stem == o.protocol))
    phase = next((p for p in protocol.phases if p.name == o.phase), None)
    assert phase is not None and o.arm in [a.name for a in phase.arms]
    assert o.study and o.doi_or_pmid and o.place and o.confidence in ("read", "recalled", "derived")
    assert 0 <= o.value <= 100 if o.unit == "percent" else -40 < o.value <= 0


def test_published_protocols_lie_within_the_evidence():
    for path in FILES:
        if any(o.protocol == path.stem for o in observed.outcomes()):
            outside = [x for x in applicability.lines(read(path)) if not x.within]
            assert outside == [], path.stem


def test_what_nobody_has_tried_is_named():
    protocol = read(next(p for p in FILES if p.stem == "one-infusion"))
    (phase,) = protocol.phases
    (arm,) = phase.arms
    (given,) = arm.treatments

    def verdicts(treatment):
        changed = replace(phase, arms=(replace(arm, treatments=(treatment,)),))
        found = applicability.lines(replace(protocol, phases=(changed,)))
        return {x.what for x in found if not x.within}

    assert verdicts(given) == set()
    assert verdicts(replace(given, amount=3.0)) == {"dose"}
    assert verdicts(replace(given, amount=35.0, unit="mg")) == {"dose"}
    assert verdicts(replace(given, route="sl")) == {"drug and route"}
    assert verdicts(replace(given, hours=tuple(24.0 * k for k in range(7)))) == {"doses a week"}
    assert verdicts(replace(given, hours=(0.0, 24.0 * 200))) == {"length of treatment"}


def test_the_end_of_treatment_is_the_last_visit():
    for path in FILES:
        for phase in read(path).phases:
            assert END not in phase.visits[:-1]
