"""What covariates do to parameters: published sizes shrunk towards zero, or the article's version.

A published size is in SDs of the percentage change of a rating per SD of the covariate (or per
unit). It is shrunk by its own uncertainty and by what was known before (prior_sd, narrow where a
pooled analysis found nothing), and becomes a shift of the logarithm of a parameter.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ketaqsp.errors import BadInput
from ketaqsp.parameters import rows
from ketaqsp.patient import covariates as people
from ketaqsp.patient import populations

SCENARIOS = ("evidence", "article")
REFERENCE = "trd"  # whose means are the zero of every effect: the model is fitted to them
SAMPLE = 4000


@dataclass(frozen=True)
class Effect:
    """A row of effects.csv. per: "sd" of the covariate in the reference population, or "unit"."""

    scenario: str
    covariate: str
    parameter: str
    per: str
    published: float
    se: float
    prior_sd: float
    n: str
    source: str
    place: str
    confidence: str
    note: str

    @property
    def size(self):
        """published prior^2/(prior^2 + se^2): shrunk. A declared size (no se) stays."""
        if np.isnan(self.se):
            return self.published
        return self.published * self.prior_sd**2 / (self.prior_sd**2 + self.se**2)


@cache
def effects(scenario):
    """The Effects of a scenario, in order."""
    out = []
    for where, cells in populations.table("effects"):
        blank = {k: float("nan") for k in ("se", "prior_sd") if cells[k] == ""}
        numbers = {k: populations.number(where, cells, k)
                   for k in ("published", "se", "prior_sd") if k not in blank}  # fmt: skip
        if cells["scenario"] not in SCENARIOS or cells["per"] not in ("sd", "unit"):
            raise BadInput(f"{where}: scenario {cells['scenario']!r}, per {cells['per']!r}")
        out.append(Effect(**{**cells, **blank, **numbers}))
    return tuple(e for e in out if e.scenario == scenario)


@cache
def reference():
    """{covariate: (mean, SD)} in the reference population, on a sample of its own."""
    found = people.draw(people.population(REFERENCE), 0, np.arange(SAMPLE))
    found |= {name: x for name, (x, _, _) in people.derived(found).items()}
    return {name: (float(x.mean()), float(x.std())) for name, x in found.items()}


def standardised(effect, known):
    """(n,) of the covariate: in SDs from the reference mean, or as it is where per is unit."""
    mean, sd = reference()[effect.covariate]
    return (known[effect.covariate] - mean) / (sd if effect.per == "sd" else 1.0)


def all_known(known):
    """Covariates with what follows from them."""
    return {**known, **{name: x for name, (x, _, _) in people.derived(known).items()}}


def switched(values):
    """Is the article's version asked for? (0 or 1)"""
    return values["article_effects"]


def shift(parameter, known, chosen=None):
    """(shift (n,) in SDs of the parameter's own scale, share of its variance that is explained).

    Sizes are in SDs of outcome. An effect on "response" is shared out over sensitivity, kappa
    and rho in proportion to r, how strongly each decides the outcome: size r/sum r^2 SDs of
    each, which together make size. The unexplained part of a spread is what is left, so a
    population's spread stays.
    """
    total, explained = np.zeros(len(known["weight_kg"])), 0.0
    weights = _weights(parameter)
    some = [e for e in chosen or effects("evidence") if e.parameter in weights and e.size]
    known = all_known(known) if some else known
    for effect in some:
        weight = effect.size * weights[effect.parameter]
        total = total + weight * standardised(effect, known)
        explained += weight**2 if effect.per == "sd" else 0.0
    if explained >= 1:
        raise BadInput(f"effects on {parameter} explain {explained:.2f} of its spread; below 1.")
    return total, explained


@cache
def _weights(parameter):
    """{what an effect names: SDs of this parameter per SD of outcome}."""
    value = {r.symbol: r.value for r in rows() if r.role == "default"}
    # What decides the outcome at 24 h in this model, and how strongly.
    r = {
        "sensitivity": value["r_sensitivity"],
        "kappa": value["r_kappa"],
        "rho": value["r_rho"],
    }
    shared = {"response": r[parameter] / sum(x * x for x in r.values())} if parameter in r else {}
    return {parameter: 1.0, **shared}


def article(parameter, switch, known):
    """(n,) added to a parameter on its logarithmic scale where `switch` (0 or 1) has the article.

    load, a logarithm already, is what it acts on: a larger one takes spines away sooner.
    """
    total = np.zeros(len(known["weight_kg"]))
    some = [e for e in effects("article") if e.parameter == parameter] if switch else []
    full = all_known(known) if some else known
    for effect in some:
        total = total + switch * effect.size * standardised(effect, full)
    return total
