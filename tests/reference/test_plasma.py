"""The exact linear part against closed forms worked out here, and against 40 digits."""

import math

import mpmath
import numpy as np
import pytest

from ketaqsp.dose import Dose, Regimen, bolus, oral
from ketaqsp.patient import typical
from ketaqsp.solve import linear
from plasma_only import COMPANIONS, model, solve
from tolerances import PLASMA_CLOSED_FORM

# Times that no grid would choose: 37 min 11 s of infusion, read out at odd moments. The engine
# keeps times to 1e-9 h and step lengths to 1e-10 h, which is most of what differs below (1e-8).
ODD = round((37 * 60 + 11) / 3600, 9)
TIMES = np.array(
    [0.0, 1 / 360, 0.1234567, 0.5, ODD, ODD + 1 / 720, 1.0, 2.7182818, 9.3, 24.0, 71.9]
)
WEIGHT = 70.0  # the tables' volumes and clearances hold at this weight
P = typical().parameters
UMOL = 1e3 / 237.7  # of ketamine base in a milligram
FORMS = [("s", 1.0), ("r", P["CL_ratio_r"])]


def error(found, wanted):
    """Largest difference relative to the peak."""
    return np.max(np.abs(found - wanted)) / np.max(np.abs(wanted))


def three_exponentials(cl):
    """(A, rates): a unit bolus leaves sum A_i exp(-rate_i t) of itself in the central volume.

    The rates are the roots of x^3 - a x^2 + b x - c with the usual micro-constants, by Viete.
    """
    out, to2, to3 = cl / P["V1"], P["Q2"] / P["V1"], P["Q3"] / P["V1"]
    back2, back3 = P["Q2"] / P["V2"], P["Q3"] / P["V3"]
    a = out + to2 + to3 + back2 + back3
    b = out * back2 + out * back3 + back2 * back3 + to2 * back3 + to3 * back2
    c = out * back2 * back3
    radius = math.sqrt(a * a / 9 - b / 3)
    angle = math.acos((2 * a**3 / 27 - a * b / 3 + c) / (2 * radius**3)) / 3
    rates = [a / 3 + 2 * radius * math.cos(angle + 2 * math.pi * k / 3) for k in range(3)]
    weights = []
    for i, x in enumerate(rates):
        y, z = (r for j, r in enumerate(rates) if j != i)
        weights.append((back2 - x) * (back3 - x) / ((y - x) * (z - x)))
    return np.array(weights), np.array(rates)


def after_bolus(cl, umol, t):
    weights, rates = three_exponentials(cl)
    return umol * (weights * np.exp(-np.outer(t, rates))).sum(axis=1)


def after_infusion(cl, rate, stop, t):
    weights, rates = three_exponentials(cl)
    on, off = np.minimum(t, stop), np.maximum(t - stop, 0.0)
    filled = (1 - np.exp(-np.outer(on, rates))) / rates
    return rate * (weights * filled * np.exp(-np.outer(off, rates))).sum(axis=1)


def infused(mg, start=0.0, hours=ODD, drug="ketamine"):
    return Regimen((Dose(drug, "iv", mg, "mg", start, hours),))


@pytest.mark.parametrize(("form", "ratio"), FORMS)
def test_three_compartments_infusion(form, ratio):
    found = solve(infused(35.0), TIMES, weight=WEIGHT)[f"ketamine_{form}_central"][:, 0]
    wanted = after_infusion(P["CL"] * ratio, 17.5 * UMOL / ODD, ODD, TIMES)
    assert error(found, wanted) < PLASMA_CLOSED_FORM


@pytest.mark.parametrize(("form", "ratio"), FORMS)
def test_three_compartments_bolus(form, ratio):
    after = TIMES[1:]  # at the time of a dose the value is the one before it
    found = solve(bolus(mg=10.0), TIMES, weight=WEIGHT)[f"ketamine_{form}_central"][:, 0]
    assert found[0] == 0.0
    assert error(found[1:], after_bolus(P["CL"] * ratio, 5.0 * UMOL, after)) < PLASMA_CLOSED_FORM


def test_infusion_on_top_of_a_bolus():
    regimen = bolus(mg=10.0) + infused(35.0, start=0.3)
    found = solve(regimen, TIMES, weight=WEIGHT)["ketamine_s_central"][:, 0]
    wanted = after_bolus(P["CL"], 5.0 * UMOL, TIMES)
    wanted += after_infusion(P["CL"], 17.5 * UMOL / ODD, ODD, np.maximum(TIMES - 0.3, 0.0))
    assert error(found[1:], wanted[1:]) < PLASMA_CLOSED_FORM


def test_body_weight_scales_volumes_and_flows():
    """At (W/70)^0.75 and W/70 the curve is that of 70 kg on a clock slower by (W/70)^0.25."""
    slower = (105.0 / 70.0) ** 0.25
    at_70 = solve(infused(35.0, hours=0.5), TIMES, weight=70.0)["ketamine_s_central"][:, 0]
    heavy = solve(infused(35.0, hours=0.5 * slower), TIMES * slower, weight=105.0)
    assert error(heavy["ketamine_s_central"][:, 0], at_70) < PLASMA_CLOSED_FORM


def test_two_delays_to_norketamine():
    """Each exponential of the parent, passed through two stages of rate k = 2/MTT."""
    weights, rates = three_exponentials(P["CL"])
    k, formed = 2 / P["MTT_nk"], P["f_nk"] * P["CL"] / P["V1"]
    t = TIMES[1:, None]
    slow, fast = np.exp(-rates * t), np.exp(-k * t)
    first = (slow - fast) / (k - rates)
    second = k * (first - t * fast) / (k - rates)
    found = solve(bolus(mg=10.0), TIMES, weight=WEIGHT)
    for stage, shape in (("forming1", first), ("forming2", second)):
        wanted = 5.0 * UMOL * formed * (weights * shape).sum(axis=1)
        got = found[f"norketamine_s_{stage}"][1:, 0]
        assert error(got, wanted) < PLASMA_CLOSED_FORM


def test_the_unmixed_part():
    """rate/Q_mix (1 - exp(-Q_mix t/V1)) while infusing, an exponential after (Henthorn 2018)."""
    found = solve(infused(35.0), TIMES, weight=WEIGHT)["ketamine_s_unmixed"][:, 0]
    k, rate = P["Q_mix"] / P["V1"], 17.5 * UMOL / ODD
    on, off = np.minimum(TIMES, ODD), np.maximum(TIMES - ODD, 0.0)
    wanted = P["front_end"] * rate / P["Q_mix"] * (1 - np.exp(-k * on)) * np.exp(-k * off)
    assert error(found, wanted) < PLASMA_CLOSED_FORM


def test_memantine_by_mouth():
    """Bateman: F D ka/(ka - ke) (exp(-ke t) - exp(-ka t)), ke = CL/V; two doses add."""
    times = np.concatenate([TIMES, [100.0, 311.7]])
    found = solve(oral("memantine", mg=20.0, days=(0, 2)), times, companions=COMPANIONS)
    ka, ke = P["ka_memantine"], P["CL_memantine"] / P["V_memantine"]
    umol = P["F_memantine"] * 20e3 / 179.3

    def one(t):
        t = np.maximum(t, 0.0)
        return umol * ka / (ka - ke) * (np.exp(-ke * t) - np.exp(-ka * t))

    wanted = one(times) + one(times - 48.0)
    assert error(found["memantine_central"][:, 0], wanted) < PLASMA_CLOSED_FORM


def test_availability_below_one():
    """Escitalopram: the depot empties at ka whatever F; F decides where it goes."""
    found = solve(oral("oral_antidepressant", mg=10.0, days=(0,)), TIMES, companions=COMPANIONS)
    ka, ke, F = P["ka_ssri"], P["CL_ssri"] / P["V_ssri"], P["F_ssri"]
    umol, t = 10e3 / 324.4, TIMES[1:]
    wanted = F * umol * ka / (ka - ke) * (np.exp(-ke * t) - np.exp(-ka * t))
    assert error(found["ssri_central"][1:, 0], wanted) < PLASMA_CLOSED_FORM
    assert error(found["ssri_depot"][1:, 0], umol * np.exp(-ka * t)) < PLASMA_CLOSED_FORM


@pytest.mark.parametrize("name", ["ketamine_s", "ketamine_r", "midazolam", "ssri"])
def test_whole_system_in_forty_digits(name):
    """Every state of a system after the odd infusion (or dose), by mpmath's exponential."""
    chain = model(**COMPANIONS)
    system = next(s for s in chain.linear if s.name == name)
    regimen = infused(35.0) + infused(5.0, drug="midazolam")
    regimen += oral("oral_antidepressant", mg=10.0, days=(0,))
    times = np.array([ODD, 1.7, 24.0])
    found = solve(regimen, times, weight=WEIGHT, companions=COMPANIONS)

    values = {**P, "W": np.array([WEIGHT])}
    for block in chain.constants:
        values[block.name] = block.value(values)
    g = linear.generator(system, values, 1)[0]
    m, wide = g.shape
    umol = {"midazolam": 5e3 / 325.8, "ssri": 10e3 / 324.4}.get(name, 17.5 * UMOL)
    with mpmath.workdps(40):
        full = mpmath.zeros(wide)
        full[:m, :] = mpmath.matrix(g.tolist())
        z = mpmath.zeros(wide, 1)
        if name == "ssri":
            z[list(system.states).index("ssri_depot")] = umol
        else:
            z[m] = mpmath.mpf(umol) / ODD
        z = mpmath.expm(full * ODD) * z
        z[m:] = mpmath.zeros(wide - m, 1)
        rows = []
        for start, stop in zip((ODD, *times), times, strict=False):
            z = mpmath.expm(full * (stop - start)) * z
            rows.append([float(x) for x in z[:m]])
    for i, state in enumerate(system.states):
        wanted = np.array([row[i] for row in rows])
        if np.any(wanted):
            assert error(found[state][:, 0], wanted) < PLASMA_CLOSED_FORM, state
        else:
            assert not found[state].any(), state
