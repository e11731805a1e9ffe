"""Virtual patients: parameter values drawn from the tables, conditioned on being stably ill."""

from dataclasses import dataclass, field, replace
from functools import cache
from os import PathLike

import numpy as np

from ketaqsp.chain import rest
from ketaqsp.errors import BadInput, unknown
from ketaqsp.parameters import rows
from ketaqsp.parameters.table import published, published_names
from ketaqsp.patient import covariates as people
from ketaqsp.patient import effects, matching, own_table
from ketaqsp.patient.given import checked, overridden
from ketaqsp.patient.populations import PRESETS, WELL
from ketaqsp.patient.random import checked_ids, checked_seed, normal

MOST = 1_000_000
TRIES = 60  # draws of a patient before giving up
ILL = 0.6  # severity at rest that counts as ill
MARGIN = 0.9  # slope of the landscape's map at the ill end: 1 is the edge of stability
REDRAWN = ("load", "kappa")  # what makes a patient ill is drawn again when he is not


@dataclass(frozen=True)
class Cohort:
    """n patients. parameters: {symbol: number or (n,)}; ids (n,); rejected draws are counted.

    covariates: {name: (n,)}, see docs/links/patient.md; empty for a typical patient. targets:
    {covariate: {measure: value}} that the population was made to have. asked: what table 1 it was
    matched to, if any. given: {covariate: how many patients had it} of a user's own table.
    """

    preset: str
    seed: int
    ids: np.ndarray
    parameters: dict = field(repr=False)
    rejected: int = 0
    well: np.ndarray | None = field(default=None, repr=False)
    covariates: dict = field(default_factory=dict, repr=False)
    targets: dict = field(default_factory=dict, repr=False)
    asked: dict = field(default_factory=dict, repr=False)
    given: dict = field(default_factory=dict, repr=False)
    keys: np.ndarray | None = field(default=None, repr=False)  # numbers that the draws went by
    held: dict = field(default_factory=dict)  # {covariate: patients} at a limit, covariates.draw

    @property
    def n(self):
        return len(self.ids)

    @property
    def drawn_by(self):
        """(n,) numbers that key what is drawn for each patient; of a typical patient, his id."""
        return self.ids if self.keys is None else self.keys

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
            covariates={k: v[places] for k, v in self.covariates.items()},
            keys=None if self.keys is None else self.keys[places],
        )

    def replace(self, **changed):
        """The same patients with some parameters changed; rest is solved again.

        changed: {symbol: number or (n,)}. Raises BadInput for an unknown symbol, and for a value
        that is no number or out of range, or leaves a patient without a stable ill state.
        """
        changed = checked(changed, self.n, self.parameters)
        parameters = {**self.parameters, **changed}
        ill, well, slope = rest.states(parameters, self.n)
        if self.preset not in WELL and not changed.keys().isdisjoint(rest.NAMES):
            _still_ill(self.ids, ill, slope)
        parameters["D_ill"] = well if self.preset in WELL else ill
        return replace(self, parameters=parameters, well=well)


def _still_ill(ids, ill, slope):
    """Raises BadInput unless all rest ill, as those who are drawn: MADRS is a share of that."""
    not_ill = np.flatnonzero(~((ill > ILL) & (slope < 1)))
    if not_ill.size:
        raise BadInput(
            f"{not_ill.size} of {len(ids)} patients are not stably ill with these values: severity "
            f"at rest of patient {ids[not_ill[0]]} is {ill[not_ill[0]]:.3g}, allowed: above "
            f"{ILL:g}. Raise load or kappa, or W_half."
        )


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
    values = {**typical_values(pk), **_of_population(preset), **_medians(preset)}
    values |= {**overridden(cut, scenario), **checked(changed, 1)}
    values["D_ill"] = np.array([values["D_ill"]])
    alone = Cohort(preset, 0, np.array([0]), values).replace()
    if preset in WELL:
        return alone
    ill = alone.parameters["D_ill"]
    slope = rest.slope_at(ill, alone.parameters)
    if not (ill[0] > ILL and slope[0] < 1):
        raise BadInput(
            f"the typical patient is not stably ill with these values: severity at rest "
            f"{ill[0]:.3g}, allowed: above {ILL:g}. Raise load or kappa, or W_half."
        )
    return alone


@cache
def _medians(preset):
    """{parameter: median in the population} of the covariates that the chain reads itself."""
    middle = people.population(preset).marginals
    return {p: middle[name].median() for name, p in people.PARAMETER.items()}


def cohort(
    preset="trd",
    n=None,
    seed=0,
    *,
    pk=None,
    cut=(),
    scenario=(),
    match=None,
    base="trd",
    ids=None,
    **changed,
):
    """n virtual patients, numbered from 0; adding one changes no other.

    Values are log-normal (logit-normal for a fraction) about the table's, spread by its omega.
    A patient whose landscape has no stable ill state is drawn again and counted. preset: trd, mdd,
    bipolar, late_life or healthy (who rest at the well end), or the path of a table (.csv or
    .parquet) of your own with one row a patient: what it leaves out is drawn from the population
    `base`, given what it holds. n: default 100, or the rows of the table. match: figures of a
    trial's table 1, {"age_years": {"mean": 46, "sd": 12, "min": 18}, "female": {"fraction": 0.5}},
    or a file with them. ids: numbers (m,) in place of 0 to n - 1, whole, below 2^53, each once: a
    number is the same patient in whatever company; of a table, rows are drawn for them. cut,
    scenario: see ketaqsp.chain.CUTS and SCENARIOS; they apply after the draw, to the same people.
    Raises BadInput for an unknown preset, cut or symbol, n outside 1 to a million, ids that are
    none, figures that no population can have, or a table with a cell that cannot be.
    """
    mine = own_table.read(preset) if own_table.is_table(preset) else None
    _known(base if mine else preset)
    if not mine and base not in ("trd", preset):
        raise BadInput(
            f"base is {base!r}, but it completes a table of your own and {preset!r} is a "
            "population. Leave base out.",
            field="base",
        )
    seed = checked_seed(seed)
    if ids is not None:
        ids = checked_ids(ids)
        if n is not None and n != len(ids):
            raise BadInput(f"n is {n!r}, but ids has {len(ids)} numbers. Leave n out.", field="n")
        n, mine = len(ids), mine and own_table.drawn(mine, ids, seed)
    if mine:
        _rows_are(n, mine)
        preset, n = base, len(mine.ids)
    n = 100 if n is None else n
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or not 1 <= n <= MOST:
        raise BadInput(f"n is {n!r}; allowed: 1 to {MOST} patients, a whole number.", field="n")
    changed, cuts = checked(changed, n), overridden(cut, scenario)
    asked = _asked(match)
    drawn_from = people.population(preset, asked)
    if mine is None:
        ids = np.arange(n) if ids is None else ids
        return _made(drawn_from, ids, seed, pk, cuts, asked, {}, changed)
    made = _made(drawn_from, mine.ids, seed, pk, cuts, asked, mine.values, changed)
    return replace(made, given={k: int(np.isfinite(v).sum()) for k, v in mine.values.items()})


def _rows_are(n, mine):
    if n is not None and n != len(mine.ids):
        raise BadInput(
            f"n is {n!r}, but {mine.path} has {len(mine.ids)} rows. Leave n out: a table says how "
            "many patients there are.",
            field="n",
        )


def _made(population, ids, seed, pk, cuts, asked, given, changed):
    """The Cohort of the patients `ids`, with what is given of their covariates kept."""
    preset = population.preset
    values = {**typical_values(pk), **_of_population(preset), **changed}
    fixed = {n: changed[p] for n, p in people.PARAMETER.items() if p in changed}
    given = {**given, **{n: np.full(len(ids), x, float) for n, x in fixed.items()}}
    held = {}
    known = people.draw(population, seed, ids, given, held)
    carried = {p: known[name] for name, p in people.PARAMETER.items()}
    values.update({p: x for p, x in carried.items() if p not in changed})
    special = {*changed, *carried, *(("rho",) if preset in WELL else ())}
    varied = [r for r in spreads(pk) if r.symbol not in special]
    shifts = {row.symbol: effects.shift(row.symbol, known) for row in varied}
    for row in varied:
        z = _moved(normal(seed, row.symbol, ids), *shifts[row.symbol])
        values[row.symbol] = spread_out(row, values[row.symbol], z)
    centre = typical_values()
    added = effects.article("load", effects.switched({**values, **cuts}), known)
    if added.any() and "load" not in changed:
        values["load"], centre["load"] = values["load"] + added, centre["load"] + added
    rejected = 0
    if preset not in WELL:
        rejected = _condition(values, varied, seed, ids, changed, centre, shifts)
    values.update(cuts)
    values["D_ill"] = np.full(len(ids), 0.9)
    made = Cohort(
        preset,
        seed,
        ids,
        values,
        rejected,
        None,
        known,
        population.targets,
        asked,
        keys=ids,
        held=held,
    )
    return made.replace()


def _of_population(preset):
    """Parameters in which a population differs from the table.

    Volunteers have the outer load of health, and their few points on a scale are none that the
    landscape moves.
    """
    if preset not in WELL:
        return {}
    healthy = next(r.value for r in rows() if r.symbol == "load_0" and r.role == "default")
    return {"load": healthy, "rho": 1.0}


def _asked(match):
    if match is None:
        return {}
    if isinstance(match, str | PathLike):
        return matching.read(match)[1]
    return matching.checked(match)


def _moved(z, shift, explained):
    """z with what covariates add, and its own part made smaller by what they explain."""
    if not explained and not shift.any():
        return z
    return shift + np.sqrt(1 - explained) * z


def _condition(values, varied, seed, ids, changed, centre, shifts):
    """Draw again, in place, what makes a patient ill, until the ill state is stable."""
    rejected, bad = 0, np.arange(len(ids))
    again = [r for r in varied if r.symbol in REDRAWN and r.symbol not in changed]
    for attempt in range(1, TRIES + 1):
        here = {k: v[bad] if np.ndim(v) else v for k, v in values.items()}
        ill, _, slope = rest.states(here, len(bad))
        bad = bad[~((ill > ILL) & (slope < MARGIN))]
        if not bad.size:
            return rejected
        if not again:
            break
        rejected += bad.size
        for row in again:
            added, explained = shifts[row.symbol]
            z = _moved(normal(seed, row.symbol, ids[bad], replicate=attempt), added[bad], explained)
            values[row.symbol] = np.array(values[row.symbol])
            values[row.symbol][bad] = spread_out(row, _of(centre[row.symbol], bad), z)
    raise BadInput(
        f"{bad.size} of {len(ids)} patients have no stable ill state after {TRIES} draws; "
        "raise load or kappa, or W_half."
    )


def _of(x, places):
    return x[places] if np.ndim(x) else x


def _known(preset):
    if not isinstance(preset, str) or preset not in PRESETS:
        raise unknown("population", preset, PRESETS, field="preset")
