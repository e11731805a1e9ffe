"""solver="jax": values in JAX, on a card where there is one; the same grid, steps and errors."""

from functools import lru_cache

import jax
import numpy as np

from ketaqsp.errors import BadInput
from ketaqsp.solve import linear
from ketaqsp.solve.gradient.sweep import Task, program
from ketaqsp.solve.plain import with_constants


def solve(task, given, names, into):
    """Fills `into` (names, O, n) and gives the (n,) error of a step, inf where a state was negative
    or an output is not finite. given: ({input: (edges, n)} in umol/h, the same in umol at once).

    Patients are filled up to a power of two with the last, so that few programs are compiled.
    """
    model, values, schedule, rows, course, _, interventions = task
    if interventions or schedule.restarts:
        raise BadInput(
            'solver="jax" knows no interventions, SS, EVID 3 or EVID 4; use solver="default".'
        )
    n = len(rows)
    size = max(8, 1 << (n - 1).bit_length())
    filled = np.minimum(np.arange(size), n - 1)
    own = {
        name: np.broadcast_to(np.asarray(x, dtype=float), (n,))[filled]
        for name, x in values.items()
    }
    doses = [{name: x[:, filled] for name, x in kind.items()} for kind in given]
    fastest = fastest_rates(model, values, n)
    edges = tuple(map(float, schedule.edges_h))
    with jax.enable_x64(True):
        function = _compiled(model, course, edges, tuple(names), fastest, size)
        found = {name: np.asarray(x)[..., :n] for name, x in function(own, *doses).items()}
    error = found.pop("error")
    for row, name in enumerate(names):
        into[row, :, :n] = found[name]
    finite = np.all([np.isfinite(x).all(axis=0) for x in found.values()], axis=0)
    return np.where(finite & np.isfinite(error), error, np.inf)


def fastest_rates(model, values, n):
    """((system, fastest rate in 1/h), ...), up to a power of two so that programs are shared."""
    whole, out = with_constants(model, values), []
    for system in model.linear:
        g = linear.generator(system, whole, n)
        top = -np.diagonal(g, axis1=1, axis2=2)
        top = top[np.isfinite(top)].max(initial=1e-300)
        out.append((system.name, float(2.0 ** np.ceil(np.log2(top)))))
    return tuple(out)


@lru_cache(maxsize=16)
def _compiled(model, course, edges, names, fastest, size):
    task = Task(model, course, np.array(edges), names, dict(fastest), judged=True)
    return jax.jit(program(task, size))
