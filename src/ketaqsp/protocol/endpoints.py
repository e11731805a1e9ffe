"""Endpoints of a protocol: response, remission, relapse."""

import re

from ketaqsp.dose.quantity import parse_time
from ketaqsp.errors import BadInput
from ketaqsp.protocol.schema import ESTIMANDS, GOALS, SCALES, Endpoint

# Highest totals of the scales, points.
TOPS = {"MADRS": 60, "HAMD17": 52, "HAMD6": 22, "QIDS": 27, "HDRS21": 64, "HDRS25": 76}
# What holds where the file is silent: half of the own baseline lost; 10 points or less; relapse
# at 22 points or more.
STANDARD = {
    "response": Endpoint("response", reduction=0.5),
    "remission": Endpoint("remission", at_most=10.0),
    "relapse": Endpoint("relapse", at_least=22.0, after="response"),
}
GOAL_KEYS = ("scale", "reduction", "at_most", "on", "estimand")
RELAPSE_KEYS = (
    *("scale", "at_least", "improvement_below", "after", "consecutive", "on", "estimand"),
)
_SEVERAL = re.compile(r"\s*(\d+)\s+of\s+\[(.*)\]\s*", re.IGNORECASE | re.DOTALL)


def endpoint(name, spot, hours):
    """The Endpoint called `name`. hours: fixed visits of the protocol."""
    keys = spot.mapping(RELAPSE_KEYS if name == "relapse" else GOAL_KEYS)
    scale = keys["scale"].choice("scale", SCALES) if "scale" in keys else "MADRS"
    top = TOPS[scale]
    found = {"name": name, "scale": scale}
    for key in ("reduction", "improvement_below"):
        if key in keys:
            found[key] = keys[key].number(key, 0, 1, "(a share of the baseline)", open_low=True)
    for key in ("at_most", "at_least"):
        if key in keys:
            found[key] = keys[key].number(key, 0, top, f"points of {scale}")
    _has_condition(name, spot, found)
    if "after" in keys:
        found["after"] = keys["after"].choice("after", GOALS)
    elif name == "relapse":
        found["after"] = "response"
    if "consecutive" in keys:
        found["consecutive"] = keys["consecutive"].whole("consecutive", 1, 20)
    if "on" in keys:
        found["on"] = _several(keys["on"], hours)
    if "estimand" in keys:
        found["estimand"] = keys["estimand"].choice("estimand", ESTIMANDS)
    return Endpoint(**found)


def _has_condition(name, spot, found):
    conditions = (
        ("at_least", "improvement_below") if name == "relapse" else ("reduction", "at_most")
    )
    if not any(key in found for key in conditions):
        spot.refuse(f"{name} has no condition; write {' or '.join(conditions)}.")


def _several(spot, hours):
    """(least, hours) of '2 of [48 h, 72 h]'."""
    text = spot.value
    match = _SEVERAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        spot.refuse(f"on is {spot.shown}; write for example '2 of [48 h, 72 h, 96 h]'.")
    least = int(match[1]) if len(match[1]) < 5 else 10**5
    times = [t.strip() for t in match[2].split(",") if t.strip()]
    found = []
    for time in times:
        try:
            hour = parse_time(time, "visit")
        except BadInput as problem:
            spot.refuse(problem)
        if hour not in hours:
            spot.refuse(f"{time!r} is no visit of this protocol; add it to 'visits'.")
        if hour in found:
            spot.refuse(f"{time!r} is there twice. Remove one.")
        found.append(hour)
    if not 1 <= least <= len(found):
        spot.refuse(f"{least} of {len(found)} visits; allowed: 1 to the number of visits named.")
    return least, tuple(found)
