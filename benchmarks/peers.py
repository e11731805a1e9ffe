"""Other programs, each as make(workload) -> solve(patient or batch, rtol, atol) -> (n, T, names).

Loading and compiling are done in make. All run on one core; what the file says is all they know.
"""

import importlib.util
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import peers_batch as batch  # noqa: E402
import peers_lsoda as lsoda  # noqa: E402
import peers_sbml as sbml  # noqa: E402

LADDER = tuple(
    (r, a) for r in (1e-5, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 3e-9) for a in (r * 1e-2, 1e-12)
)
TAYLOR = tuple((r, 0.0) for r in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9))
# name: (label, make, tolerances, repeats, patients at once)
PEERS = {
    "roadrunner": ("libRoadRunner CVODE", sbml.roadrunner, LADDER, 5, 1),
    "numbalsoda": ("numbalsoda LSODA", lsoda.numbalsoda, LADDER, 5, 1),
    "lsoda": ("SciPy LSODA, numba", lsoda.scipy, LADDER, 5, 1),
    "copasi": ("COPASI LSODA", sbml.copasi, LADDER, 3, 1),
    "heyoka": ("heyoka Taylor, batch of 8", batch.heyoka, TAYLOR, 3, batch.BATCH),
    "diffrax": ("diffrax Kvaerno5, vmap", batch.diffrax, ((1e-6, 1e-9),), 1, batch.BATCH),
}
# What was looked for, and why it may not be here.
ABSENT = {
    "numbalsoda": "to be built, with a Fortran compiler",
    "amici": "no wheels for this Python",
    "mrgsolve": "not of Python",
}


def absent():
    """Sentence parts: each program that is not here, and why."""
    missing = [name for name in ABSENT if importlib.util.find_spec(name) is None]
    return [f"{name} ({ABSENT[name]})" for name in missing]
