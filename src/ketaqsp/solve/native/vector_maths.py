"""exp, log, sqrt, power and softplus on vectors, as LLVM text.

No library is called, so every lane takes the same path. exp and log are within 1 ulp (tested),
with infinities, NaN and denormals as in C. exp: x = n ln2 + r, Taylor's series of e^r; log: the
series and split of Sun's fdlibm (e_log.c), without its branches.
"""

import math

from ketaqsp.solve.native.code import Code

LOG2E = 1.4426950408889634
LN2_HIGH = float.fromhex("0x1.62e42feep-1")  # 32 bits: a product with a whole number is exact
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
SHIFT = 1.5 * 2.0**52  # adding it rounds to a whole number, which then stands in the low bits
SHIFT_BITS = 0x4338000000000000
WIDEST = 750.0  # e^x beyond is 0 or infinite
SERIES = [1.0 / math.factorial(k) for k in range(2, 15)]  # remainder below 1e-18 at ln2/2
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
LOG_SERIES = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)


def library(machine):
    """Text of the functions @k_exp, @k_log, @k_sqrt, @k_power, @k_softplus."""
    makers = (_exp, _log, _sqrt, _power, _softplus)
    v = machine.v
    declared = f"declare {v} @llvm.fma({v}, {v}, {v})\ndeclare {v} @llvm.sqrt({v})\n"
    return declared + "\n".join(make(machine) for make in makers)


def _done(c, name, result, arguments):
    c.do(f"ret {c.m.v} {result}")
    given = ", ".join(f"{c.m.v} %{a}" for a in arguments)
    return c.function(f"k_{name}", given, c.m.v, "alwaysinline nounwind")


def _horner(c, x, series):
    out = c.number(series[-1])
    for a in reversed(series[:-1]):
        out = c.fma(out, x, c.number(a))
    return out


def _exp(machine):
    c = Code(machine)
    n = c.number
    x = c.select(c.compare("ogt", "%x", n(WIDEST)), n(WIDEST), "%x")
    x = c.select(c.compare("olt", x, n(-WIDEST)), n(-WIDEST), x)
    shifted = c.fma(x, n(LOG2E), n(SHIFT))
    whole = c.strict("sub", shifted, n(SHIFT))
    r = c.fma(whole, n(-LN2_HIGH), x)
    r = c.fma(whole, n(-LN2_LOW), r)
    # Even and odd powers apart: two short chains run side by side.
    square = c.strict("mul", r, r)
    even, odd = _horner(c, square, SERIES[0::2]), _horner(c, square, SERIES[1::2])
    tail = c.strict("mul", c.fma(odd, r, even), square)
    y = c.strict("add", n(1.0), c.strict("add", r, tail))
    count = c.integer("sub", c.bits(shifted), c.whole(SHIFT_BITS))
    half = c.integer("ashr", count, c.whole(1))
    for part in (half, c.integer("sub", count, half)):  # in two parts, or 2^n could overflow
        power = c.integer("shl", c.integer("add", part, c.whole(1023)), c.whole(52))
        y = c.strict("mul", y, c.floats(power))
    return _done(c, "exp", y, ("x",))


def _log(machine):
    c = Code(machine)
    n = c.number
    small = c.compare("olt", "%x", n(2.0**-1022))
    x = c.select(small, c.strict("mul", "%x", n(2.0**54)), "%x")
    bits = c.bits(x)
    over = c.integer("sub", bits, c.whole(SQRT_HALF_BITS))
    exponent = c.integer("ashr", over, c.whole(52))
    scale = c.integer("shl", exponent, c.whole(52))
    mantissa = c.floats(c.integer("sub", bits, scale))  # between sqrt(1/2) and sqrt(2)
    k = c.floats(c.integer("add", exponent, c.whole(SHIFT_BITS)))
    k = c.strict("sub", k, n(SHIFT))
    k = c.strict("sub", k, c.select(small, n(54.0), n(0.0)))
    f = c.strict("sub", mantissa, n(1.0))
    s = c.strict("div", f, c.strict("add", n(2.0), f))
    z = c.strict("mul", s, s)
    w = c.strict("mul", z, z)
    odd = c.strict("mul", z, _horner(c, w, LOG_SERIES[0::2]))
    series = c.fma(w, _horner(c, w, LOG_SERIES[1::2]), odd)
    halved = c.strict("mul", c.strict("mul", n(0.5), f), f)
    low = c.fma(s, c.strict("add", halved, series), c.strict("mul", k, n(LN2_LOW)))
    y = c.strict("sub", c.strict("sub", halved, low), f)
    y = c.strict("sub", c.strict("mul", k, n(LN2_HIGH)), y)
    y = c.select(c.compare("oeq", "%x", n(math.inf)), n(math.inf), y)
    y = c.select(c.compare("oeq", "%x", n(0.0)), n(-math.inf), y)
    y = c.select(c.compare("ult", "%x", n(0.0)), n(math.nan), y)
    return _done(c, "log", y, ("x",))


def _sqrt(machine):
    c = Code(machine)
    return _done(c, "sqrt", c.put(f"call {c.m.v} @llvm.sqrt({c.m.v} %x)"), ("x",))


def _power(machine):
    c = Code(machine)
    zero = c.number(0.0)
    raised = c.call("k_exp", c.strict("mul", "%p", c.call("k_log", "%x")))
    return _done(c, "power", c.select(c.compare("ogt", "%x", zero), raised, zero), ("x", "p"))


def _softplus(machine):
    c = Code(machine)
    zero, one = c.number(0.0), c.number(1.0)
    positive = c.compare("ogt", "%x", zero)
    t = c.call("k_exp", c.select(positive, c.strict("sub", zero, "%x"), "%x"))
    u = c.strict("add", one, t)
    # log1p: what was lost in rounding 1 + t is put back.
    lost = c.strict("sub", t, c.strict("sub", u, one))
    y = c.strict("add", c.call("k_log", u), c.strict("div", lost, u))
    # The larger of x and 0, and x itself where it is NaN.
    top = c.select(c.compare("ole", "%x", zero), zero, "%x")
    return _done(c, "softplus", c.strict("add", top, y), ("x",))
