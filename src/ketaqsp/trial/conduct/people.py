"""The patients of an arm in every replicate, and what differs between replicates.

Patient i of replicate r has one number whatever the size of the trial or the number of
replicates, so adding either changes no other: (i + r)(i + r + 1)/2 + i (Cantor's pairing).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ketaqsp.parameters import rows
from ketaqsp.patient import cohort
from ketaqsp.patient.random import normal, uniform


@dataclass(frozen=True, eq=False)
class People:
    """n patients of all replicates. place: number within the trial; trial: multipliers (n,)."""

    cohort: object = field(repr=False)
    place: np.ndarray
    replicate: np.ndarray
    trial: dict

    @property
    def covariates(self):
        """{covariate: (n,)} as drawn."""
        return self.cohort.covariates

    @property
    def ids(self):
        """Numbers (n,) that key every draw of a patient."""
        return self.cohort.ids

    @property
    def n(self):
        """How many."""
        return len(self.place)

    def take(self, where):
        """Some of them."""
        return People(
            self.cohort.take(where),
            self.place[where],
            self.replicate[where],
            {k: v[where] for k, v in self.trial.items()},
        )


def paired(place, replicate):
    """One number for patient `place` of `replicate`."""
    both = place + replicate
    return both * (both + 1) // 2 + place


def values():
    """{symbol: value} of the table of trials."""
    return {row.symbol: row.value for row in rows("trial")}


def multiplier(seed, stream, sd, replicates):
    """Log-normal multiplier of each replicate, mean 1: exp(sd z - sd^2/2), (replicates,)."""
    z = normal(seed, stream, np.arange(replicates))
    return np.exp(sd * z - sd * sd / 2)


def enrol(arm, first, stride, replicates, seed):
    """People of one arm: patients first, first + stride, ... of each replicate."""
    place = np.tile(first + stride * np.arange(arm.n), replicates)
    replicate = np.repeat(np.arange(replicates), arm.n)
    ids = paired(place, replicate)
    asked = {name: dict(figures) for name, figures in arm.population.overrides}
    drawn = cohort(arm.population.preset, None, seed, ids=ids, match=asked or None)
    v = values()
    trial = {
        part: multiplier(seed, f"trial {part}", v[f"trial_{part}_sd"], replicates)[replicate]
        for part in ("drug", "quick", "slow")
    }
    changed = {"sensitivity": drawn.parameters["sensitivity"] * trial["drug"]}
    drawn = replace(drawn, parameters={**drawn.parameters, **changed})
    return People(drawn, place, replicate, trial)


def leaving(people, seed):
    """Hours (n,) after which a patient is seen no more: exponential, the table's dropout_rate."""
    return -np.log(uniform(seed, "dropout", people.ids)) / values()["dropout_rate"]
