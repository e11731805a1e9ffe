"""SymPy expressions as libSBML's trees: + - * / powers, exp, ln, piecewise, symbols, numbers."""

import libsbml
import sympy

from ketaqsp.errors import KetaqspError
from ketaqsp.export.symbols import guarded


def number(value):
    """A literal without dimension: an int, or a float written in full."""
    if isinstance(value, int):
        node = libsbml.ASTNode(libsbml.AST_INTEGER)
        node.setValue(value)
    else:
        node = libsbml.ASTNode(libsbml.AST_REAL)
        node.setValue(float(value))
    node.setUnits("dimensionless")
    return node


def name(text):
    """A reference to the SBML id `text`."""
    node = libsbml.ASTNode(libsbml.AST_NAME)
    node.setName(text)
    return node


def time():
    """The time of the simulation."""
    node = libsbml.ASTNode(libsbml.AST_NAME_TIME)
    node.setName("time")
    return node


def apply(kind, *children):
    """An operator or function of libSBML (AST_PLUS, ...) on its arguments."""
    node = libsbml.ASTNode(kind)
    for child in children:
        node.addChild(child)
    return node


def plus(nodes):
    """The sum of one or more trees."""
    return nodes[0] if len(nodes) == 1 else apply(libsbml.AST_PLUS, *nodes)


def tree(expression):
    """The libSBML tree of a SymPy expression; literals are tagged dimensionless.

    Knows Add, Mul, Pow, guarded, exp, log, Symbol and numbers; a float is the value of a function
    of numbers alone, such as log(2). Raises KetaqspError for anything else.
    """
    if expression.is_Symbol:
        return name(expression.name)
    if expression.is_Integer:
        return number(int(expression))
    if expression.is_Float:
        return number(float(expression))
    if expression.is_Rational:
        return apply(libsbml.AST_DIVIDE, number(int(expression.p)), number(int(expression.q)))
    if expression.is_Add:
        return _sum(expression)
    if expression.is_Mul:
        return _product(expression)
    if isinstance(expression, sympy.exp):
        return apply(libsbml.AST_FUNCTION_EXP, tree(expression.args[0]))
    if isinstance(expression, sympy.log):
        return apply(libsbml.AST_FUNCTION_LN, tree(expression.args[0]))
    if isinstance(expression, guarded):
        return _guarded(*expression.args)
    if expression.is_Pow:
        base, exponent = expression.args
        if exponent.is_Rational and exponent < 0:
            return apply(libsbml.AST_DIVIDE, number(1), tree(base**-exponent))
        return apply(libsbml.AST_FUNCTION_POWER, tree(base), tree(exponent))
    raise KetaqspError(f"{type(expression).__name__} in {expression} has no form in the export")


def _guarded(base, exponent):
    """piecewise(base^exponent if base > 0, otherwise 0): no NaN where a step dips below zero."""
    raised = apply(libsbml.AST_FUNCTION_POWER, tree(base), tree(exponent))
    positive = apply(libsbml.AST_RELATIONAL_GT, tree(base), number(0))
    return apply(libsbml.AST_FUNCTION_PIECEWISE, raised, positive, number(0))


def _sum(expression):
    """Positive terms, less each negative one."""
    plus, minus = [], []
    for term in expression.as_ordered_terms():
        if term.could_extract_minus_sign() and not term.is_Add:
            minus.append(-term)
        else:
            plus.append(term)
    if not plus:
        return apply(libsbml.AST_MINUS, tree(sympy.Add(*minus)))
    parts = [tree(term) for term in plus]
    node = parts[0] if len(parts) == 1 else apply(libsbml.AST_PLUS, *parts)
    for term in minus:
        node = apply(libsbml.AST_MINUS, node, tree(term))
    return node


def _product(expression):
    """Numerator over denominator, the sign in front."""
    if expression.could_extract_minus_sign() and expression.args[0].is_Number:
        return apply(libsbml.AST_MINUS, tree(-expression))
    above, below = sympy.fraction(expression, exact=True)
    if below != 1:
        return apply(libsbml.AST_DIVIDE, tree(above), tree(below))
    return apply(libsbml.AST_TIMES, *(tree(factor) for factor in expression.as_ordered_factors()))
