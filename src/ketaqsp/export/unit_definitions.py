"""Units of the tables as SBML unit definitions: h, umol, L, kg and what is made of them."""

import libsbml

from ketaqsp.errors import KetaqspError
from ketaqsp.units import quantity, registry, unit

DIMENSIONLESS = "dimensionless"
KINDS = {
    "hour": (libsbml.UNIT_KIND_SECOND, 3600.0),
    "mole": (libsbml.UNIT_KIND_MOLE, 1.0),
    "liter": (libsbml.UNIT_KIND_LITRE, 1.0),
    "minute": (libsbml.UNIT_KIND_SECOND, 60.0),
    "meter": (libsbml.UNIT_KIND_METRE, 1.0),
    "meter_Hg": (libsbml.UNIT_KIND_PASCAL, 133322.387415),
    "gram": (libsbml.UNIT_KIND_GRAM, 1.0),
}
SCALES = {"": 0, "kilo": 3, "centi": -2, "milli": -3, "micro": -6, "nano": -9}


def unit_id(text):
    """The id under which a unit such as 'umol/L' is defined: 'umol_per_L'; else dimensionless."""
    if unit(text).dimensionless:
        return DIMENSIONLESS
    words = f"per_{text[2:]}" if text.startswith("1/") else text
    return words.replace("/", "_per_").replace("*", "_")


def define(sbml_model, text):
    """Add the definition of a unit unless it is there. Raises KetaqspError for a new base unit."""
    key = unit_id(text)
    if key == DIMENSIONLESS or sbml_model.getUnitDefinition(key) is not None:
        return key
    definition = sbml_model.createUnitDefinition()
    definition.setId(key)
    definition.setName(text)
    for part, exponent in sorted(quantity(1, text).unit_items()):
        prefix, base, _ = registry().parse_unit_name(part)[0]
        if base not in KINDS or prefix not in SCALES:
            raise KetaqspError(f"unit {text!r}: {part} has no form in the export")
        kind, multiplier = KINDS[base]
        piece = definition.createUnit()
        piece.setKind(kind)
        piece.setExponent(int(exponent))
        piece.setScale(SCALES[prefix])
        piece.setMultiplier(multiplier)
    return key
