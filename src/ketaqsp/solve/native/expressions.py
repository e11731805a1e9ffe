"""Equations as graphs: a Term is called on nodes in place of numbers, and what it does is kept.

A node is `fixed` if parameters alone decide it: its value is worked out once for a patient and
not at every step. A quotient by something fixed becomes a product with its reciprocal, and fixed
factors are gathered, and a power of an exponential is one exponential, so results differ from the
plain function in the last bits only.
"""

ELEMENTARY = ("exp", "log", "sqrt", "power", "softplus")


class Node:
    """One operation on other nodes, a number, or a name. Equal nodes of a Graph are one object."""

    traced = True  # ketaqsp.maths hands its functions to `call`
    __slots__ = ("graph", "op", "args", "fixed")

    def __init__(self, graph, op, args, fixed):
        self.graph, self.op, self.args, self.fixed = graph, op, args, fixed

    def call(self, name, *arguments):
        """The node of an elementary function of ketaqsp.maths."""
        if name not in ELEMENTARY:
            raise TypeError(f"{name} is not known to the native solver: {', '.join(ELEMENTARY)}")
        return self.graph.make(name, *arguments)

    def __add__(self, other):
        return self.graph.make("add", self, other)

    def __radd__(self, other):
        return self.graph.make("add", other, self)

    def __sub__(self, other):
        return self.graph.make("sub", self, other)

    def __rsub__(self, other):
        return self.graph.make("sub", other, self)

    def __mul__(self, other):
        return self.graph.make("mul", self, other)

    def __rmul__(self, other):
        return self.graph.make("mul", other, self)

    def __truediv__(self, other):
        return self.graph.make("div", self, other)

    def __rtruediv__(self, other):
        return self.graph.make("div", other, self)

    def __neg__(self):
        return self.graph.make("sub", 0.0, self)

    def __pow__(self, exponent):
        if not isinstance(exponent, int):
            raise TypeError("** takes whole numbers only; use ketaqsp.maths.power")
        out = self if exponent else self.graph.make("number", 1.0)
        for _ in range(abs(exponent) - 1):
            out = out * self
        return out if exponent >= 0 else 1 / out


class Graph:
    """Nodes of one program. known: {name: True if it is fixed}; other names may not be read."""

    def __init__(self, known):
        self.known, self.nodes, self.defined = dict(known), {}, {}

    def name(self, name):
        """What a name stands for: the expression of a signal, or a leaf."""
        if name in self.defined:
            return self.defined[name]
        return self._node("name", (name,), self.known[name])

    def trace(self, term):
        """The node of a Term, fed by names."""
        return self.node(term.function(*[self.name(name) for name in term.names]))

    def node(self, value):
        """A node, from a node or a number."""
        if isinstance(value, Node):
            return value
        return self._node("number", (float(value),), True)

    def make(self, op, *arguments):
        """The node of an operation, with fixed factors gathered."""
        if op == "number":
            return self.node(*arguments)
        args = tuple(self.node(a) for a in arguments)
        if op == "div" and args[1].fixed and not args[0].fixed:
            return self.make("mul", args[0], self.make("div", 1.0, args[1]))
        if op == "mul":
            left, right = args
            if left.fixed and not right.fixed:
                left, right = right, left
            if right.fixed and left.op == "mul" and not left.fixed and left.args[1].fixed:
                left, right = left.args[0], self.make("mul", left.args[1], right)
            args = (left, right)
        if op == "power" and args[0].op == "exp":  # needs no logarithm
            return self.make("exp", self.make("mul", args[0].args[0], args[1]))
        return self._node(op, args, all(a.fixed for a in args))

    def _node(self, op, args, fixed):
        # A zero keeps its sign: 0.0 and -0.0 are equal but not the same number.
        key = (op, *(a.hex() if isinstance(a, float) else a for a in args))
        found = self.nodes.get(key)
        if found is None:
            found = self.nodes[key] = Node(self, op, args, fixed)
        return found
