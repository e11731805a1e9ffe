"""Arms of a protocol: how many, what is given when, and the rules that change it."""

from ketaqsp.dose.drugs import check_route, drug
from ketaqsp.dose.quantity import parse_amount, parse_days
from ketaqsp.dose.regimen import Dose
from ketaqsp.errors import unknown
from ketaqsp.protocol.population import population
from ketaqsp.protocol.schema import (
    BACKGROUNDS,
    GOALS,
    INERT,
    MASKINGS,
    RULES,
    Arm,
    Policy,
    Treatment,
)

ARM = ("name", "n", "treatments", "policy", "population", "masking", "background")
TREATMENT = ("drug", "route", "dose", "duration", "days")
DRUGS = (
    *("ketamine", "esketamine", "arketamine", "midazolam", "saline", "oral_antidepressant"),
    "none",
)
MOST_N = 20_000
MOST_SLOTS = 1000
RULE_KEYS = {
    "titrate": (("rule", "doses", "until"), ("doses",)),
    "retreat_at_relapse": (("rule", "course"), ("course",)),
    "stop_at": (("rule", "goal"), ("goal",)),
    "taper": (("rule", "every", "goal", "after"), ("every",)),
    "hold": (("rule", "when"), ("when",)),
}
# What a hold may look at: unit, least and most.
LIMITS = {
    "sbp_at_least": ("mmHg", 80, 260),
    "dbp_at_least": ("mmHg", 40, 160),
    "cadss_at_least": ("points", 1, 92),
    "madrs_at_most": ("points", 0, 60),
    "madrs_at_least": ("points", 0, 60),
}


def arm(spot, shared):
    """One Arm. shared: population, masking, background where the arm is silent."""
    keys = spot.mapping(ARM, ("name", "n", "treatments"))
    given = tuple(treatment(t) for t in keys["treatments"].items("treatments", most=50))
    if sum(len(t.hours) for t in given) > MOST_SLOTS:
        keys["treatments"].refuse(f"more than {MOST_SLOTS} doses; leave some out.")
    here = dict(shared)
    if "population" in keys:
        here["population"] = population(keys["population"])
    for key, known in (("masking", MASKINGS), ("background", BACKGROUNDS)):
        if key in keys:
            here[key] = keys[key].choice(key, known)
    rules = policies(keys["policy"], given) if "policy" in keys else ()
    return Arm(keys["name"].text("name of an arm"), keys["n"].whole("n", 1, MOST_N), given, rules,
               **here)  # fmt: skip


def treatment(spot):
    """One Treatment; every dose of it is made once, so that the limits of the drug are checked."""
    keys = spot.mapping(TREATMENT, ("drug",))
    name = _drug(keys["drug"])
    hours = _hours(keys["days"] if "days" in keys else None, spot, name)
    if name in INERT:
        if "dose" in keys:
            keys["dose"].refuse(f"{name} takes no dose. Remove 'dose'.", "amount")
        minutes = keys["duration"].time("duration") if "duration" in keys else 0.0
        return Treatment(name, None, 0.0, "mg", minutes, hours)
    if "dose" not in keys:
        spot.refuse(f"'dose' of {name} is missing; write for example 'dose: 0.5 mg/kg'.")
    route = _route(keys, spot, name)
    amount, unit = keys["dose"].checked(parse_amount, keys["dose"].value)
    if "duration" in keys:
        duration = keys["duration"].time("duration")
    elif route == "iv":
        spot.refuse(
            f"'duration' of {name} iv is missing; write 'duration: 40 min', or '0 min' if it is "
            "given at once."
        )
    else:
        duration = 0.0
    keys["dose"].checked(Dose, name, route, amount, unit, 0.0, duration)
    return Treatment(name, route, amount, unit, duration, hours)


def _drug(spot):
    if spot.value is None:
        return "none"
    if not isinstance(spot.value, str):
        spot.refuse(f"drug is {spot.shown}; write one of: {', '.join(DRUGS)}.")
    if spot.value not in DRUGS:
        if spot.value in _others():
            spot.refuse(
                f"{spot.value} has no trial arm; allowed: {', '.join(DRUGS)}. "
                "Use 'ketaqsp simulate' for it."
            )
        spot.refuse(unknown("drug", spot.value, DRUGS), "drug")
    return spot.value


def _others():
    from ketaqsp.dose.drugs import table

    return table()


def _route(keys, spot, name):
    routes = drug(name).routes
    if "route" in keys:
        keys["route"].checked(check_route, name, keys["route"].value)
        return keys["route"].value
    if len(routes) != 1:
        spot.refuse(f"'route' of {name} is missing; allowed: {', '.join(routes)}.")
    return routes[0]


def _hours(spot, above, name):
    if spot is None:
        if name == "none":
            return ()
        above.refuse(f"'days' of {name} is missing; write for example 'days: [0]'.")
    value = spot.value
    if isinstance(value, tuple):
        value = [x.value for x in value]
    days = spot.checked(parse_days, value)
    if len(days) > MOST_SLOTS:
        spot.refuse(f"{len(days)} days; allowed: at most {MOST_SLOTS}.")
    return tuple(round(24 * d, 9) for d in days)


def policies(spot, given):
    """The policies of an arm, as a tuple: none, one mapping, or a list of mappings."""
    if spot.value is None or spot.value == "none":
        return ()
    spots = spot.items("policies", most=10) if isinstance(spot.value, tuple) else (spot,)
    found = tuple(_policy(one, given) for one in spots)
    rules = [p.rule for p in found]
    for rule in rules:
        if rule != "hold" and rules.count(rule) > 1:
            spot.refuse(f"{rule} is there twice. Remove one.")
    return found


def _policy(spot, given):
    keys = spot.mapping(tuple(dict.fromkeys(k for ks, _ in RULE_KEYS.values() for k in ks)),
                        ("rule",))  # fmt: skip
    rule = keys["rule"].choice("rule", RULES)
    known, needed = RULE_KEYS[rule]
    spot.mapping(known, needed)
    return _POLICIES[rule](spot, keys, given)


def _titrate(spot, keys, given):
    real = [t for t in given if t.drug not in (*INERT, "oral_antidepressant")]
    if len(real) != 1:
        spot.refuse(f"titrate needs one drug to titrate; this arm has {len(real)} treatments.")
    doses = []
    for one in keys["doses"].items("doses", most=20):
        amount, unit = one.checked(parse_amount, one.value)
        if unit != real[0].unit:
            one.refuse(f"dose in {unit}, the treatment's is in {real[0].unit}. Use one unit.")
        one.checked(Dose, real[0].drug, real[0].route, amount, unit, 0.0, real[0].duration_h)
        if doses and amount <= doses[-1]:
            one.refuse(f"{amount:g} {unit} is not above {doses[-1]:g} {unit}; write them upwards.")
        doses.append(amount)
    goal = keys["until"].choice("until", GOALS) if "until" in keys else "response"
    return Policy("titrate", goal, doses=tuple(doses))


def _retreat(_spot, keys, _given):
    return Policy(
        "retreat_at_relapse",
        course=tuple(treatment(t) for t in keys["course"].items("treatments", most=20)),
    )


def _stop_at(_spot, keys, _given):
    return Policy("stop_at", keys["goal"].choice("goal", GOALS))


def _taper(_spot, keys, _given):
    every = []
    for one in keys["every"].items("intervals", most=20):
        hours = one.time("every")
        if hours <= 0:
            one.refuse("an interval of 0 h; allowed: above 0, for example '1 week'.")
        every.append(hours)
    goal = keys["goal"].choice("goal", GOALS) if "goal" in keys else "response"
    after = keys["after"].time("after") if "after" in keys else 0.0
    return Policy("taper", goal, every=tuple(every), after_h=after)


def _hold(_spot, keys, _given):
    limits = keys["when"].mapping(tuple(LIMITS))
    if not limits:
        keys["when"].refuse(f"no limit given; allowed: {', '.join(LIMITS)}.")
    found = []
    for name, one in limits.items():
        unit, low, high = LIMITS[name]
        found.append((name, one.number(name, low, high, unit)))
    return Policy("hold", when=tuple(found))


_POLICIES = {
    "titrate": _titrate,
    "retreat_at_relapse": _retreat,
    "stop_at": _stop_at,
    "taper": _taper,
    "hold": _hold,
}
