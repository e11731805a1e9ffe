"""SymPy expressions as MathML, which browsers draw by themselves: no script, no font, no network.

Parameters are set in italics with Greek letters and subscripts; states and signals keep the upright
name that they have in the results. hill, softplus, exp and log are kept by name. Each term of a sum
is a <math> of its own, so that a long equation can go on in the next line of the page.
"""

import re
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
# Second parts of names that are two words, and not a letter with its index.
SECOND_WORDS = ("block", "erasure", "end", "sd")


def split(symbol):
    """(head, subscript) of a parameter's name: tau_mood is τ with mood, V1_nk is V with 1, nk.

    A name of two words such as opioid_block stays whole.
    """
    head, *sub = symbol.split("_")
    if sub and sub[-1] in SECOND_WORDS:
        return symbol, ""
    if re.fullmatch(r"[A-Za-z]\d", head):
        head, sub = head[0], [head[1], *sub]
    return GREEK.get(head, head), ", ".join(sub)


def _place(factor, parameters):
    """Where a factor stands in a product: numbers, parameters, states, functions, sums."""
    if factor.is_number:
        return 0
    if factor.is_Symbol:
        return 1 if factor.name in parameters else 2
    return 4 if factor.is_Add else 3


class Printer(MathMLPresentationPrinter):
    """Presentation MathML: in a sum what raises a state stands before what lowers it."""

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
            return self._tag("mi", symbol.name, **{"class": "state"})
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
        """Brackets that grow only round a fraction: an ordinary font grows them too far."""
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

    def _print_power(self, call):
        base, exponent = call.args
        printed = self._print(base)
        if not base.is_Symbol:
            printed = self._bracketed(self._tag("mrow", printed))
        return self._tag("msup", printed, self._print(exponent))

    def _signed(self, expr):
        """Terms of a sum as (sign, term without it): a number first, what is taken away last."""
        ordered = self._as_ordered_terms(expr)
        signed = [(bool(term.as_coeff_Mul()[0].is_negative), term) for term in ordered]
        signed.sort(key=lambda s: (s[0], not s[1].is_number))
        return [(-1 if negative else 1, -term if negative else term) for negative, term in signed]

    def _print_Add(self, expr, order=None):
        row = self._tag("mrow")
        for sign, term in self._signed(expr):
            if sign < 0:
                row.appendChild(self._tag("mo", "−"))
            elif row.childNodes:
                row.appendChild(self._tag("mo", "+"))
            row.appendChild(self._print(term))
        return row

    def _print_Mul(self, expr):
        if expr.as_coeff_Mul()[0].is_negative:
            return self._tag("mrow", self._tag("mo", "−"), self._print(-expr))
        above, below = [], []
        factors = expr.as_ordered_factors()
        for factor in sorted(factors, key=lambda f: _place(f, self.parameters)):
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
        """A sum kept in its order, as [(MathML, text)] of its terms; sums inside it are opened.

        pieces are (sign, expression), sign +1 or -1.
        """
        opened = []
        for sign, expr in pieces:
            expr = sympify(expr)
            opened += self._signed(expr) if sign > 0 and expr.is_Add else [(sign, expr)]
        out = []
        for sign, expr in opened:
            text = self.xml(expr)
            if sign < 0 and expr.is_Add:
                text = f"<mrow>{OPEN}{text}{CLOSE}</mrow>"
            mark = "−" if sign < 0 else "+" if out else ""
            # A form is said, or a sign that stands first would be set close as that of a number.
            joint = f'<mo form="infix">{mark}</mo>' if mark else ""
            out.append((f"<mrow>{joint}{text}</mrow>", f"{mark} {expr}".strip()))
        return out or [("<mn>0</mn>", "0")]


def name(text):
    """A state or signal, as MathML. Not as mtext: that counts as space, and moves operators."""
    return f'<mi class="state">{escape(text)}</mi>'


def at_start(state):
    """state(0), as MathML."""
    return f"<mrow>{name(state)}{OPEN}<mn>0</mn>{CLOSE}</mrow>"


def derivative(state):
    """d state / dt, as MathML."""
    d = '<mi mathvariant="normal">d</mi>'
    space = '<mspace width="0.18em"/>'
    return f"<mfrac><mrow>{d}{space}{name(state)}</mrow><mrow>{d}<mi>t</mi></mrow></mfrac>"


def equation(left, right, label):
    """A displayed equation. right: [(MathML, text)] of terms, between which a line may end.

    The texts (and `label`, the left side) are for readers that cannot draw it.
    """
    parts = [(f'<mrow>{left}<mo form="infix">=</mo></mrow>', f"{label} ="), *right]
    drawn = (
        f'<math displaystyle="true" alttext="{escape(text)}">{content}</math>'
        for content, text in parts
    )
    return f'<div class="equation">{" ".join(drawn)}</div>'


def parameter(symbol):
    """The symbol of a parameter, as MathML."""
    head, sub = split(symbol.partition("__")[0])
    base = f'<mi class="parameter">{escape(head)}</mi>'
    return f"<msub>{base}<mtext>{escape(sub)}</mtext></msub>" if sub else base


def inline(content):
    """MathML inside a line of text."""
    return f"<math>{content}</math>"
