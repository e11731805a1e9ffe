"""Other programs, each as make(workload) -> solve(patient or batch, rtol, atol) -> (n, T, names).

Loading and compiling are done in make. All run on one core; what the file says is all they know.
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from equations import Equations  # noqa: E402

BATCH = 8  # patients that heyoka and diffrax take at once


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


def _pieces(one, hours):
    """(start, stop, changes at start, outputs within) between the edges of a patient."""
    marks = [0.0, *(time for time, _ in one.edges), hours[-1]]
    changes = [{}, *(change for _, change in one.edges)]
    for (start, stop), change in zip(pairwise(marks), changes, strict=True):
        yield start, stop, change, (hours > start) & (hours <= stop)


def lsoda(work):
    """SciPy's LSODA (odeint), right-hand side compiled by numba."""
    from scipy.integrate import odeint

    people = [Equations(text) for text in work.texts]
    rates = people[0].compiled()

    def solve(i, rtol, atol):
        one = people[i]
        y, numbers = one.start, one.numbers.copy()
        table = np.empty((len(work.hours), len(y)))
        table[0] = y
        options = {"tfirst": True, "rtol": rtol, "atol": atol, "mxstep": 1_000_000}
        for start, stop, change, inside in _pieces(one, work.hours):
            numbers[list(change)] = list(change.values())
            times = np.unique([start, *work.hours[inside], stop])
            found = odeint(rates, y, times, args=(numbers,), **options)
            y, table[inside] = found[-1], found[np.searchsorted(times, work.hours[inside])]
        return _all(one, table, work)[None]

    return solve


def _all(one, table, work):
    """(T, names) from states (T, S)."""
    seen = one.seen(table, work.names)
    return np.array([seen[name] for name in work.names]).T


def heyoka(work):
    """heyoka's Taylor integrator in batch mode, made for each tolerance (its order follows)."""
    import heyoka as hy

    class Words:
        exp, log, where, greater = hy.exp, hy.log, hy.select, hy.gt

        @staticmethod
        def power(x, p):
            return x**p

    people = [Equations(text) for text in work.texts]
    states = hy.make_vars(*people[0].rates)
    numbers = [hy.par[i] for i in range(len(people[0].names))]
    system = list(zip(states, people[0].traced(states, numbers, Words), strict=True))
    made = {}

    def solve(first, rtol, _):
        some = people[first : first + BATCH]
        start = np.array([one.start for one in some]).T.copy()
        given = np.array([one.numbers for one in some]).T.copy()
        if (rtol, len(some)) not in made:
            engine = hy.taylor_adaptive_batch(
                system, start, tol=rtol, pars=given, compact_mode=True
            )
            made[rtol, len(some)] = engine
            return None
        engine = made[rtol, len(some)]
        engine.set_time(0.0)
        engine.state[:], engine.pars[:] = start, given
        table = np.empty((len(work.hours), *start.shape))
        table[0] = start
        plans = zip(*(_pieces(one, work.hours) for one in some), strict=True)
        for together in plans:
            begin, stop, _, inside = together[0]
            for lane, (_, _, change, _) in enumerate(together):
                engine.pars[list(change), lane] = list(change.values())
            times = np.unique([begin, *work.hours[inside], stop])
            grid = np.repeat(times[:, None], len(some), axis=1)
            _, found = engine.propagate_grid(grid)
            table[inside] = found[np.searchsorted(times, work.hours[inside])]
            if not np.isfinite(engine.state).all():
                table[work.hours > stop] = np.nan
                break
        return np.array([_all(one, table[:, :, k], work) for k, one in enumerate(some)])

    return solve


def diffrax(work):
    """diffrax's Kvaerno5 under vmap: the whole batch steps until its slowest patient arrives."""
    import diffrax as dx
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    class Words:
        exp, log, where, greater = jnp.exp, jnp.log, jnp.where, jnp.greater

        @staticmethod
        def power(x, p):
            return jnp.where(x > 0, x, 1.0) ** p

    people = [Equations(text) for text in work.texts[:BATCH]]
    most = len(work.hours) + 1

    def rates(_, y, numbers):
        found = people[0].traced(list(y), list(numbers), Words)
        return jnp.stack([jnp.asarray(x, float) for x in found])

    def piece(y, numbers, start, stop, times, rtol, atol):
        control = dx.PIDController(rtol=rtol, atol=atol)
        done = dx.diffeqsolve(
            dx.ODETerm(rates),
            dx.Kvaerno5(),
            start,
            stop,
            None,
            y,
            numbers,
            saveat=dx.SaveAt(ts=times),
            stepsize_controller=control,
            max_steps=200_000,
            throw=False,
        )
        return jnp.where(done.result == dx.RESULTS.successful, done.ys, jnp.nan)

    step = jax.jit(jax.vmap(piece, in_axes=(0, 0, None, None, None, None, None)))

    def solve(_, rtol, atol):
        y = np.array([one.start for one in people])
        numbers = np.array([one.numbers for one in people])
        table = np.empty((len(work.hours), *y.shape))
        table[0] = y
        for together in zip(*(_pieces(one, work.hours) for one in people), strict=True):
            start, stop, _, inside = together[0]
            for row, (_, _, change, _) in enumerate(together):
                numbers[row, list(change)] = list(change.values())
            times = np.minimum(np.append(work.hours[inside], np.full(most, stop))[:most], stop)
            found = np.asarray(step(y, numbers, start, stop, times, rtol, atol))
            table[inside] = found[:, : inside.sum()].swapaxes(0, 1)
            y = found[:, -1]
        return np.array([_all(one, table[:, k], work) for k, one in enumerate(people)])

    return solve


LADDER = tuple(
    (r, a) for r in (1e-5, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 3e-9) for a in (r * 1e-2, 1e-12)
)
TAYLOR = tuple((r, 0.0) for r in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9))
# name: (label, make, tolerances, repeats, patients at once)
PEERS = {
    "roadrunner": ("libRoadRunner CVODE", roadrunner, LADDER, 5, 1),
    "lsoda": ("SciPy LSODA, numba", lsoda, LADDER, 5, 1),
    "copasi": ("COPASI LSODA", copasi, LADDER, 3, 1),
    "heyoka": ("heyoka Taylor, batch of 8", heyoka, TAYLOR, 3, BATCH),
    "diffrax": ("diffrax Kvaerno5, vmap", diffrax, ((1e-6, 1e-9),), 1, BATCH),
}
ABSENT = ("numbalsoda", "amici", "mrgsolve")
