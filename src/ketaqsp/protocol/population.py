"""Who takes part: a preset or a table, and covariates that are set apart from it."""

from pathlib import Path

from ketaqsp.errors import BadInput
from ketaqsp.patient import matching, own_table
from ketaqsp.patient.covariates import population as made
from ketaqsp.patient.own_table import LIKELY
from ketaqsp.patient.populations import PRESETS, covariates
from ketaqsp.protocol.schema import Population


def population(spot):
    """A Population, from a preset's name, the path of a table, or a mapping."""
    if isinstance(spot.value, str):
        return Population(_preset(spot))
    known = tuple(n for n, c in covariates().items() if c.kind not in ("dose", "ancestry"))
    known = ("preset", *known, *matching.SHARES)
    for key, one in spot.value.items() if isinstance(spot.value, dict) else ():
        if key not in known and key.lower() in LIKELY:
            one.refuse(f"{key!r} is no covariate; did you mean {LIKELY[key.lower()]!r}?")
    keys = spot.mapping(known)
    preset = _preset(keys["preset"]) if "preset" in keys else "trd"
    asked = {}
    for name, one in keys.items():
        if name != "preset":
            measures = {k: x.value for k, x in one.value.items()} if isinstance(
                one.value, dict) else one.value  # fmt: skip
            asked[name] = measures
            one.checked(_checked, name, measures)
    if asked and own_table.is_table(preset):
        spot.refuse("a table says who takes part; remove the covariates, or name a preset.")
    figures = spot.checked(matching.checked, asked, "population") if asked else {}
    if figures:
        spot.checked(made, preset, figures)
    return Population(preset, tuple((k, tuple(v.items())) for k, v in asked.items()))


def _checked(name, measures):
    if isinstance(measures, tuple):
        raise BadInput(f"{name} is a list; write {matching.EXAMPLE}.")
    return matching.checked({name: measures}, "population")


def _preset(spot):
    value = spot.value
    if isinstance(value, str) and own_table.is_table(value):
        beside = Path(spot.file).parent / value
        path = str(beside if beside.is_file() else value)
        spot.checked(own_table.read, path)
        return path
    return spot.choice("population", PRESETS)
