"""Small wrongs done to an exported file: each gives the text back with one thing changed."""

import xml.etree.ElementTree as ElementTree

from cross.sbml_reader import CORE, MATHML, every, parsed


def _written(root):
    return ElementTree.tostring(root, encoding="unicode")


def _one(found):
    """The only element of a list: a mutation that finds nothing would test nothing."""
    (element,) = found
    return element


def flip_sign(text, state):
    """The first difference in the rate rule of `state` becomes a sum."""
    root, model = parsed(text)
    rule = _one([n for n in every(model, "Rules") if n.get("variable") == state])
    for apply in rule.iter(f"{MATHML}apply"):
        if apply[0].tag == f"{MATHML}minus" and len(apply) == 3:
            apply[0].tag = f"{MATHML}plus"
            return _written(root)
    raise ValueError(f"the rate of {state} has no difference")


def _assigned(model, time_h, variable):
    """The parameter that an event at this time gives to `variable`, and the one of its time."""
    named = {n.get("id"): n for n in every(model, "Parameters")}

    def of(node):
        return named[_one(node.findall(f".//{MATHML}ci")).text.strip()]

    for event in every(model, "Events"):
        moment = of(event.find(f"{CORE}trigger"))
        given = [n for n in event.iter(f"{CORE}eventAssignment") if n.get("variable") == variable]
        if given and abs(float(moment.get("value")) - time_h) < 1e-6:
            return of(_one(given)), moment
    raise ValueError(f"no event gives {variable} at {time_h} h")


def scale_dose(text, time_h, variable, factor):
    """What the event at this time gives to `variable`, times a factor."""
    root, model = parsed(text)
    number, _ = _assigned(model, time_h, variable)
    number.set("value", repr(float(number.get("value")) * factor))
    return _written(root)


def move_dose(text, time_h, variable, minutes):
    """The event at this time, some minutes later."""
    root, model = parsed(text)
    _, moment = _assigned(model, time_h, variable)
    moment.set("value", repr(float(moment.get("value")) + minutes / 60))
    return _written(root)


def scale_value(text, parameter, factor):
    """The value of a parameter, times a factor."""
    root, model = parsed(text)
    node = _one([n for n in every(model, "Parameters") if n.get("id") == parameter])
    node.set("value", repr(float(node.get("value")) * factor))
    return _written(root)


def change_unit(text, parameter, unit):
    """The unit of a parameter or state."""
    root, model = parsed(text)
    node = _one([n for n in every(model, "Parameters") if n.get("id") == parameter])
    node.set("units", unit)
    return _written(root)


def change_unit_of_dose(text, time_h, variable, unit):
    """The unit of what the event at this time gives to `variable`."""
    root, model = parsed(text)
    number, _ = _assigned(model, time_h, variable)
    number.set("units", unit)
    return _written(root)


def redefine_unit(text, unit, kind, factor):
    """One part of a unit's definition, times a factor: minutes for hours, mg for ng."""
    root, model = parsed(text)
    definition = _one([n for n in every(model, "UnitDefinitions") if n.get("id") == unit])
    part = _one([n for n in definition.iter(f"{CORE}unit") if n.get("kind") == kind])
    part.set("multiplier", repr(float(part.get("multiplier")) * factor))
    return _written(root)
