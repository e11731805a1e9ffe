"""The figures of a trial's table 1, checked: a dict, or a YAML or JSON file with `population:`."""

import math

from ketaqsp.errors import BadInput, unknown
from ketaqsp.patient.own_table import LIKELY
from ketaqsp.patient.populations import ANCESTRIES, covariates

NUMERIC = ("mean", "sd", "min", "max")
EXAMPLE = "age_years: {mean: 46, sd: 12, min: 18, max: 70}"
SHARES = tuple(f"ancestry_{name}" for name in ANCESTRIES[1:])


def checked(match, where="match"):
    """{covariate: {measure: number}} of what a user wrote. Raises BadInput naming the key."""
    if not isinstance(match, dict):
        raise BadInput(f"{where} is {match!r}; write covariates, such as {EXAMPLE}.", field="match")
    found = {}
    for name, asked in match.items():
        key = f"{where}: {name}"
        if name in SHARES:
            share = _measures(key, asked, ("fraction",))
            found.setdefault("ancestry", {})[name.removeprefix("ancestry_")] = share["fraction"]
            continue
        usable = [n for n, c in covariates().items() if c.kind not in ("dose", "ancestry")]
        if name not in usable:
            likely = LIKELY.get(str(name).lower())
            if likely:
                raise BadInput(f"{key} is no covariate; did you mean {likely!r}?", field=str(name))
            raise unknown(f"covariate in {where}", name, [*usable, *SHARES], field=name)
        shares = covariates()[name].kind in ("fraction", "alleles")
        found[name] = _measures(key, asked, ("fraction",) if shares else NUMERIC)
        if not shares:
            _moments(key, covariates()[name], found[name])
    if "ancestry" in found:
        both = {a: found["ancestry"].get(a, 0.0) for a in ANCESTRIES[1:]}
        if sum(both.values()) > 1:
            raise BadInput(
                f"{where}: {' and '.join(SHARES)} add up to {sum(both.values()):g}; allowed: at "
                "most 1, the rest is European. Lower one."
            )
        found["ancestry"] = both
    return found


def _measures(key, asked, allowed):
    if not isinstance(asked, dict) or not asked:
        raise BadInput(f"{key} is {asked!r}; write {{{', '.join(f'{a}: ...' for a in allowed)}}}.")
    out = {}
    for measure, value in asked.items():
        if measure not in allowed:
            raise unknown(f"measure of {key}", measure, allowed, field=str(measure))
        a_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not a_number or not math.isfinite(value):
            raise BadInput(f"{key}: {measure} is {value!r}; write a finite number.")
        if measure == "fraction" and not 0 <= value <= 1:
            hint = f" {value:g}% is {value / 100:g}." if 1 < value <= 100 else ""
            raise BadInput(f"{key}: fraction is {value:g}; allowed: 0 to 1.{hint}")
        out[measure] = float(value)
    return out


def _moments(key, about, asked):
    if ("mean" in asked) != ("sd" in asked):
        there = "mean" if "mean" in asked else "sd"
        missing = "sd" if there == "mean" else "mean"
        raise BadInput(f"{key} has {there} but no {missing}; write both, such as {EXAMPLE}.")
    if asked.get("sd", 1.0) <= 0:
        raise BadInput(f"{key}: sd is {asked['sd']:g} {about.unit}; allowed: above 0.")
    for measure in ("mean", "min", "max"):
        if not about.low <= asked.get(measure, about.low) <= about.high:
            raise BadInput(
                f"{key}: {measure} is {asked[measure]:g}; allowed: {about.low:g} to "
                f"{about.high:g} {about.unit}. Check the unit."
            )
    if asked.get("min", -math.inf) >= asked.get("max", math.inf):
        raise BadInput(
            f"{key}: min {asked['min']:g} is not below max {asked['max']:g} {about.unit}."
        )


def read(path):
    """The checked figures in a file: a protocol with `population:`, or the covariates alone.

    Keys of `population` that are no covariates (preset) are left to whoever reads the protocol.
    Returns (preset or None, figures). Raises BadInput.
    """
    import yaml

    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
        data = yaml.safe_load(text)
    except OSError as problem:
        raise BadInput(f"{path}: cannot be read: {problem.strerror}. Check the name.") from problem
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not a text file in UTF-8. Save it as YAML in UTF-8.") from None
    except (yaml.YAMLError, RecursionError) as problem:
        first = str(problem).splitlines()[0] if str(problem) else "too deep"
        raise BadInput(f"{path}: not YAML ({first}). Write for example {EXAMPLE}") from None
    if isinstance(data, dict) and "population" in data:
        data = data["population"]
    if not isinstance(data, dict):
        raise BadInput(f"{path}: no covariates found. Write for example {EXAMPLE}")
    data = {str(k): v for k, v in data.items()}
    preset = data.pop("preset", None)
    return preset, checked(data, str(path))
