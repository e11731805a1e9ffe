"""Code that can be run backwards: it keeps how each value came about and writes the adjoints.

A Tape takes the place of Code. Its body works the values out again and stores none of them; `back`
then adds, for every place in memory that was read, what the places written to owe to it. The
adjoint of a place p of `base` stands at the same place of the base named in `bars`.
"""

from ketaqsp.solve.native.code import Code


class Tape(Code):
    """bars: {base: base of its adjoints}. What is read from another base has no adjoint."""

    def __init__(self, machine, bars):
        super().__init__(machine)
        self.bars, self.made, self.active = bars, [], set()
        self.read, self.written, self.owed = {}, {}, {}

    def _note(self, kind, arguments, value):
        if any(a in self.active for a in arguments):
            self.active.add(value)
            self.made.append((kind, arguments, value))
        return value

    # -- forwards: as Code, and noted ------------------------------------------------------

    def op(self, name, a, b):
        return self._note(name, (a, b), super().op(name, a, b))

    def strict(self, name, a, b):
        return self._note(name, (a, b), super().strict(name, a, b))

    def fma(self, a, b, c):
        if not self.m.fused:
            return super().fma(a, b, c)
        return self._note("fma", (a, b, c), super().fma(a, b, c))

    def select(self, which, yes, no):
        return self._note("select", (yes, no, which), super().select(which, yes, no))

    def call(self, name, *arguments):
        if name != "k_power":
            return self._note(name, arguments, super().call(name, *arguments))
        # In two parts: the way back needs the logarithm.
        x, p = arguments
        log = super().call("k_log", x)
        return self._raised(x, p, log, super().call("k_exp", super().strict("mul", p, log)))

    def call_3(self, name, *arguments):
        if name != "k_power":
            found = super().call_3(name, *arguments)
            each = zip(zip(*arguments, strict=True), found, strict=True)
            return [self._note(name, given, value) for given, value in each]
        xs, ps = arguments
        logs = super().call_3("k_log", xs)
        products = [super(Tape, self).strict("mul", p, x) for p, x in zip(ps, logs, strict=True)]
        found = super().call_3("k_exp", products)
        return [self._raised(*given) for given in zip(xs, ps, logs, found, strict=True)]

    def _raised(self, x, p, log, raised):
        positive = self.compare("ogt", x, self.number(0.0))
        value = super().select(positive, raised, self.number(0.0))
        return self._note("k_power", (x, p, log, positive), value)

    def load(self, base, slot):
        key = base, slot
        if key in self.written:
            return self.written[key]
        if key not in self.read:
            self.read[key] = super().load(base, slot)
            if base in self.bars:
                self.active.add(self.read[key])
        return self.read[key]

    def store(self, x, base, slot):
        self.written[base, slot] = x

    def function(self, name, arguments="", gives="void", flags="", internal=True):
        """The text of the function that runs it backwards, with the bases of adjoints given too."""
        self.back()
        more = "".join(f", ptr noalias {bar}" for bar in self.bars.values())
        return super().function(f"{name}_back", arguments + more, gives, flags, internal)

    # -- backwards -------------------------------------------------------------------------

    def back(self):
        """Write the adjoints of all that was noted."""
        for (base, slot), x in self.written.items():
            if base in self.bars:
                self._owe(x, self._bar(base, slot))
        for kind, arguments, value in reversed(self.made):
            bar = self.owed.pop(value, None)
            if bar is not None:
                getattr(self, f"_{kind}")(bar, value, *arguments)
        for (base, slot), x in self.read.items():
            bar = self.owed.pop(x, None)
            if base in self.bars and (bar is not None or (base, slot) in self.written):
                before = None if (base, slot) in self.written else self._bar(base, slot)
                if bar is None:
                    bar = self.number(0.0)
                elif before is not None:
                    bar = super().op("add", before, bar)
                super().store(bar, self.bars[base], slot)
        for base, slot in self.written:  # in order: a text that varies is compiled every time
            if base in self.bars and (base, slot) not in self.read:
                super().store(self.number(0.0), self.bars[base], slot)

    def _bar(self, base, slot):
        return super().load(self.bars[base], slot)

    def _owe(self, x, bar):
        """x owes `bar` more."""
        if x in self.active:
            self.owed[x] = super().op("add", self.owed[x], bar) if x in self.owed else bar

    def _owe_product(self, x, a, b):
        """x owes a b more."""
        if x in self.active:
            if x in self.owed:
                self.owed[x] = super().fma(a, b, self.owed[x])
            else:
                self.owed[x] = super().op("mul", a, b)

    def _negative(self, x):
        return super().op("sub", self.number(0.0), x)

    def _add(self, bar, _, a, b):
        self._owe(a, bar)
        self._owe(b, bar)

    def _sub(self, bar, _, a, b):
        self._owe(a, bar)
        if b in self.active:
            self._owe(b, self._negative(bar))

    def _mul(self, bar, _, a, b):
        self._owe_product(a, bar, b)
        self._owe_product(b, bar, a)

    def _div(self, bar, value, a, b):
        share = super().op("div", bar, b)
        self._owe(a, share)
        if b in self.active:
            self._owe_product(b, self._negative(share), value)

    def _fma(self, bar, _, a, b, c):
        self._mul(bar, None, a, b)
        self._owe(c, bar)

    def _select(self, bar, _, yes, no, which):
        zero = self.number(0.0)
        if yes in self.active:
            self._owe(yes, super().select(which, bar, zero))
        if no in self.active:
            self._owe(no, super().select(which, zero, bar))

    def _k_exp(self, bar, value, x):
        self._owe_product(x, bar, value)

    def _k_log(self, bar, _, x):
        self._owe(x, super().op("div", bar, x))

    def _k_sqrt(self, bar, value, x):
        half = super().op("mul", bar, self.number(0.5))
        self._owe(x, super().op("div", half, value))

    def _k_power(self, bar, value, x, p, log, positive):
        zero = self.number(0.0)
        if x in self.active:
            slope = super().op("div", super().op("mul", p, value), x)
            self._owe(x, super().select(positive, super().op("mul", bar, slope), zero))
        if p in self.active:
            slope = super().op("mul", value, log)
            self._owe(p, super().select(positive, super().op("mul", bar, slope), zero))

    def _k_softplus(self, bar, _, x):
        one, zero = self.number(1.0), self.number(0.0)
        falling = super().call("k_exp", super().strict("sub", zero, x))
        self._owe(x, super().op("div", bar, super().op("add", one, falling)))
