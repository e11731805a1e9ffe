"""The plasma link alone, solved by the engine of the whole chain: a second takes a blink."""

from dataclasses import replace

import numpy as np

from ketaqsp import plasma
from ketaqsp.chain import build
from ketaqsp.dose.schedule import schedule
from ketaqsp.patient.cohort import typical_values
from ketaqsp.solve import run

COMPANIONS = {"ligands": plasma.LIGANDS, "midazolam": True, "ssri": True}


def model(**companions):
    """The linear systems of the chain and their read-outs, without what they drive."""
    whole = build(**companions)
    constants = tuple(b for b in whole.constants if "plasma" in b.value.function.__module__)
    return replace(whole, constants=constants, sweep=(), readouts=plasma.readouts(), feedback=())


def solve(regimens, outputs, *, weight=70.0, companions=None, pk=None, **changed):
    """{name: (O, n)} of every plasma state and read-out at `outputs` (h); n weights in kg.

    pk: a published plasma model. changed: single parameters, each a number or (n,).
    """
    weight = np.atleast_1d(np.asarray(weight, dtype=float))
    chain = model(**(companions or {}))
    known = {**typical_values(pk), "W": weight, **changed}
    values = {name: known[name] for name in chain.parameters}
    plan = schedule(regimens, weight)
    # Volumes and flows hold at every time and are no curve.
    wanted = [*chain.states, *(block.name for block in chain.readouts)]
    result = run(chain, values, plan, float(np.max(outputs)), outputs, wanted=wanted)
    assert (result.status == 0).all()
    return result.values
