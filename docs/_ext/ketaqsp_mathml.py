"""SymPy expressions as MathML, which browsers draw by themselves: no script, no font, no network.

Parameters are set in italics with Greek letters and subscripts; states and signals keep the upright
name that they have in the results. power, hill, softplus, exp and log are kept by name.
"""

from html import escape

from sympy import sympify
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE, precedence_traditional

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "kappa": "κ",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "omega": "ω",
}  # fmt: skip


OPEN = '<mo stretchy="false">(</mo>'
CLOSE = '<mo stretchy="false">)</mo>'


def split(symbol):
    """(head, subscript) of a parameter's name: tau_mood is τ with subscript mood."""
    head, _, sub = symbol.partition("_")
    return GREEK.get(head, head), sub.replace("_", " ")


class Printer(MathMLPresentationPrinter):
    """Presentation MathML in the order of the biology: what raises a state before what lowers it."""

    def __init__(self, parameters):
        super().__init__()
        self.parameters = set(parameters)

    def _tag(self, tag, *children, **attributes):
        node = self.dom.createElement(tag)
        for key, value in attributes.items():
            node.setAttribute(key, value)
        for child in children:
            if isinstance(child, str):
                child = self.dom.createTextNode(child)
            node.appendChild(child)
        return node

    def _print_Symbol(self, symbol, style="plain"):
        if symbol.name not in self.parameters:
            return self._tag("mtext", symbol.name, **{"class": "state"})
        head, sub = split(symbol.name)
        base = self._tag("mi", head, **{"class": "parameter"})
        return self._tag("msub", base, self._tag("mtext", sub)) if sub else base

    def _print_Function(self, call):
        name = self._tag("mi", "ln" if call.func.__name__ == "log" else call.func.__name__)
        return self._tag("mrow", name, self._paren_comma_separated(*call.args))

    def _paren_comma_separated(self, *args):
        inside = self._tag("mrow")
        for arg in args:
            if inside.childNodes:
                inside.appendChild(self._tag("mo", ","))
            inside.appendChild(self._print(arg))
        return self._bracketed(inside)

    def _bracketed(self, inside):
        """Brackets that grow only round a fraction: without a mathematics font they grow too far."""
        tall = "true" if inside.getElementsByTagName("mfrac") else "false"
        ends = [self._tag("mo", text, stretchy=tall, symmetric="false") for text in "()"]
        return self._tag("mrow", ends[0], inside, ends[1])

    def parenthesize(self, item, level, strict=False):
        weight = precedence_traditional(item)
        printed = self._print(item)
        lower = weight < level or (weight == level and not strict)
        if not lower or printed.tagName in ("mfrac", "msub"):
            return printed
        return self._bracketed(self._tag("mrow", printed))

    _print_exp = _print_Function
    _print_log = _print_Function

    def _print_Add(self, expr, order=None):
        ordered = self._as_ordered_terms(expr, order=order)
        signed = [(bool(term.as_coeff_Mul()[0].is_negative), term) for term in ordered]
        row = self._tag("mrow")
        for negative, term in sorted(signed, key=lambda s: (s[0], not s[1].is_number)):
            if negative:
                row.appendChild(self._tag("mo", "−"))
            elif row.childNodes:
                row.appendChild(self._tag("mo", "+"))
            row.appendChild(self._print(-term if negative else term))
        return row

    def _print_Mul(self, expr):
        if expr.as_coeff_Mul()[0].is_negative:
            return self._tag("mrow", self._tag("mo", "−"), self._print(-expr))
        above, below = [], []
        for factor in expr.as_ordered_factors():
            base, exponent = factor.as_base_exp()
            if factor.is_Pow and exponent.is_number and exponent.is_negative:
                below.append(base**-exponent)
            else:
                above.append(factor)
        if not below:
            return self._product(above)
        return self._tag("mfrac", self._product(above), self._product(below))

    def _product(self, factors):
        """Factors side by side; one alone needs no brackets, and none is 1."""
        if len(factors) < 2:
            return self._print(factors[0]) if factors else self._tag("mn", "1")
        row = self._tag("mrow")
        for factor in factors:
            if row.childNodes:
                row.appendChild(self._tag("mo", "\u2062"))
                row.appendChild(self._tag("mspace", width="0.18em"))
            row.appendChild(self.parenthesize(factor, PRECEDENCE["Mul"]))
        return row

    def _print_Pow(self, expr):
        if expr.exp.is_number and expr.exp.is_negative:
            return self._tag("mfrac", self._tag("mn", "1"), self._print(expr.base**-expr.exp))
        return super()._print_Pow(expr)

    def xml(self, expr):
        """The MathML text of one expression, without <math>."""
        return self._print(sympify(expr)).toxml()

    def total(self, pieces):
        """MathML of a sum kept in its order: pieces are (sign, expression), sign +1 or -1."""
        out = ""
        for sign, expr in pieces:
            text = self.xml(expr)
            if sign < 0 and sympify(expr).is_Add:
                text = f"<mrow>{OPEN}{text}{CLOSE}</mrow>"
            joint = "<mo>−</mo>" if sign < 0 else "<mo>+</mo>" if out else ""
            out += joint + text
        return f"<mrow>{out or '<mn>0</mn>'}</mrow>"


def name(text):
    """A state or signal, as MathML."""
    return f'<mtext class="state">{escape(text)}</mtext>'


def at_start(state):
    """state(0), as MathML."""
    return f"<mrow>{name(state)}{OPEN}<mn>0</mn>{CLOSE}</mrow>"


def derivative(state):
    """d state / dt, as MathML."""
    d = '<mi mathvariant="normal">d</mi>'
    space = '<mspace width="0.18em"/>'
    return f"<mfrac><mrow>{d}{space}{name(state)}</mrow><mrow>{d}<mi>t</mi></mrow></mfrac>"


def equation(left, right, label):
    """A displayed equation; `label` is its text for readers that cannot draw it."""
    return (
        f'<div class="equation"><math display="block" alttext="{escape(label)}">'
        f"<mrow>{left}<mo>=</mo>{right}</mrow></math></div>"
    )


def parameter(symbol):
    """The symbol of a parameter, as MathML."""
    head, sub = split(symbol.partition("__")[0])
    base = f'<mi class="parameter">{escape(head)}</mi>'
    return f"<msub>{base}<mtext>{escape(sub)}</mtext></msub>" if sub else base


def inline(content):
    """MathML inside a line of text."""
    return f"<math>{content}</math>"
