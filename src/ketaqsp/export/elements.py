"""Elements of an SBML model, made and checked."""

import libsbml

from ketaqsp.errors import KetaqspError
from ketaqsp.export import annotate
from ketaqsp.export.unit_definitions import define


def parameter(out, name, unit, label, value=None, constant=False):
    """A new parameter with its unit."""
    made = out.createParameter()
    done(made.setId(name), name)
    made.setName(label)
    made.setUnits(define(out, unit))
    made.setConstant(constant)
    if value is not None:
        made.setValue(value)
    return made


def math(element, attribute, target, node):
    """Point an element at its variable and give it its equation."""
    annotate.mark(element, annotate.EXPRESSION)
    done(getattr(element, f"set{attribute}")(target), target)
    done(element.setMath(node), target)


def done(code, what):
    """Raises KetaqspError unless libSBML says that it worked."""
    if code != libsbml.LIBSBML_OPERATION_SUCCESS:
        said = libsbml.OperationReturnValue_toString(code)
        raise KetaqspError(f"{what} cannot be written to SBML: {said}")
