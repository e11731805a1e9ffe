"""Programs that read the exported file themselves: see peers.py."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from equations import Equations  # noqa: E402


def roadrunner(work):
    """libRoadRunner: CVODE on its own machine code of each file."""
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_CRITICAL)
    rr.Config.setValue(rr.Config.LLVM_BACKEND, rr.Config.LLJIT)  # loads four times as fast
    states = len(Equations(work.texts[0]).rates)
    known = {}

    def solve(i, rtol, atol):
        if i not in known:
            known[i] = rr.RoadRunner(work.texts[i])
            known[i].timeCourseSelections = list(work.names)
            return None
        engine = known[i]
        engine.resetToOrigin()
        engine.integrator.setValue("relative_tolerance", rtol)
        # A number would be scaled by each state as it is at an event; a list is taken as it is.
        engine.integrator.setValue("absolute_tolerance", [atol] * states)
        return np.array(engine.simulate(times=list(work.hours)))[None]

    return solve


def copasi(work):
    """COPASI's LSODA."""
    import basico

    known = {}

    def solve(i, rtol, atol):
        if i not in known:
            known[i] = basico.load_model_from_string(work.texts[i])
            return None
        table = basico.run_time_course(
            values=list(work.hours),
            r_tol=rtol,
            a_tol=atol,
            max_steps=1_000_000,
            use_sbml_id=True,
            model=known[i],
        )
        still = np.full(len(work.hours), np.nan)  # what never moves has no column
        return np.array([table.get(name, still) for name in work.names]).T[None]

    return solve
