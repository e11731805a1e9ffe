"""What a call from Python can get wrong: BadInput with value, allowed range and remedy."""

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.dose.event_table import read_events, write_events
from ketaqsp.errors import BadInput, MachineError
from ketaqsp.parameters import rows
from ketaqsp.patient import draws
from ketaqsp.patient.given import bounds
from ketaqsp.patient.simulate import model_for

DOSE = kq.infusion(mg_per_kg=0.5)
ONE_DAY = {"days": 1, "every": "12 h"}

# (what differs from a good call, what the message has to contain)
SIMULATE = [
    ({"days": None}, ("days None", "above 0 to 730 d", "'28 d'")),
    ({"days": "28"}, ("'28'", "no unit")),
    ({"days": [1, 2]}, ("days [1, 2]", "not a number", "730 d")),
    ({"days": 0}, ("days 0 d", "above 0")),
    ({"days": 731}, ("days 731 d", "730 d")),
    ({"days": float("nan")}, ("nan", "not finite")),
    ({"days": True}, ("days True", "not a number")),
    ({"every": [1, 2]}, ("every is [1, 2]", "1 min", "24 h", "every='1 h'")),
    ({"every": None}, ("every is None", "every='1 h'")),
    ({"every": "2 d"}, ("every is 48 h", "24 h")),
    ({"every": float("nan")}, ("every is nan h",)),
    ({"extra_times": [-5.0]}, ("-5 h", "from 0 to the end of the run, 24 h", "Leave it out")),
    ({"extra_times": [24.1]}, ("24.1 h", "24 h", "make days longer")),
    ({"extra_times": [float("nan")]}, ("nan h", "from 0")),
    ({"extra_times": ["1 h"]}, ("'1 h'", "list of hours")),
    ({"extra_times": None}, ("None", "list of hours")),
    ({"exit": "bogus"}, ("unknown exit 'bogus'", "slow, split")),
    ({"seed": -1}, ("seed is -1", "0 to 2^32 - 1", "seed=1")),
    ({"seed": "a"}, ("seed is 'a'", "whole number")),
    ({"wanted": "madr"}, ("'madr'", "did you mean 'madrs'")),
    ({"rater_noise": "no"}, ("rater_noise is 'no'", "True or False")),
    ({"between_occasions": 0}, ("between_occasions is 0", "True or False")),
    ({"rater_noise": True, "wanted": ["bdnf"]}, ("'bdnf'", "madrs, hamd17", "Add one to wanted")),
    (
        {"interventions": [("ampa_block", 1, 2, 1)]},
        ("no Intervention", "Intervention('ampa_block'"),
    ),
    ({"interventions": 3}, ("3, no list", "Intervention('ampa_block'")),
    ({"wanted": 3}, ("wanted is 3", "['madrs']")),
    ({"wanted": [["madrs"]]}, ("unknown variable ['madrs']",)),
]
EXPERIMENTS = [
    (("ampa_blok", 1, 2, 1.0), ("'ampa_blok'", "did you mean 'ampa_block'")),
    (([3], 1, 2, 1.0), ("unknown parameter [3]",)),
    (("ampa_block", 25, 26, 1.0), ("start_h 25 is after the end of the run, 24 h",)),
    (("ampa_block", 5, 2, 1.0), ("stop_h 2 is not after start_h 5 h",)),
    (("ampa_block", 2, 2, 1.0), ("stop_h 2 is not after start_h 2 h",)),
    (("ampa_block", -1, 2, 1.0), ("start_h is -1", "hours from 0")),
    (("ampa_block", 1, float("nan"), 1.0), ("stop_h is nan",)),
    (("ampa_block", 1, 2, 1.5), ("ampa_block is 1.5 fraction", "0 to 1")),
    (("ampa_block", 1, 2, "all"), ("value is 'all'",)),
    (("tau_G", 1, 2, 0.0), ("tau_G is 0 h", "above 0")),
    (("CL_mdz", 1, 2, 30.0), ("no equation reads CL_mdz", "nothing would change")),
    (("CL", 1, 2, 30.0), ("on CL", "plasma hold for a whole run", "cohort.replace(CL=...)")),
    (("ka_in", 1, 2, 30.0), ("no equation reads ka_in",)),
]


def refused(call, said):
    with pytest.raises(BadInput) as told:
        call()
    missing = [text for text in said if text not in str(told.value)]
    assert not missing, f"{missing} not in: {told.value}"


@pytest.mark.parametrize(("changed", "said"), SIMULATE, ids=lambda x: str(x)[:40])
def test_simulate_refuses(changed, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = {**ONE_DAY, **changed, "out": "run.csv"}
    refused(lambda: kq.simulate(DOSE, kq.typical(), **call), said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("made", "said"), EXPERIMENTS, ids=str)
def test_an_experiment_that_cannot_be(made, said):
    given = [kq.Intervention(*made)]
    refused(lambda: kq.simulate(DOSE, kq.typical(), **ONE_DAY, interventions=given), said)


def test_an_experiment_that_is_taken_changes_something():
    """Every parameter: what is not refused moves a curve, if nothing that it acts on is off."""
    still, regimen = set(), DOSE + kq.bolus("midazolam", mg=5, route="in")
    people = kq.typical(**dict.fromkeys(("s2", "s3", "s4", "s6", "s7"), 0.3))
    call = {"days": 0.25, "every": "1 h"}
    plain = kq.simulate(regimen, people, **call)
    for name in model_for(regimen).parameters:
        value = 1.3 * np.asarray(people.parameters[name]).item() or 0.3
        try:
            out = kq.simulate(
                regimen, people, **call, interventions=kq.Intervention(name, 0.5, 6, value)
            )
        except BadInput:
            continue
        if all((out[x].values == plain[x].values).all() for x in out.data_vars):
            still.add(name)
    assert still == set()


@pytest.mark.parametrize(
    ("regimen", "said"),
    [
        (None, ("regimen is None", "infusion(mg_per_kg=0.5)", "nothing()")),
        ("ketamine", ("regimen is 'ketamine'", "a list of them")),
        ([DOSE, 3], ("regimen of patient 1 is 3",)),
        ({1: DOSE}, ("regimen is dict", "list(regimens.values())", "cohort(ids=list(regimens))")),
    ],
    ids=str,
)
def test_a_regimen_that_is_none(regimen, said):
    refused(lambda: kq.simulate(regimen, kq.typical(), days=1), said)


def test_what_is_meant_is_taken():
    """Text for days, one name for wanted, one time, one experiment."""
    plain = kq.simulate(DOSE, kq.typical(), days=2, every="12 h", wanted=["madrs"])
    text = kq.simulate(DOSE, kq.typical(), days="2 d", every=12, wanted="madrs")
    assert text.identical(plain)
    short = kq.simulate(DOSE, kq.typical(), days=0.9 / 24, every=0.9, wanted=["madrs"])
    assert short["time"].values.tolist() == [0, 0.9]  # 24 * (0.9 / 24) < 0.9
    one = kq.Intervention("ampa_block", 1, 2, 1.0)
    some = kq.simulate(DOSE, kq.typical(), **ONE_DAY, interventions=one, extra_times=3.0)
    assert some["time"].values.tolist() == [0, 3, 12, 24]
    many = kq.simulate(DOSE, kq.typical(), **ONE_DAY, interventions=[one], extra_times=[3.0])
    assert some.identical(many)


# (symbol, value, what the message has to contain)
VALUES = [
    ("CL", -5, ("CL is -5 L/h", "above 0 L/h", "The table has 88.8 L/h")),
    ("CL", 0, ("CL is 0 L/h", "above 0")),
    ("fu", 3.0, ("fu is 3 fraction", "0 to 1 fraction", "0.55")),
    ("fu", -0.1, ("0 to 1",)),
    ("tau_S", 0.0, ("tau_S is 0 h", "above 0 h")),
    ("k_G", -1, ("k_G is -1", "0 or more")),
    ("M0", 70, ("M0 is 70 points", "at most 60")),
    ("M0", float("inf"), ("M0 is inf",)),
    ("M0", "a", ("M0 is 'a'", "a number, or an array of 2", "points")),
    ("M0", None, ("M0 is None", "points")),
    ("M0", [1, [2, 3]], ("M0 is [1, [2, 3]]", "points")),
    ("M0", [1, 2, 3], ("M0 has shape (3,)", "an array of 2, one a patient")),
    ("M0", [30, -30], ("M0 of patient 1 is -30 points", "above 0")),
    ("fu", np.array([0.5, 1.5]), ("fu of patient 1 is 1.5", "0 to 1")),
    ("S_max", 1.0, ("S_max is 1", "above 1", "The table has 3")),
    ("K_H", 0.0, ("K_H is 0", "above 0")),
    ("width", 0.0, ("width is 0", "above 0")),
    ("w_vas", 0.0, ("w_vas is 0 cm", "above 0")),
    ("D_ill", 0.7, ("D_ill", "follows from a patient's landscape", "load, kappa, W_half")),
    ("CLL", 5, ("unknown parameter 'CLL'", "did you mean 'CL'")),
]


@pytest.mark.parametrize(("symbol", "value", "said"), VALUES, ids=str)
def test_values_that_no_patient_has(symbol, value, said):
    """By name to cohort() and to a cohort's replace(); numbers to typical() too."""
    pair = kq.cohort(n=2)
    refused(lambda: kq.cohort(n=2, **{symbol: value}), said)
    refused(lambda: pair.replace(**{symbol: value}), said)
    if not isinstance(value, list | np.ndarray):
        alone = [text for text in said if "array" not in text]
        refused(lambda: kq.typical(**{symbol: value}), alone)


GRADIENT = [
    ({"regimen": "ketamine"}, ("regimen is 'ketamine'",)),
    ({"regimen": None}, ("regimen is None", "nothing()")),
    ({"cohort": 3}, ("cohort is int",)),
    ({"exit": "bogus"}, ("unknown exit 'bogus'", "slow, split")),
    ({"at": (4.0, 24.0)}, ("at is (4.0, 24.0)", "one time", "sensitivity()")),
    ({"of": ["madrs"]}, ("of is ['madrs']", "sensitivity()")),
    ({"parameters": 3}, ("parameters is 3", "['CL']")),
    ({"parameters": [3]}, ("unknown parameter of this model 3",)),
]


@pytest.mark.parametrize(("changed", "said"), GRADIENT, ids=str)
def test_gradient_refuses(changed, said):
    refused(lambda: kq.gradient(**{"regimen": DOSE, "at": 4.0, **changed}), said)


def test_times_of_a_derivative_that_are_one_to_the_solver():
    """Two within 4 ms, and one within 4 ms of the start: simulate() merges them as well."""
    at, ask = (1e-7, 4.0, 4.0000001, 9.0), {"of": "madrs", "parameters": ["CL"]}
    found, plain = (kq.sensitivity(DOSE, at=t, **ask) for t in (at, (0.0, 4.0, 9.0)))
    assert found.identical(plain)
    refused(lambda: kq.gradient(DOSE, at=1e-8, **ask), ("at is 1e-08", "the last above 0"))


@pytest.mark.parametrize(
    ("of", "said"), [((), ("of is empty",)), (3, ("of is 3", "['madrs']")), ([[3]], ("[3]",))]
)
def test_sensitivity_refuses(of, said):
    refused(lambda: kq.sensitivity(DOSE, of=of, at=4.0), said)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"preset": ["trd"]}, ("unknown population ['trd']",)),
        ({"cut": 3}, ("cut is 3", "a list of names")),
        ({"cut": [["bdnf"]]}, ("unknown cut ['bdnf']",)),
        ({"scenario": [["agonist"]]}, ("unknown scenario ['agonist']",)),
    ],
    ids=str,
)
def test_people_that_are_none(more, said):
    refused(lambda: kq.typical(**more), said)
    refused(lambda: kq.cohort(n=2, **more), said)


def test_who_is_no_longer_ill_is_refused():
    """cohort() and typical() draw nobody who rests well; nor does replace() make one."""
    people = kq.cohort(n=40, seed=1)
    for changed in ({"load": -3.0}, {"W_half": 0.7}, {"S_max": 1.05}):
        refused(lambda c=changed: people.replace(**c), ("not stably ill", "above 0.6", "Raise"))
    assert kq.cohort("healthy", n=5).replace(W_half=0.7).n == 5
    assert people.replace(load=people.parameters["load"]).n == 40


def test_what_is_no_path_or_regimen():
    refused(lambda: kq.open(3), ("3 is no path", "'run.zarr'"))
    refused(lambda: kq.trial(3), ("3 is no path", ".yaml"))
    refused(lambda: read_events(3), ("3 is no path", "event table"))
    refused(lambda: write_events(DOSE, 3), ("3 is no path", "event table"))
    refused(lambda: kq.clinic_times(3), ("regimen is 3",))
    refused(lambda: kq.clinic_times([3]), ("regimen of patient 0 is 3",))
    refused(lambda: kq.simulate(DOSE, days=1, declared="x"), ("declared is 'x'",))
    refused(lambda: kq.cohort("mdd", n=2, base="bipolar"), ("base is 'bipolar'", "Leave base out"))


def test_draws_of_the_prior():
    refused(lambda: draws(1.5), ("n is 1.5", "whole number"))
    refused(lambda: draws(3, seed=-1), ("seed is -1",))
    refused(lambda: draws(3, only=["tau_Z", "CLL"]), ("'CLL'", "did you mean 'CL'"))
    assert set(draws(3, only="tau_G")) == {"tau_G"}  # and not tau_G's namesakes
    assert set(draws(3, only="k_quick")) <= {"k_quick"}


def test_supervision_of_other_people():
    people = kq.cohort(n=3, seed=1)
    out = kq.simulate(DOSE, people, days=0.2, every="1 h", extra_times=kq.clinic_times(DOSE, 4.8))
    assert kq.supervise(out, people, DOSE).n == 3
    refused(lambda: kq.supervise(out, people.take([2, 1, 0]), DOSE), ("0, 1, 2", "2, 1, 0"))
    refused(lambda: kq.supervise(out, kq.cohort(n=3, seed=2), DOSE), ("seed is 1", "cohort's 2"))
    refused(lambda: kq.supervise(out, 3, DOSE), ("cohort is int",))
    refused(lambda: kq.supervise(out, people, 3), ("regimen is 3",))


def test_what_no_memory_holds_is_said():
    many = kq.cohort(n=20_000).take(np.tile(np.arange(20_000), 50))
    with pytest.raises(MachineError, match="out of memory.*GiB.*wanted"):
        kq.simulate(DOSE, many, days=28, every="1 min")


def test_one_value_a_patient():
    people = kq.cohort(n=2, M0=[30, 20], fu=(0.4, 0.6))
    assert people.parameters["M0"].tolist() == [30, 20]
    assert people.take([1]).parameters["fu"].tolist() == [0.6]
    same = kq.cohort(n=2).replace(fu=[0.4, 0.6])
    assert same.parameters["fu"].tolist() == [0.4, 0.6]


def test_cuts_are_in_range():
    """What a cut or a scenario sets may be set by name: it is how one is asked for in part."""
    for changes in (*kq.CUTS.values(), *kq.SCENARIOS.values()):
        kq.typical().replace(**changes)


def test_every_row_is_within_its_own_range():
    for row in rows():
        if row.role == "default":
            low, high, closed = bounds(row.symbol)
            assert low <= row.value <= high and (closed or row.value > low), row.symbol
    assert all(bounds(s)[0] == 0 for s in ("CL", "V1", "fu", "tau_S", "M0", "W", "g_sst"))
    assert bounds("action")[0] == bounds("load")[0] == -np.inf
