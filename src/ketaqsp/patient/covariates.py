"""Drawing covariates: correlated, keyed by name and patient, conditional on what is given.

Each covariate has a stream of its own, called by its name (weight and baseline keep the names of
their parameters, W and M0). With latent normals z = L e, L the Cholesky factor in the order of the
table, a covariate depends on streams above it only: adding one at the end changes no other.
"""

from dataclasses import dataclass, field

import numpy as np

from ketaqsp.errors import BadInput
from ketaqsp.parameters import rows
from ketaqsp.patient import populations
from ketaqsp.patient.given import PARAMETER
from ketaqsp.patient.marginal import Marginal, fitted
from ketaqsp.patient.populations import ANCESTRIES, covariates, figures_of, linked
from ketaqsp.patient.random import normal, uniform

# What cannot be longer than what, in the unit of the first.
WITHIN = {"illness_years": ("age_years", 1.0), "episode_months": ("illness_years", 12.0)}
TRIES = 200
FAR = 6.0  # SDs: a correlation known from patients says nothing of who is further out
TAIL = 4.0  # SDs of the log dose of benzodiazepine: one patient in 30 000 lies beyond
REFERENCE, ROUNDS = 2000, 6  # patients and steps by which bounded covariates are adjusted


@dataclass(frozen=True)
class Population:
    """marginals {covariate: Marginal}; shares of ancestry, alleles {covariate: {ancestry: f}}."""

    preset: str
    marginals: dict
    dose: Marginal
    ancestry: tuple
    alleles: dict
    targets: dict = field(repr=False)  # {covariate: {measure: value}} as stated, for table 1


def population(preset, match=None):
    """The Population of a preset, with the figures of `match` in place of its own.

    match: {covariate: {"mean", "sd", "min", "max"} or {"fraction"}}, checked by matching.checked.
    min and max without a mean select from the population as it is; with mean and SD these are
    those of the patients who are left. Raises BadInput if no spread has these figures.
    """
    known, stated, marginals = figures_of(preset), {}, {}
    for name in covariates():
        stated[name] = {**known[name]}
        asked = (match or {}).get(name)
        if asked is not None:
            bounds_only = "mean" not in asked and "fraction" not in asked
            stated[name] = {**stated[name], **asked} if bounds_only else {**asked}
            if bounds_only:
                stated[name]["selected"] = 1.0
    for name in linked():
        marginals[name] = _marginal(name, stated[name], known[name], preset)
    _allow_for_bounds(marginals, stated)
    dose = fitted("lognormal", *(stated["benzodiazepine_mg"][m] for m in ("mean", "sd")))
    shares = tuple(stated["ancestry"][a] for a in ANCESTRIES[1:])
    alleles = {}
    for name, c in covariates().items():
        if c.kind == "alleles":
            f = stated[name]
            alleles[name] = tuple(f.get("fraction", f.get(a)) for a in ANCESTRIES)
    targets = {n: {k: v for k, v in f.items() if k != "selected"} for n, f in stated.items()}
    return Population(preset, marginals, dose, (1 - sum(shares), *shares), alleles, targets)


def _marginal(name, stated, own, preset):
    kind = covariates()[name].kind
    if kind == "fraction":
        return Marginal(kind, stated["fraction"])
    low, high = stated.get("min"), stated.get("max")
    if "mean" not in stated:  # weight and baseline of the table's own row
        row = next(r for r in rows() if r.symbol == PARAMETER[name] and r.role == "default")
        return Marginal(kind, row.value, row.omega, low, high)
    if "selected" in stated:  # cut out of the population as it is
        whole = _marginal(name, own, own, preset)
        ends = [b for b in (low, whole.low) if b is not None]
        tops = [b for b in (high, whole.high) if b is not None]
        if kind == "count":
            ends, tops = [b - 0.5 for b in ends[:1]] or ends, [b + 0.5 for b in tops[:1]] or tops
        return Marginal(
            whole.kind,
            whole.centre,
            whole.spread,
            max(ends, default=None),
            min(tops, default=None),
        )
    return fitted(kind, stated["mean"], stated["sd"], low, high, name)


def draw(people, seed, ids, given=None, held=None):
    """{covariate: (n,)} of the patients `ids`; `given` {covariate: (n,), NaN where not known}.

    What is given stays; what is not is drawn from its distribution conditional on it. A given value
    further than FAR SDs from what the population would make likely stays too, but counts as FAR for
    what is drawn beside it; a drawn dose of benzodiazepine ends at TAIL SDs and at its highest
    value. Both are counted into `held` {covariate: patients}, if there is one.
    """
    held = {} if held is None else held
    given = {k: np.asarray(v, dtype=float) for k, v in (given or {}).items()}
    out = {name: np.full(len(ids), np.nan) for name in covariates()}
    names = linked()
    known = np.array([np.isfinite(given[x]) if x in given else np.zeros(len(ids), bool)
                      for x in names])  # fmt: skip
    for pattern in np.unique(known, axis=1).T:
        mine = np.flatnonzero((known == pattern[:, None]).all(axis=0))
        some = {x: given[x][mine] for x, there in zip(names, pattern, strict=True) if there}
        for name, x in _together(people, seed, ids[mine], some, held=held).items():
            out[name][mine] = x
    _beside(people, seed, ids, given, out, held)
    return {name: out[name] for name in covariates()}


def _together(people, seed, ids, given, last=(), held=None):
    """The linked covariates of patients for whom the same ones are given; none after `last`."""
    held = {} if held is None else held
    order = [*(x for x in linked() if x in given), *(x for x in linked() if x not in given)]
    factor = np.linalg.cholesky(populations.matrix(order))
    e, out = np.zeros((len(order), len(ids))), {}
    for k, name in enumerate(order):
        mean = np.zeros(len(ids))
        for j in np.flatnonzero(factor[k, :k]):
            mean = mean + factor[k, j] * e[j]
        if name in given:
            free = _pinned(people, seed, name, ids, given[name], mean, factor[k, k])
            e[k] = np.clip(free, -FAR, FAR)
            _count(held, name, (e[k] != free))
            out[name] = given[name]
        else:
            e[k], out[name] = _drawn(people, seed, name, ids, mean, factor[k, k], out)
        if name in last:
            break
    return out


def _allow_for_bounds(marginals, stated):
    """Move what is bounded by another covariate, so that mean and SD come out as stated.

    Nobody is ill for longer than he lives, which takes the longest illnesses away. Found on a
    sample of its own, the same for every cohort; where no such spread exists (the bound is too
    near) the nearest one found is kept, and table 1 shows it beside the target.
    """
    reference = np.arange(REFERENCE)
    for name in WITHIN:
        wanted = [stated[name].get(m, 0.0) for m in ("mean", "sd")]
        if "selected" in stated[name] or not wanted[1] > 0:
            continue
        low, high = stated[name].get("min"), stated[name].get("max")
        best, parent = np.inf, list(wanted)
        kept = marginals[name]
        for _ in range(ROUNDS):
            try:
                tried = fitted(covariates()[name].kind, *parent, low, high, name)
                sample = Population("", {**marginals, name: tried}, None, (), {}, {})
                x = _together(sample, 0, reference, {}, (name,))[name]
            except BadInput:
                break
            mean, sd = x.mean() / wanted[0], x.std() / wanted[1]
            if 3 * abs(mean - 1) + abs(sd - 1) < best:  # the mean weighs more: both may not be had
                best, kept = 3 * abs(mean - 1) + abs(sd - 1), tried
            parent = [round(parent[0] / mean, 6), round(min(parent[1] / sd, 1.2 * wanted[1]), 6)]
        marginals[name] = kept


def _stream(name):
    return PARAMETER.get(name, name)


def _pinned(people, seed, name, ids, value, mean, own):
    """The e (n,) behind a given value; of a discrete one, drawn among those that give it."""
    low, high = people.marginals[name].latent(value)
    low, high = (low - mean) / own, (high - mean) / own
    if not covariates()[name].discrete and people.marginals[name].spread > 0:
        return low
    from scipy.special import ndtr, ndtri

    u = uniform(seed, f"{_stream(name)} given", ids)
    between = ndtr(low) + u * (ndtr(high) - ndtr(low))
    return ndtri(between)


def _drawn(people, seed, name, ids, mean, own, sofar):
    """(e, value) (n,) of one covariate; drawn again for whom it is not possible."""
    marginal, about = people.marginals[name], covariates()[name]
    low, high = (np.full(len(ids), x) for x in (about.low, about.high))
    for inner, (outer, factor) in WITHIN.items():
        if inner == name:
            high = np.minimum(high, sofar[outer] * factor)
        if outer == name and inner in sofar:  # given, so the outer one makes room
            low = np.maximum(low, sofar[inner] / factor)
    e = normal(seed, _stream(name), ids)
    value = marginal.value(mean + own * e)
    for attempt in range(1, TRIES + 1):
        bad = np.flatnonzero(~((value >= low) & (value <= high)))
        if not bad.size:
            return e, value
        e[bad] = normal(seed, _stream(name), ids[bad], replicate=attempt)
        value[bad] = marginal.value(mean[bad] + own * e[bad])
    raise BadInput(
        f"{name}: {bad.size} of {len(ids)} patients got no value within "
        f"{low[bad[0]]:g} to {high[bad[0]]:g} {about.unit} in {TRIES} draws. Bring its "
        "mean nearer to that range."
    )


def _count(held, name, where):
    if where.any():
        held[name] = held.get(name, 0) + int(where.sum())


def _beside(people, seed, ids, given, out, held):
    """Benzodiazepine dose, ancestry and genotypes, which are not part of the copula."""
    z = normal(seed, "benzodiazepine_mg", ids)
    top = covariates()["benzodiazepine_mg"].high
    free = people.dose.value(np.minimum(z, TAIL))
    dose = np.minimum(free, top)
    taken = out["benzodiazepine"] > 0
    out["benzodiazepine_mg"][:] = np.where(taken, dose, 0.0)
    known = np.isfinite(given.get("benzodiazepine_mg", np.full(len(ids), np.nan)))
    _count(held, "benzodiazepine_mg", taken & ~known & ((z > TAIL) | (free > top)))
    edges = np.cumsum(people.ancestry)[:-1]
    out["ancestry"][:] = np.searchsorted(edges, uniform(seed, "ancestry", ids), side="right")
    _keep("benzodiazepine_mg", given, out)
    _keep("ancestry", given, out)
    for name, by_ancestry in people.alleles.items():
        f = np.array(by_ancestry)[out["ancestry"].astype(int)]
        u = uniform(seed, name, ids)
        out[name][:] = (u > (1 - f) ** 2).astype(float) + (u > 1 - f**2)
        _keep(name, given, out)


def _keep(name, given, out):
    if name in given:
        there = np.isfinite(given[name])
        out[name][there] = given[name][there]


def derived(found):
    """{name: (values, long name, unit)} of what follows from covariates: body mass index."""
    bmi = found["weight_kg"] / (found["height_cm"] / 100) ** 2
    return {"bmi": (bmi, "body mass index", "kg/m^2")}


__all__ = ["Population", "derived", "draw", "population"]
