"""Other programs, each as make(workload) -> solve(patient or batch, rtol, atol) -> (n, T, names).

Loading and compiling are done in make. All run on one core; what the file says is all they know.
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import peers_batch as batch  # noqa: E402
import peers_lsoda as lsoda  # noqa: E402
import peers_sbml as sbml  # noqa: E402


def hundredth(rtol):
    return rtol * 1e-2


def thousandth(rtol):
    return rtol * 1e-3


def tiny(_):
    return 1e-12


def none(_):
    return 0.0


@dataclass(frozen=True)
class Peer:
    """rules: absolute tolerance from the relative one. at_once: patients of a call.

    ladder: relative tolerances, each with each rule; `finer` more of each rule are tried where the
    bar is crossed. repeats: how often the best are timed again, interleaved; 0 for never.
    """

    label: str
    make: Callable
    rules: tuple = (hundredth, tiny)
    at_once: int = 1
    ladder: tuple = (1e-5, 3e-6, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 3e-9, 1e-9)
    finer: int = 2
    repeats: int = 3


PEERS = {
    "roadrunner": Peer("libRoadRunner CVODE", sbml.roadrunner),
    "numbalsoda": Peer("numbalsoda LSODA", lsoda.numbalsoda),
    "lsoda": Peer("SciPy LSODA, numba", lsoda.scipy),
    "copasi": Peer("COPASI LSODA", sbml.copasi),
    # heyoka makes an order of its tolerance and nothing else: here is each order once, 7 to 12.
    "heyoka": Peer(
        "heyoka Taylor, batch of 8",
        batch.heyoka,
        (none,),
        batch.BATCH,
        (1e-5, 1e-6, 3e-7, 1e-7, 1e-8, 1e-9),
        0,
    ),
    "diffrax": Peer(
        "diffrax Kvaerno5, vmap", batch.diffrax, (thousandth,), batch.BATCH, (3e-6, 1e-6), 0, 0
    ),
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
