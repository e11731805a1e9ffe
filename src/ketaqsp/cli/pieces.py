"""A run solved piece by piece, each written as soon as it is there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Length:
    """until_h and every_h in h; looks: hours of the summary; extra: further times solved for."""

    until_h: float
    every_h: float
    looks: tuple
    extra: tuple

    def keywords(self):
        """What simulate() takes."""
        return {
            "days": self.until_h / 24,
            "every": f"{self.every_h!r} h",
            "extra_times": self.extra,
        }

    def on_grid(self, out):
        """`out` at the times that were asked for: every `every_h` hours, and the end."""
        from ketaqsp.errors import KetaqspError
        from ketaqsp.patient.simulate import output_times

        asked = output_times(self.until_h / 24, self.every_h)
        places = np.flatnonzero(np.isin(out["time"].values, asked))
        if len(places) != len(asked):  # rather no result than one with holes
            raise KetaqspError(f"{len(asked) - len(places)} of {len(asked)} times were not solved")
        return out.isel(time=places)

    def told(self, written):
        """Hours of which a result says something: of its summary, and of the file if there is one.

        Where a peak may sit it is solved as well, and nobody sees what a rater would have written.
        """
        from ketaqsp.patient.simulate import output_times

        return (*self.looks, *(output_times(self.until_h / 24, self.every_h) if written else ()))


def length(plan, until_h, every_h):
    """The Length of a run: the summary's times and those where a peak may sit are added."""
    from ketaqsp.patient import summary

    looks = summary.looks(until_h)
    extra = sorted({*looks, *summary.peak_times(plan.doses(), until_h)})
    return Length(until_h, every_h, tuple(looks), tuple(extra))


ROOM = 2**28  # bytes of one piece's results, where nobody says how large a piece is


def piece(times, variables):
    """Patients in a piece, where nobody says: a power of two, so that it fits those on the disk."""
    from ketaqsp.solve.run import CHUNK

    room = max(1, int(ROOM / (8 * times * variables)))
    return min(CHUNK, 1 << (room.bit_length() - 1))


def stretches(n, size, writer=None):
    """(first, stop, done) of n patients, at most `size` at a time; done: by an earlier part."""
    for first in range(0, n, size):
        stop = min(first + size, n)
        yield from writer.stretches(first, stop) if writer else [(first, stop, False)]


class Run:
    """A regimen and a cohort on their way through the solver.

    rater_seed: a number if MADRS is to be rated with noise, else None. rescue: see simulate().
    chunk: patients solved and written at a time; None keeps a piece within ROOM. Pieces of an event
    table share the grid and the drugs of all its rows. No number depends on chunk or workers. When
    it has run, failures {number: record} and clipped (see patient.clipping) are of everybody, those
    of an earlier part included.
    """

    def __init__(self, plan, group, span, rater_seed, *, rescue=False, chunk=None, workers=None):
        self.plan, self.group, self.span, self.rater_seed = plan, group, span, rater_seed
        self.chunk, self.workers, self.rescue = chunk, workers, rescue
        self.units, self.failures, self.clipped = {}, {}, {}

    def writer(self, path, about, *, overwrite, resume):
        """Room on the disk for the whole result; everything that made it is in its attributes."""
        from ketaqsp.patient.simulate import blank
        from ketaqsp.patient.stream import Writer

        nobody = self.group.take(slice(0))
        empty = self._rated(blank(self.plan.given, nobody, **self.span.keywords()), nobody)
        empty = self.span.on_grid(empty).assign_attrs(stamp(about, self.plan, self.group))
        ids = self.group.ids
        return Writer(Path(path), empty, ids, overwrite=overwrite, resume=resume)

    def __call__(self, writer, progress):
        """Solve, and write if there is a writer. Returns the summary.Tally of all."""
        from ketaqsp.patient import clipping, summary

        self._learn_units()
        found, n = summary.Tally(self.span.looks), self.group.n
        if writer:
            self.failures, self.clipped = writer.told().values()
        size = self.chunk or self._size(writer is not None)
        for first, stop, done in stretches(n, size, writer):
            if done:
                found.add(writer.digest(first, stop), self.group.ids[first:stop])
                continue
            out = self._solve(first, stop, writer is not None, progress)
            digest = summary.digest(out, self.span.looks)
            digest["steps"] = np.full((1, stop - first), float(out.attrs["steps"]))
            found.add(digest, self.group.ids[first:stop])
            if writer:
                progress.stage("writing")
                writer.add(self.span.on_grid(out), first, digest)
                progress.stage("simulating")
        self.clipped = clipping.at(self.clipped, self.span.told(writer is not None))
        return found

    def _solve(self, first, stop, everything, progress):
        from ketaqsp.patient import clipping, failures, simulate, summary

        some = self.group.take(slice(first, stop))
        alike = self.plan.ids is None
        out = simulate(
            self.plan.given if alike else self.plan.given[first:stop],
            some,
            piece_of=None if alike else self.plan.regimens,
            workers=self.workers,
            inhibitor=self.plan.inhibitor,
            wanted=None if everything else summary.WANTED,
            rescue=self.rescue,
            progress=lambda done, _: progress(first + done, self.group.n),
            **self.span.keywords(),
        )
        out = self._rated(out, some)
        self.failures |= failures.of(out)
        self.clipped = clipping.added(self.clipped, clipping.of(out))
        return out

    def _size(self, everything):
        from ketaqsp.patient import summary

        times = self.span.until_h / self.span.every_h + 1 + len(self.span.extra)
        return piece(times, len(self.units) if everything else len(summary.WANTED))

    def _rated(self, out, some):
        from ketaqsp.patient.summary import rated

        if self.rater_seed is None:
            return out
        return rated(out, some, self.rater_seed)

    def _learn_units(self):
        from ketaqsp.patient.simulate import describe, model_for

        self.units = {
            name: unit for name, (unit, _) in describe(model_for(self.plan.given)).items()
        }


def stamp(about, plan, group):
    """What made a result, for whoever opens the file; nothing here depends on clock or place."""
    asked = {key: value for key, value in about.items() if key not in ("out", "model")}
    asked["regimens"] = [[asdict(d) for d in regimen.doses] for regimen in plan.regimens]
    return {
        **about["model"],
        "population": group.preset,
        "seed": about["seed"],
        "asked": json.dumps(asked, sort_keys=True),
        "parameters": json.dumps(_used(about, plan)),
    }


def _used(about, plan):
    """{symbol: [value, unit, confidence]} of the typical patient, as the options left them."""
    from ketaqsp.chain import overrides
    from ketaqsp.parameters import rows
    from ketaqsp.parameters.table import published
    from ketaqsp.patient.simulate import inhibited

    chosen = {r.symbol: r for r in rows() if r.role == "default"}
    if about["pk"] is not None:
        chosen.update({r.symbol: r for r in published(about["pk"])})
    changed = overrides(tuple(about["cut"]), tuple(about["scenario"]))
    changed.update(inhibited(plan.inhibitor, list(plan.regimens)))
    return {
        name: [changed.get(name, r.value), r.unit, "changed" if name in changed else r.confidence]
        for name, r in chosen.items()
    }
