"""The SBML model as Antimony, the language that people read and edit.

Made from the SBML text, so that the two say the same: units, values, initial assignments, rules,
rate rules, events. SBO terms and identifiers stay in SBML.
"""

import libsbml

from ketaqsp.errors import KetaqspError

HEAD = "// {about}\nmodel *{name}()\n"


def to_antimony(sbml):
    """Antimony text of SBML text as `to_sbml` writes it; the same text gives the same text."""
    document = libsbml.readSBMLFromString(sbml)
    model = document.getModel()
    if model is None or document.getNumErrors(libsbml.LIBSBML_SEV_ERROR):
        raise KetaqspError("the SBML text cannot be read back")
    about = model.getNotes().toXMLString()
    out = [HEAD.format(about=_plain(about), name=model.getId())]
    for title, lines in (
        ("Units", _units(model)),
        ("Values", _values(model)),
        ("Initial assignments", _starts(model)),
        ("Rules", _rules(model)),
        ("Doses and experiments", _events(model)),
        ("Units and names of everything", _labels(model)),
    ):
        if lines:
            out += [f"\n  // {title}\n", *(f"  {line};\n" for line in lines)]
    return "".join([*out, "end\n"])


def _plain(xhtml):
    """The text of the notes, without its tags."""
    text, inside = [], False
    for letter in xhtml:
        if letter in "<>":
            inside = letter == "<"
        elif not inside:
            text.append(letter)
    return " ".join("".join(text).split())


def _each(model, what):
    return [getattr(model, f"get{what}")(i) for i in range(getattr(model, f"getNum{what}s")())]


def _formula(node):
    """Infix text; literals carry their unit unless they have none."""
    settings = libsbml.L3ParserSettings()
    settings.setParseUnits(True)
    return libsbml.formulaToL3StringWithSettings(node, settings).replace(" dimensionless", "")


def _units(model):
    """unit umol = 1e-6 mole, and so on; the units of time, substance and volume."""
    lines = []
    for definition in _each(model, "UnitDefinition"):
        parts = []
        for i in range(definition.getNumUnits()):
            part = definition.getUnit(i)
            factor = part.getMultiplier() * 10.0 ** part.getScale()
            kind = libsbml.UnitKind_toString(part.getKind())
            one = kind if factor == 1 else f"({factor!r} {kind})"
            power = part.getExponent()
            parts.append(one if power == 1 else f"{one}^{power}")
        lines.append(f"unit {definition.getId()} = {' * '.join(parts)}")
    for word, unit in (
        ("time_unit", model.getTimeUnits()),
        ("substance", model.getSubstanceUnits()),
        ("extent", model.getExtentUnits()),
        ("volume", model.getVolumeUnits()),
    ):
        lines.append(f"unit {word} = {unit}")
    return lines


def _values(model):
    given = [p for p in _each(model, "Parameter") if p.isSetValue()]
    return [f"{p.getId()} = {p.getValue()!r}" for p in given]


def _starts(model):
    found = _each(model, "InitialAssignment")
    return [f"{a.getSymbol()} = {_formula(a.getMath())}" for a in found]


def _rules(model):
    return [
        f"{r.getVariable()}{chr(39) if r.isRate() else ' :'}= {_formula(r.getMath())}"
        for r in _each(model, "Rule")
    ]


def _events(model):
    lines = []
    for event in _each(model, "Event"):
        trigger = event.getTrigger()
        first = "true" if trigger.getInitialValue() else "false"
        changes = ", ".join(
            f"{a.getVariable()} = {_formula(a.getMath())}" for a in _each(event, "EventAssignment")
        )
        when = _formula(trigger.getMath())
        how = f"t0={first}, persistent={str(trigger.getPersistent()).lower()}"
        lines.append(f"{event.getId()}: at ({when}), {how}: {changes}")
    return lines


def _labels(model):
    lines = []
    for p in _each(model, "Parameter"):
        kind = "const" if p.getConstant() else "var"
        label = p.getName().replace('"', "'")
        lines += [
            f"{kind} {p.getId()}",
            f"{p.getId()} has {p.getUnits()}",
            f'{p.getId()} is "{label}"',
        ]
    return lines
