"""The time grid: an edge wherever an input jumps, fine after it, growing to two hours.

Steps come from a short list in ticks of 7.5 s, so that few sizes occur and their propagators
share squarings. What does not fit a tick is one odd step before a mark.
"""

TICK = 1.0 / 480  # h
SIZES = (960, 480, 240, 120, 60, 30, 15, 8, 4, 2, 1)  # ticks
GROWTH = 0.06  # a step is at most this share of the time since the last jump ...
FIRST = 2  # ... and at least this many ticks
# Grids in all: a patient whose error is above the tolerance, or who fails, is solved again on
# halved steps. Looked up in this module, not imported.
LEVELS = 4
EXACT = 1e-9  # h, the resolution of times
SAME = 1e-6  # h (4 ms): an output this near to another mark is taken there


def steps(jumps, outputs, until, level=0):
    """Times t (K+1,) in h from 0 to `until`, through every jump and output time.

    level: 1 halves every step, 2 quarters it, and so on.
    """
    jumps = {0.0, *_inside(jumps, until)}
    marks = sorted(jumps | apart(_inside(outputs, until), jumps))
    end = round(float(until), 9)
    marks = marks if end - marks[-1] <= SAME else [*marks, end]
    times, last_jump = [0.0], 0.0
    for start, stop in zip(marks[:-1], marks[1:], strict=True):
        if start in jumps:
            last_jump = start
        sizes = _between(start, stop, last_jump, 2.0**-level)
        now = start
        for size in sizes[:-1]:
            now += size
            times.append(now)
        times.append(stop)
    return times


def merged(times):
    """Times in order without those within SAME of the one before."""
    out = []
    for t in sorted(times):
        if not out or t - out[-1] > SAME:
            out.append(t)
    return out


def places(times, outputs):
    """Index (O,) of the grid point that each output is taken at."""
    import numpy as np

    times, outputs = np.asarray(times), np.asarray(outputs)
    after = np.clip(np.searchsorted(times, outputs), 1, len(times) - 1)
    return after - (outputs - times[after - 1] < times[after] - outputs)


def apart(outputs, jumps):
    """The outputs (a set of hours) that none of `jumps` stands for, those within SAME once."""
    import bisect

    edges, out = sorted(jumps), set()
    for t in merged(outputs):
        k = bisect.bisect(edges, t)
        near = edges[max(k - 1, 0) : k + 1]
        if all(abs(t - edge) > SAME for edge in near):
            out.add(t)
    return out


def _inside(times, until):
    return (round(float(t), 9) for t in times if 0.0 <= t <= until)


def _between(start, stop, last_jump, shrink):
    """Step sizes from one mark to the next."""
    sizes, now = [], start
    while stop - now > EXACT:
        wanted = max((now - last_jump) * GROWTH / TICK, FIRST)
        room = (stop - now) / TICK
        fits = [s * shrink for s in SIZES if s <= wanted + EXACT and s * shrink <= room + 1e-6]
        size = fits[0] * TICK if fits else stop - now
        sizes.append(size)
        now += size
    return sizes


def sizes(times):
    """Step lengths (K,), equal ones made exactly equal, so that propagators can be shared."""
    known, out = {}, []
    for start, stop in zip(times[:-1], times[1:], strict=True):
        length = stop - start
        out.append(known.setdefault(round(length * 1e10), length))
    return out
