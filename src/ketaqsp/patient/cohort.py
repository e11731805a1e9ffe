"""Virtual patients: parameter values drawn from the tables, conditioned on being stably ill."""

from dataclasses import dataclass, field, replace

import numpy as np

from ketaqsp.chain import overrides, rest
from ketaqsp.errors import BadInput, unknown
from ketaqsp.parameters import rows
from ketaqsp.parameters.table import published, published_names
from ketaqsp.patient.random import normal

PRESETS = {"trd": "treatment-resistant depression, adults of the ketamine trials"}
MOST = 1_000_000
TRIES = 60  # draws of a patient before giving up
ILL = 0.6  # severity at rest that counts as ill
MARGIN = 0.9  # slope of the landscape's map at the ill end: 1 is the edge of stability
REDRAWN = ("load",)  # what makes a patient ill is drawn again when he is not


@dataclass(frozen=True)
class Cohort:
    """n patients. parameters: {symbol: number or (n,)}; ids (n,); rejected draws are counted."""

    preset: str
    seed: int
    ids: np.ndarray
    parameters: dict = field(repr=False)
    rejected: int = 0
    well: np.ndarray | None = field(default=None, repr=False)

    @property
    def n(self):
        return len(self.ids)

    @property
    def bistable(self):
        """(n,) True where a stable well state exists beside the ill one."""
        return self.well < self.parameters["D_ill"] - 0.2

    def weight(self):
        """Body weights (n,) in kg."""
        return np.broadcast_to(np.asarray(self.parameters["W"], dtype=float), (self.n,))

    def take(self, places):
        """Some of the patients, by a slice or by their places; each is as he was."""
        return replace(
            self,
            ids=self.ids[places],
            parameters={k: v[places] if np.ndim(v) else v for k, v in self.parameters.items()},
            well=None if self.well is None else self.well[places],
        )

    def replace(self, **changed):
        """The same patients with some parameters changed; rest is solved again."""
        parameters = {**self.parameters, **changed}
        ill, well, _ = rest.states(parameters, self.n)
        parameters["D_ill"] = ill
        return Cohort(self.preset, self.seed, self.ids, parameters, self.rejected, well)


def typical_values(pk=None):
    """Default value of every parameter; pk names a published plasma model that replaces rows."""
    values = {r.symbol: r.value for r in rows() if r.role == "default"}
    if pk is not None:
        if pk not in published_names():
            raise unknown("plasma model", pk, published_names(), field="pk")
        values.update({r.symbol: r.value for r in published(pk)})
    return values


def spreads(pk=None):
    """(row, value) of every parameter that varies between patients."""
    found = {r.symbol: r for r in rows() if r.role == "default"}
    if pk is not None:
        replaced = published(pk)
        if any(r.symbol == "CL" for r in replaced):
            for name in ("V1", "CL", "Q3"):  # the default's spread belongs to the default's values
                found.pop(name)
        found.update({r.symbol: r for r in replaced})
    return [r for r in found.values() if r.omega > 0]


def spread_out(row, centre, z):
    """Value at z SDs: log-normal, or logit-normal for a fraction."""
    if row.unit == "fraction" and 0 < row.value < 1:
        odds = centre / (1 - centre) * np.exp(row.omega * z)
        return odds / (1 + odds)
    if row.unit == "log":
        return centre + row.omega * z
    return centre * np.exp(row.omega * z)


def typical(preset="trd", *, pk=None, cut=(), scenario=(), **changed):
    """One patient at the typical values; `changed` sets single parameters by symbol.

    Raises BadInput for unknown names, and if that brain has no stable ill state before a dose.
    """
    _known(preset)
    values = {**typical_values(pk), **overrides(cut, scenario), **_checked(changed)}
    values["D_ill"] = np.array([values["D_ill"]])
    alone = Cohort(preset, 0, np.array([0]), values).replace()
    ill, _, slope = rest.states(alone.parameters, 1)
    if not (ill[0] > ILL and slope[0] < 1):
        raise BadInput(
            f"the typical patient is not stably ill with these values: severity at rest "
            f"{ill[0]:.3g}, allowed: above {ILL:g}. Raise load or kappa, or W_half."
        )
    return alone


def cohort(preset="trd", n=100, seed=0, *, pk=None, cut=(), scenario=(), **changed):
    """n virtual patients, numbered from 0; adding one changes no other.

    Values are log-normal (logit-normal for a fraction) about the table's, spread by its omega.
    A patient whose landscape has no stable ill state is drawn again and counted. cut, scenario:
    see ketaqsp.chain.CUTS and SCENARIOS; they apply after the draw, to the same people.
    Raises BadInput for an unknown preset, cut or symbol, or n outside 1 to a million.
    """
    _known(preset)
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or not 1 <= n <= MOST:
        raise BadInput(f"n is {n!r}; allowed: 1 to {MOST} patients, a whole number.", field="n")
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise BadInput(f"seed is {seed!r}; allowed: 0 to 2^32 - 1.", field="seed")
    ids = np.arange(n)
    changed = _checked(changed)
    values = {**typical_values(pk), **changed}
    varied = [r for r in spreads(pk) if r.symbol not in changed]
    for row in varied:
        z = normal(seed, row.symbol, ids)
        values[row.symbol] = spread_out(row, values[row.symbol], z)
    rejected = _condition(values, varied, seed, ids, changed)
    values.update(overrides(cut, scenario))
    return Cohort(preset, seed, ids, {**values, "D_ill": np.full(n, 0.9)}, rejected).replace()


def _condition(values, varied, seed, ids, changed):
    """Draw again, in place, what makes a patient ill, until the ill state is stable."""
    rejected = 0
    again = [r for r in varied if r.symbol in REDRAWN and r.symbol not in changed]
    centre = typical_values()
    for attempt in range(1, TRIES + 1):
        ill, _, slope = rest.states(values, len(ids))
        bad = np.flatnonzero(~((ill > ILL) & (slope < MARGIN)))
        if not bad.size:
            return rejected
        if not again:
            break
        rejected += bad.size
        for row in again:
            z = normal(seed, row.symbol, ids[bad], replicate=attempt)
            values[row.symbol] = np.array(values[row.symbol])
            values[row.symbol][bad] = spread_out(row, centre[row.symbol], z)
    raise BadInput(
        f"{bad.size} of {len(ids)} patients have no stable ill state after {TRIES} draws; "
        "raise load or kappa, or W_half."
    )


def _known(preset):
    if preset not in PRESETS:
        raise unknown("population", preset, PRESETS, field="preset")


def _checked(changed):
    """Parameter values given by name: known symbols, finite numbers."""
    known = {r.symbol: r for r in rows() if r.role == "default"}
    for symbol, value in changed.items():
        if symbol not in known:
            raise unknown("parameter", symbol, known, field=symbol)
        if not np.isfinite(np.asarray(value, dtype=float)).all():
            raise BadInput(f"{symbol} is {value!r}; give a finite number in {known[symbol].unit}.")
    return dict(changed)
