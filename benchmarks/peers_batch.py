"""Programs that take a batch of patients at once, given the file's equations: see peers.py."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from equations import Equations  # noqa: E402

BATCH = 8  # patients at once


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
            engine = hy.taylor_adaptive_batch(system, start, tol=rtol, compact_mode=True)
            made[rtol, len(some)] = engine
            return None
        engine = made[rtol, len(some)]
        engine.set_time(0.0)
        # Numbers that no rate reads, such as the amounts of events, stand last and are left out.
        engine.state[:], engine.pars[:] = start, given[: len(engine.pars)]
        table = np.empty((len(work.hours), *start.shape))
        table[0] = start
        plans = zip(*(one.pieces(work.hours) for one in some), strict=True)
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
        return np.array([one.read(table[:, :, k], work.names) for k, one in enumerate(some)])

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
        for together in zip(*(one.pieces(work.hours) for one in people), strict=True):
            start, stop, _, inside = together[0]
            for row, (_, _, change, _) in enumerate(together):
                numbers[row, list(change)] = list(change.values())
            times = np.minimum(np.append(work.hours[inside], np.full(most, stop))[:most], stop)
            found = np.asarray(step(y, numbers, start, stop, times, rtol, atol))
            table[inside] = found[:, : inside.sum()].swapaxes(0, 1)
            y = found[:, -1]
        return np.array([one.read(table[:, k], work.names) for k, one in enumerate(people)])

    return solve
