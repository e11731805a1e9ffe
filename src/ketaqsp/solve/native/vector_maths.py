"""exp, log, sqrt, power and softplus on vectors, as LLVM text.

No library is called, so every lane takes the same path. exp and log are within 1 ulp (tested),
with infinities, NaN and denormals as in C. exp: x = n ln2 + r, Taylor's series of e^r; log: the
series and split of Sun's fdlibm (e_log.c), without its branches.

Each function is there twice: for one vector, written into its caller, and for the three nodes of a
step at once (@k_exp_3), as code of its own. One node's operations wait for each other, those of
three do not, and the code of a step stays small enough for the processor's cache.
"""

import math

from ketaqsp.solve.native.code import Code, Together, three_of

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
    """Text of the functions @k_exp, @k_log, @k_sqrt, @k_power, @k_softplus and of @k_exp_3 ..."""
    v = machine.v
    declared = f"declare {v} @llvm.fma({v}, {v}, {v})\ndeclare {v} @llvm.sqrt({v})\n"
    parts = [_one(machine, *about) + _three(machine, *about) for about in FUNCTIONS]
    return declared + "\n".join(parts)


def _one(machine, name, write, arguments):
    c = Code(machine)
    c.do(f"ret {c.m.v} {write(c, *(f'%{a}' for a in arguments))}")
    given = ", ".join(f"{c.m.v} %{a}" for a in arguments)
    return c.function(f"k_{name}", given, c.m.v, "alwaysinline nounwind")


def _three(machine, name, write, arguments):
    c, three = Code(machine), range(3)
    found = write(Together(c, 3), *(tuple(f"%{a}{i}" for i in three) for a in arguments))
    kind, whole = three_of(machine), "poison"
    for i, value in enumerate(found):
        whole = c.put(f"insertvalue {kind} {whole}, {c.m.v} {value}, {i}")
    c.do(f"ret {kind} {whole}")
    given = ", ".join(f"{c.m.v} %{a}{i}" for a in arguments for i in three)
    return c.function(f"k_{name}_3", given, kind, "noinline nounwind")


def _horner(c, x, series):
    out = c.number(series[-1])
    for a in reversed(series[:-1]):
        out = c.fma(out, x, c.number(a))
    return out


def _exp(c, x):
    n = c.number
    x = c.select(c.compare("ogt", x, n(WIDEST)), n(WIDEST), x)
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
    return y


def _log(c, x):
    n = c.number
    small = c.compare("olt", x, n(2.0**-1022))
    given, x = x, c.select(small, c.strict("mul", x, n(2.0**54)), x)
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
    y = c.select(c.compare("oeq", given, n(math.inf)), n(math.inf), y)
    y = c.select(c.compare("oeq", given, n(0.0)), n(-math.inf), y)
    return c.select(c.compare("ult", given, n(0.0)), n(math.nan), y)


def _sqrt(c, x):
    return c.call("llvm.sqrt", x)


def _power(c, x, p):
    zero = c.number(0.0)
    raised = _exp(c, c.strict("mul", p, _log(c, x)))
    return c.select(c.compare("ogt", x, zero), raised, zero)


def _softplus(c, x):
    zero, one = c.number(0.0), c.number(1.0)
    positive = c.compare("ogt", x, zero)
    t = _exp(c, c.select(positive, c.strict("sub", zero, x), x))
    u = c.strict("add", one, t)
    # log1p: what was lost in rounding 1 + t is put back.
    lost = c.strict("sub", t, c.strict("sub", u, one))
    y = c.strict("add", _log(c, u), c.strict("div", lost, u))
    # The larger of x and 0, and x itself where it is NaN.
    top = c.select(c.compare("ole", x, zero), zero, x)
    return c.strict("add", top, y)


FUNCTIONS = (
    ("exp", _exp, ("x",)),
    ("log", _log, ("x",)),
    ("sqrt", _sqrt, ("x",)),
    ("power", _power, ("x", "p")),
    ("softplus", _softplus, ("x",)),
)
