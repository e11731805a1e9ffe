"""A protocol file to a Protocol: every key checked, every error with file, line and key."""

import hashlib
import os

from ketaqsp.protocol import yaml_tree
from ketaqsp.protocol.arms import arm
from ketaqsp.protocol.endpoints import STANDARD, endpoint
from ketaqsp.protocol.population import population
from ketaqsp.protocol.schema import BACKGROUNDS, END, ENTER, MASKINGS, Phase, Population, Protocol

TOP = (
    *("name", "population", "masking", "background", "arms", "phases", "visits", "endpoints"),
    *("replicates", "seed"),
)
PHASE = ("name", "until", "enter", "masking", "arms", "visits")
MOST_DAYS = 730
MOST_ARMS, MOST_PHASES, MOST_VISITS = 20, 8, 400
MOST_REPLICATES = 10_000
MOST_PATIENTS = 2_000_000  # of all replicates together


def read(path):
    """The Protocol in a YAML file. Raises BadInput, MachineError."""
    return build(yaml_tree.load(path), _digest(path))


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def build(tree, sha256=""):
    """The Protocol in the tree of a file."""
    whole = tree.mapping(TOP, ("name", "visits") if not _phased(tree) else ("name",))
    if ("arms" in whole) == ("phases" in whole):
        tree.refuse("give either 'arms' or 'phases'." + (" Remove one." if "arms" in whole else ""))
    shared = _shared(whole)
    if "phases" in whole:
        phases = _phases(whole, shared)
    else:
        visits = _visits(whole["visits"])
        arms = _arms(whole["arms"], shared, None)
        phases = (Phase("", None, "all", arms, visits),)
        _in_time(whole["arms"], arms, None)
    endpoints = _endpoints(whole, phases)
    replicates = (
        whole["replicates"].whole("replicates", 1, MOST_REPLICATES) if "replicates" in whole else 1
    )
    seed = whole["seed"].whole("seed", 0, 2**32 - 1) if "seed" in whole else 0
    found = Protocol(
        whole["name"].text("name"),
        os.path.basename(tree.file),
        sha256,
        phases,
        endpoints,
        replicates,
        seed,
        "phases" in whole,
    )
    check_size(found, whole.get("replicates", tree))
    return found


def check_size(protocol, spot):
    """Refuse more patients than anybody can mean."""
    many = protocol.replicates * sum(a.n for a in protocol.phases[0].arms)
    if many > MOST_PATIENTS:
        spot.refuse(
            f"{protocol.replicates} replicates of {many // protocol.replicates} patients are "
            f"{many}; allowed: at most {MOST_PATIENTS} in all. Use fewer replicates."
        )


def _phased(tree):
    return isinstance(tree.value, dict) and "phases" in tree.value


def _shared(whole):
    """What holds in every arm that does not say otherwise: population, masking, background."""
    return {
        "population": population(whole["population"]) if "population" in whole else Population(),
        "masking": whole["masking"].choice("masking", MASKINGS) if "masking" in whole else "open",
        "background": whole["background"].choice("background", BACKGROUNDS)
        if "background" in whole
        else "none",
    }


def _phases(whole, shared):
    spots = whole["phases"].items("phases", most=MOST_PHASES)
    found, names, start = [], {}, 0.0
    for place, spot in enumerate(spots):
        keys = spot.mapping(PHASE, ("name", "arms"))
        name = keys["name"].text("name of a phase")
        if name in names:
            keys["name"].refuse(f"two phases are called {name!r}. Give each its own name.")
        names[name] = True
        last = place == len(spots) - 1
        if "until" not in keys and not last:
            spot.refuse("'until' is missing; every phase but the last needs its length.")
        until = keys["until"].time("until") if "until" in keys else None
        if until == 0:
            keys["until"].refuse("until is 0 h; allowed: above 0, for example '4 weeks'.")
        here = dict(shared)
        if "masking" in keys:
            here["masking"] = keys["masking"].choice("masking", MASKINGS)
        enter = keys["enter"].choice("enter", ENTER) if "enter" in keys else "all"
        if enter != "all" and not place:
            keys["enter"].refuse(f"enter is {enter!r} in the first phase; allowed there: all.")
        arms = _arms(keys["arms"], here, None if not place else found[-1])
        _in_time(keys["arms"], arms, until)
        seen = keys["visits"] if "visits" in keys else whole.get("visits")
        if seen is None:
            spot.refuse("'visits' is missing; write it here or at the top of the file.")
        visits = _visits(seen, until, strict="visits" in keys)
        same = {a.name for a in arms} <= {a.name for a in found[-1].arms} if place else False
        found.append(Phase(name, until, enter, arms, visits, same))
        start += until or max((v for v in visits if v != END), default=0.0)
        if start > 24 * MOST_DAYS:
            spot.refuse(f"the phases reach {start / 24:g} d; allowed: at most {MOST_DAYS} d.")
    return tuple(found)


def _arms(spot, shared, before):
    found, names = [], {}
    for one in spot.items("arms", most=MOST_ARMS):
        made = arm(one, shared)
        if made.name in names:
            one.value["name"].refuse(f"two arms are called {made.name!r}. Give each its own name.")
        names[made.name] = True
        if before is not None and "population" in one.value:
            one.value["population"].refuse(
                "a later phase takes its patients from the one before; remove 'population'."
            )
        found.append(made)
    return tuple(found)


def _in_time(spot, arms, until):
    """No dose after the end of the phase, or of the longest run."""
    end = 24.0 * MOST_DAYS if until is None else until
    for one, made in zip(spot.value, arms, strict=True):
        for place, t in enumerate(made.treatments):
            if t.hours and max(t.hours) + t.duration_h > end:
                here = one.value["treatments"].value[place].value.get("days", one)
                here.refuse(
                    f"a dose on day {max(t.hours) / 24:g} ends after {end / 24:g} d; allowed: "
                    "days within the phase." if until is not None else
                    f"a dose on day {max(t.hours) / 24:g}; allowed: days 0 to {MOST_DAYS}."
                )  # fmt: skip


def _visits(spot, until=None, strict=True):
    """Hours in order, then END where it is asked for. strict: none may lie after `until`."""
    found, end = [], False
    for one in spot.items("visits", most=MOST_VISITS):
        if one.value == END:
            if end:
                one.refuse(f"{END} is there twice. Remove one.")
            end = True
            continue
        hour = one.time("visit")
        if hour > 24 * MOST_DAYS:
            one.refuse(f"visit at {one.shown}; allowed: 0 h to {MOST_DAYS} d.")
        if until is not None and hour > until:
            if strict:
                one.refuse(f"visit at {hour:g} h is after the end of the phase, {until:g} h.")
            continue
        if hour in found:
            one.refuse(f"visit at {hour:g} h is there twice. Remove one.")
        found.append(hour)
    if max(found, default=0) <= 0 and not end:
        spot.refuse("no visit after 0 h; add one, for example '24 h'.")
    return (*sorted(found), *((END,) if end else ()))


def _endpoints(whole, phases):
    hours = {v for p in phases for v in p.hours}
    found = {}
    if "endpoints" in whole:
        for name, spot in whole["endpoints"].mapping(STANDARD).items():
            found[name] = endpoint(name, spot, hours)
    for name, usual in STANDARD.items():
        found.setdefault(name, usual)
    return found
