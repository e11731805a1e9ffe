"""LLVM's text, written line by line. Every value is a vector: one lane is one patient.

Lanes never meet, so a patient's bits cannot depend on who shares the vector.
"""

import struct


def real(x):
    """A double as LLVM reads it exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', float(x)))[0]:016X}"


class Machine:
    """What the code is written for: lanes in a vector, and whether fused multiply-add is there."""

    def __init__(self, lanes, fused):
        self.lanes, self.fused = lanes, fused
        self.v, self.i, self.b = (f"<{lanes} x {kind}>" for kind in ("double", "i64", "i1"))
        self.bytes = 8 * lanes


class Code:
    """The body of one function. Methods return names of values."""

    def __init__(self, machine):
        self.m, self.lines, self.count = machine, [], 0
        self.loaded = {}

    def put(self, text):
        """Add a line that gives a value; returns its name."""
        self.count += 1
        self.lines.append(f"  %t{self.count} = {text}")
        return f"%t{self.count}"

    def do(self, text):
        """Add a line that gives none."""
        self.lines.append(f"  {text}")

    def label(self, name):
        self.lines.append(f"{name}:")
        self.loaded.clear()

    def number(self, x):
        return f"splat (double {real(x)})"

    def whole(self, x):
        return f"splat (i64 {x})"

    def splat(self, scalar):
        """A vector of one double in every lane."""
        one = self.put(f"insertelement {self.m.v} poison, double {scalar}, i64 0")
        zeros = f"<{self.m.lanes} x i32> zeroinitializer"
        return self.put(f"shufflevector {self.m.v} {one}, {self.m.v} poison, {zeros}")

    def op(self, name, a, b):
        """add, sub, mul or div; a product and a sum may become one fused operation."""
        free = "contract " if name != "div" else ""
        return self.put(f"f{name} {free}{self.m.v} {a}, {b}")

    def strict(self, name, a, b):
        """The same, rounded each time: for steps whose error is counted on."""
        return self.put(f"f{name} {self.m.v} {a}, {b}")

    def integer(self, name, a, b):
        return self.put(f"{name} {self.m.i} {a}, {b}")

    def fma(self, a, b, c):
        """a b + c."""
        if not self.m.fused:
            return self.strict("add", self.strict("mul", a, b), c)
        v = self.m.v
        return self.put(f"call {v} @llvm.fma({v} {a}, {v} {b}, {v} {c})")

    def call(self, name, *arguments):
        given = ", ".join(f"{self.m.v} {a}" for a in arguments)
        return self.put(f"call {self.m.v} @{name}({given})")

    def call_3(self, name, *arguments):
        """Three values of a function that takes three of each argument."""
        given = ", ".join(f"{self.m.v} {a}" for some in arguments for a in some)
        kind = three_of(self.m)
        found = self.put(f"call {kind} @{name}_3({given})")
        return [self.put(f"extractvalue {kind} {found}, {i}") for i in range(3)]

    def compare(self, how, a, b):
        return self.put(f"fcmp {how} {self.m.v} {a}, {b}")

    def select(self, which, yes, no):
        v = self.m.v
        return self.put(f"select {self.m.b} {which}, {v} {yes}, {v} {no}")

    def bits(self, x):
        return self.put(f"bitcast {self.m.v} {x} to {self.m.i}")

    def floats(self, x):
        return self.put(f"bitcast {self.m.i} {x} to {self.m.v}")

    def at(self, base, slot):
        """Address of a slot, in vectors from `base`."""
        return self.put(f"getelementptr inbounds {self.m.v}, ptr {base}, i64 {slot}")

    def load(self, base, slot):
        where = self.at(base, slot)
        return self.put(f"load {self.m.v}, ptr {where}, align {self.m.bytes}")

    def store(self, x, base, slot):
        where = self.at(base, slot)
        self.do(f"store {self.m.v} {x}, ptr {where}, align {self.m.bytes}")

    def total(self, products, start=None):
        """start + sum of a b over pairs, in order."""
        for a, b in products:
            start = self.op("mul", a, b) if start is None else self.fma(a, b, start)
        return start if start is not None else self.number(0.0)

    def function(self, name, arguments="", gives="void", flags="", internal=True):
        """The text of the function."""
        where = "internal " if internal else ""
        head = f"define {where}{gives} @{name}({arguments}) {flags} {{\nentry:"
        if gives == "void":
            self.do("ret void")
        return "\n".join([head, *self.lines, "}", ""])


def three_of(machine):
    """Type of three vectors as one value."""
    return f"{{ {machine.v}, {machine.v}, {machine.v} }}"


class Together:
    """A Code for several values at once: each operation is written for all of them, side by side.

    A value is a tuple of names; what is not a tuple is the same for all.
    """

    def __init__(self, code, count):
        self.code, self.count = code, count

    def __getattr__(self, name):
        method = getattr(self.code, name)

        def each(*arguments):
            return tuple(
                method(*(a[i] if isinstance(a, tuple) else a for a in arguments))
                for i in range(self.count)
            )

        return each
