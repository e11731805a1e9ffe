"""Every route, and resets and steady states, in the file that the command line writes.

By libRoadRunner and by SciPy through a reader of its own. Two days each: what a route adds is over
by then, and the weeks after are those of any dose.
"""

import numpy as np
import pytest

import ketaqsp
from cross.referees import check_roadrunner, check_scipy, exported, ours
from cross.sbml_reader import Reader
from ketaqsp.dose import bolus
from ketaqsp.dose.event_table import read_events
from ketaqsp.patient.simulate import model_for

EARLY = (0.02, 0.1, 0.2, 1 / 3, 0.5, 1.5, 5.75, 5.85)  # h: peaks of what lives for minutes
HEAD = "ID,TIME,EVID,AMT,RATE,II,ADDL,SS,DRUG,ROUTE,DUR,LAG\n"
ROUTES = {
    "im": ("ketamine", "35 mg"),
    "in": ("esketamine", "84 mg"),
    "po": ("arketamine", "50 mg"),
    "po_er": ("ketamine", "40 mg"),
    "sl": ("ketamine", "25 mg"),
}
# Steady states that overlap themselves and one that adds, in places with a share and a lag; sprays
# of one sitting; a reset while an infusion runs; a reset with a dose.
EVERYTHING = (
    HEAD
    + """1,0,1,30,0,12,1,1,ketamine,sc,15,0.5
1,0,1,20,0,24,0,2,oral_antidepressant,po,0,0
1,2,1,28,0,0.0833,2,0,esketamine,in,0,0
1,2.5,1,5,0,0,0,0,midazolam,in,0,0
1,14,4,35,0,0,0,0,ketamine,im,0,0
1,18.3,1,5,0,10.7,1,0,midazolam,po,0,0.3
1,20,1,35,17.5,0,0,0,ketamine,iv,0,0
1,21,3,0,0,0,0,0,.,.,0,0
1,26,1,10,0,8,0,1,oral_antidepressant,po,0,0
1,26,1,25,0,0,0,0,ketamine,sl,0,0
"""
)


def compared(path, regimen, *options, people=None, patient=0):
    """Problems that libRoadRunner and SciPy find in the exported file over two days.

    Of one patient of a Cohort, or of the typical one.
    """
    times = {d.start_h + t for d in regimen.doses for t in EARLY}
    times |= {d.start_h + d.duration_h for d in regimen.doses}
    times = sorted(t for t in times if t < 48)
    people = ketaqsp.typical() if people is None else people
    out = ketaqsp.simulate(regimen, people, days=2, extra_times=times)
    jumps = {d.start_h + d.lag_h for d in regimen.doses} | set(regimen.resets)
    mine = ours(out, patient).without(*np.round(sorted(jumps), 9))
    text = exported(path, *options)
    assert sorted(Reader(text).states) == sorted(model_for(regimen).states)
    return check_roadrunner(text, mine) + check_scipy(text, mine)


@pytest.mark.parametrize("route", ROUTES)
def test_a_route(route, tmp_path):
    drug, dose = ROUTES[route]
    regimen = bolus(drug, mg=float(dose.split()[0]), route=route)
    options = ("--drug", drug, "--route", route, "--dose", dose)
    assert compared(tmp_path / "route.xml", regimen, *options) == []


def test_all_that_an_event_table_can_say(tmp_path):
    table = tmp_path / "doses.csv"
    table.write_text(EVERYTHING)
    (regimen,) = read_events(table).values()
    assert compared(tmp_path / "table.xml", regimen, "--events", table) == []


def test_a_drawn_patient_takes_up_what_he_does_in_a_simulation(tmp_path):
    """By mouth another share each day, and the file says which."""
    people, days = ketaqsp.cohort("trd", 3, 5), (0, 1)
    regimen = bolus("ketamine", mg=50, route="po", days=days)
    options = ("--route", "po", "--dose", "50 mg", "--days", "0,1", "--patient", "2", "--seed", "5")
    path = tmp_path / "drawn.xml"
    assert compared(path, regimen, *options, people=people, patient=2) == []
