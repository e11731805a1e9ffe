"""The protocol of the comparisons: 0.5 mg/kg of ketamine over 40 min on six days, 28 days."""

from dataclasses import dataclass

import pytest

import ketaqsp
from cross.referees import DAYS, ENDS, Curves, exported, ours
from ketaqsp.patient.simulate import model_for

OPTIONS = ("--dose", "0.5 mg/kg", "--duration", "40 min", "--days", ",".join(map(str, DAYS)))
SEED, PATIENT = 7, 3


@dataclass(frozen=True)
class Case:
    """text: the file that the command line wrote. mine: our curves. states: names in the model."""

    text: str
    mine: Curves
    states: tuple


def _case(path, cohort, patient, *who):
    regimen = ketaqsp.infusion(mg_per_kg=0.5, minutes=40, days=DAYS)
    out = ketaqsp.simulate(regimen, cohort, days=28, extra_times=ENDS)
    text = exported(path, *OPTIONS, *who)
    return Case(text, ours(out, patient), model_for(regimen).states)


@pytest.fixture(scope="session")
def typical(tmp_path_factory):
    path = tmp_path_factory.mktemp("sbml") / "typical.xml"
    return _case(path, ketaqsp.typical(), 0)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    path = tmp_path_factory.mktemp("sbml") / "drawn.xml"
    cohort = ketaqsp.cohort(n=PATIENT + 1, seed=SEED)
    return _case(path, cohort, PATIENT, "--patient", str(PATIENT), "--seed", str(SEED))


@pytest.fixture(scope="session")
def one_infusion(tmp_path_factory):
    path = tmp_path_factory.mktemp("sbml") / "one.xml"
    regimen, end = ketaqsp.infusion(mg_per_kg=0.5, minutes=40), (40 / 60,)
    out = ketaqsp.simulate(regimen, ketaqsp.typical(), days=28, extra_times=end)
    text = exported(path, "--dose", "0.5 mg/kg", "--duration", "40 min")
    return Case(text, ours(out), model_for(regimen).states)


NASAL_DAYS = (0, 3, 7, 10, 14, 17, 21, 24)


@pytest.fixture(scope="session")
def nasal(tmp_path_factory):
    """Esketamine by the nose, twice a week for four weeks. A spray is given at once: where what it
    enters jumps, programs show the value before or after."""
    path = tmp_path_factory.mktemp("sbml") / "nasal.xml"
    regimen = ketaqsp.bolus("esketamine", mg=84, route="in", days=NASAL_DAYS)
    soon = (0.25, 0.5, *(24.0 * day + hours for day in NASAL_DAYS[:2] for hours in (0.1, 0.75)))
    out = ketaqsp.simulate(regimen, ketaqsp.typical(), days=28, extra_times=soon)
    days = ",".join(map(str, NASAL_DAYS))
    dosing = ("--drug", "esketamine", "--route", "in", "--dose", "84 mg", "--days", days)
    text = exported(path, *dosing)
    jumps = {time for dose in regimen.doses for time in (dose.start_h,)}
    return Case(text, ours(out).without(*jumps), model_for(regimen).states)


EVENTS = """ID,TIME,EVID,AMT,RATE,II,ADDL,DRUG,ROUTE
1,0,1,35,52.5,48,1,ketamine,iv
1,0,1,10,0,24,6,oral_antidepressant,po
1,1,1,3,4.5,0,0,midazolam,iv
1,6,1,20,0,24,6,memantine,po
1,30,1,10,0,0,0,ketamine,iv
"""
SWITCHES = ("late_hold", "hnk")


@pytest.fixture(scope="session")
def companions(tmp_path_factory):
    """Every drug beside ketamine, boluses, and the switches that are off: no state stands still."""
    from ketaqsp.dose.event_table import read_events

    folder = tmp_path_factory.mktemp("sbml")
    table = folder / "doses.csv"
    table.write_text(EVENTS)
    (regimen,) = read_events(table).values()
    times = (40 / 60, 100 / 60, 30.02, 30.1, 48 + 40 / 60)  # ends, and just after the bolus
    cohort = ketaqsp.typical(scenario=SWITCHES)
    out = ketaqsp.simulate(regimen, cohort, days=10, extra_times=times)
    jumps = {dose.start_h for dose in regimen.doses}  # amounts given at once: before or after?
    scenarios = [word for name in SWITCHES for word in ("--scenario", name)]
    text = exported(folder / "companions.xml", "--events", table, *scenarios)
    return Case(text, ours(out).without(*jumps), model_for(regimen).states)
