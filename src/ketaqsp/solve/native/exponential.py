"""Growth over a step, exp(M h) - I, as code: Taylor's series at a small step, doubled again.

The method is that of ketaqsp.solve.linear, with the scaling chosen for each patient alone.
"""

from ketaqsp.solve.native.code import Code, real
from ketaqsp.solve.native.linear import rows_of
from ketaqsp.solve.radau import NODES

TERMS = 14  # of the Taylor series at a norm below 1/2: the remainder is below 1e-16
MARGIN = 3  # powers of two between a norm and its scaled value: below 1/4
MOST = 60  # doublings: a rate that asks for more is not finite


def functions(machine, system, tag):
    """Text of @turn, @growth, @double and @table for systems of this pattern."""
    return "\n".join(
        (
            turn(system, tag, Code(machine)),
            _growth(machine, system, tag),
            double(system, tag, Code(machine)),
            _table(machine, tag, len(system.reached)),
        )
    )


def room(system):
    """Vectors of spare memory that @growth needs."""
    return len(system.reached) + len(system.direct)


def turn(system, tag, code):
    """@turn(out, a, p, share, unit): a turn of Horner's rule, out = unit I + share A P.

    a: entries of A; p: those of P, whose rows for the inputs are the identity's. code: empty.
    """
    c = code
    left = {e: c.load("%a", where) for e, where in system.given.items()}
    rows, share, unit = rows_of(left), c.splat("%share"), c.splat("%unit")
    for (i, j), where in system.place.items():
        pairs = [
            (left[i, k], c.load("%p", system.place[k, j]))
            for k in rows[i]
            if (k, j) in system.place
        ]
        held = left[i, j] if j >= system.m and (i, j) in left else None
        x = c.total(pairs, held)
        x = c.fma(x, share, unit) if i == j else c.op("mul", x, share)
        c.store(x, "%out", where)
    given = "ptr noalias %out, ptr noalias %a, ptr noalias %p, double %share, double %unit"
    return c.function(f"turn_{tag}", given, flags="noinline")


def _growth(machine, system, tag):
    """@growth(out, generator, h, spare): Horner's rule on the scaled generator, then doublings."""
    c, size = Code(machine), len(system.reached)
    count, _ = scaled(c, system, "%spare", size)
    a = c.at("%spare", size)
    identity(c, system, "%out")
    c.do("br label %series")
    c.label("series")
    c.do(f"%order = phi i64 [ {TERMS}, %entry ], [ %lower, %series ]")
    divided = c.put("uitofp i64 %order to double")
    share = c.put(f"fdiv double 1.0, {divided}")
    c.do("%last = icmp eq i64 %order, 1")
    c.do("%unit = select i1 %last, double 0.0, double 1.0")
    c.do(f"call void @turn_{tag}(ptr %spare, ptr {a}, ptr %out, double {share}, double %unit)")
    c.do(copy(machine, "%out", "%spare", size))
    c.do("%lower = sub i64 %order, 1")
    c.do("%more = icmp ne i64 %lower, 0")
    c.do("br i1 %more, label %series, label %summed")
    c.label("summed")
    most = c.put(f"call i64 @llvm.vector.reduce.smax({c.m.i} {count})")
    c.do("br label %check")
    c.label("check")
    c.do("%turn = phi i64 [ 0, %summed ], [ %next, %doubled ]")
    c.do(f"%go = icmp slt i64 %turn, {most}")
    c.do("br i1 %go, label %doubled, label %end")
    c.label("doubled")
    c.do(f"call void @double_{tag}(ptr %spare, ptr %out)")
    waiting = pending(c, "%turn", count)
    for where in system.place.values():
        kept = c.select(waiting, c.load("%spare", where), c.load("%out", where))
        c.store(kept, "%out", where)
    c.do("%next = add i64 %turn, 1")
    c.do("br label %check")
    c.label("end")
    given = "ptr noalias %out, ptr noalias %generator, double %h, ptr noalias %spare"
    return c.function(f"growth_{tag}", given)


def identity(c, system, to):
    """Stores I at `to`."""
    for (i, j), where in system.place.items():
        c.store(c.number(1.0 if i == j else 0.0), to, where)


def scaled(c, system, base, first):
    """Stores the generator times h, scaled, after `first` places of `base`.

    Returns how often each lane is to be doubled (a patient alone decides), and h as scaled.
    """
    h = c.splat("%h")
    entry = {e: c.load("%generator", system.given[e]) for e in system.direct}
    q = c.number(0.0)
    for i in range(system.m):
        loss = c.strict("sub", c.number(0.0), entry[i, i])
        q = c.select(c.compare("ogt", loss, q), loss, q)
    exponent = c.integer("lshr", c.bits(c.strict("mul", q, h)), c.whole(52))
    count = c.integer("sub", exponent, c.whole(1023 - MARGIN))
    for how, limit in (("sgt", 0), ("slt", MOST)):
        inside = c.put(f"icmp {how} {c.m.i} {count}, {c.whole(limit)}")
        count = c.put(f"select {c.m.b} {inside}, {c.m.i} {count}, {c.m.i} {c.whole(limit)}")
    shrink = c.integer("shl", c.integer("sub", c.whole(1023), count), c.whole(52))
    step = c.strict("mul", h, c.floats(shrink))
    for e, where in system.given.items():
        c.store(c.strict("mul", entry[e], step), base, first + where)
    return count, step


def pending(c, turn, count):
    """The lanes that are still to be doubled at this turn (from 0)."""
    one = c.put(f"insertelement {c.m.i} poison, i64 {turn}, i64 0")
    zeros = f"<{c.m.lanes} x i32> zeroinitializer"
    turns = c.put(f"shufflevector {c.m.i} {one}, {c.m.i} poison, {zeros}")
    return c.put(f"icmp slt {c.m.i} {turns}, {count}")


def copy(machine, out, source, size):
    """A line that copies `size` vectors."""
    return (
        f"call void @llvm.memcpy.p0.p0.i64(ptr align {machine.bytes} {out}, "
        f"ptr align {machine.bytes} {source}, i64 {size * machine.bytes}, i1 false)"
    )


def double(system, tag, code, rows=None):
    """@double(out, x): the growth of twice the step, (I + F)^2 - I.

    Off the diagonal F_ij (E_ii + E_jj) + sum over others F_ik F_kj, on it F_ii (2 + F_ii) + the
    sum: E = I + F has no negative entry, so nothing cancels. code: an empty Code. rows: some only.
    """
    c, m, known = code, system.m, {}

    def f(*entry):
        if entry not in known:
            known[entry] = c.load("%x", system.place[entry])
        return known[entry]

    def stays(i):
        return c.op("add", f(i, i), c.number(1.0)) if i < m else c.number(1.0)

    for (i, j), where in system.place.items():
        if rows is not None and i not in rows:
            continue
        between = [k for k in range(m) if k not in (i, j) and (i, k) in system.place]
        between = [k for k in between if (k, j) in system.place]
        own = c.op("add", f(i, i), c.number(2.0)) if i == j else c.op("add", stays(i), stays(j))
        pairs = [(f(i, j), own), *((f(i, k), f(k, j)) for k in between)]
        c.store(c.total(pairs), "%out", where)
    given = "ptr noalias %out, ptr noalias %x"
    return c.function(f"double_{tag}", given, flags="noinline")


def _table(machine, tag, size):
    """@table(table, generator, lengths, halves, n, spare): growth over all step lengths.

    A length that is twice an earlier one is doubled from it: halves[i] is its place, or -1.
    """
    c = Code(machine)
    c.do("br label %check")
    c.label("check")
    c.do("%i = phi i64 [ 0, %entry ], [ %next, %done ]")
    c.do("%go = icmp slt i64 %i, %n")
    c.do("br i1 %go, label %body, label %end")
    c.label("body")
    three = 3 * size
    c.do(f"%first = mul i64 %i, {three}")
    c.do(f"%out = getelementptr {c.m.v}, ptr %table, i64 %first")
    c.do("%where = getelementptr i64, ptr %halves, i64 %i")
    c.do("%half = load i64, ptr %where")
    c.do("%direct = icmp slt i64 %half, 0")
    c.do("br i1 %direct, label %new, label %twice")
    c.label("new")
    c.do("%lengthat = getelementptr double, ptr %lengths, i64 %i")
    c.do("%length = load double, ptr %lengthat")
    for node, share in enumerate(NODES):
        part = c.put(f"fmul double %length, {real(share)}")
        to = c.at("%out", node * size)
        c.do(f"call void @growth_{tag}(ptr {to}, ptr %generator, double {part}, ptr %spare)")
    c.do("br label %done")
    c.label("twice")
    c.do(f"%from = mul i64 %half, {three}")
    c.do(f"%base = getelementptr {c.m.v}, ptr %table, i64 %from")
    for node in range(3):
        to, source = c.at("%out", node * size), c.at("%base", node * size)
        c.do(f"call void @double_{tag}(ptr {to}, ptr {source})")
    c.do("br label %done")
    c.label("done")
    c.do("%next = add i64 %i, 1")
    c.do("br label %check")
    c.label("end")
    return c.function(
        f"table_{tag}",
        "ptr %table, ptr %generator, ptr %lengths, ptr %halves, i64 %n, ptr %spare",
        flags="noinline",
    )
