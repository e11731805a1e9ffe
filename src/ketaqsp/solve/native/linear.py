"""The linear systems as code: generator, exponential and one step, entry by entry.

dx/dt = M x + B u with u held on a step. Only entries that can differ from zero are written out.
The method is that of ketaqsp.solve.linear (a sum of positive terms, scaled and squared), with the
scaling chosen for each patient alone.
"""

from ketaqsp.blocks import Flow, Follow
from ketaqsp.solve.native.code import Code, real
from ketaqsp.solve.radau import NODES

TERMS = 14  # of the Taylor series at a norm below 1/2: the remainder is below 1e-16
MARGIN = 3  # powers of two between a norm and its scaled value: below 1/4
MOST = 60  # squarings: a rate that asks for more is not finite


class System:
    """Pattern of one linear system: what moves what, directly and in the end.

    terms: {(row, column): [(sign, Term)]} of the generator, inputs in the last columns.
    direct, reached: entries that can differ from zero in the generator and in its exponential.
    """

    def __init__(self, system, read):
        self.system = system
        self.states, self.inputs = system.states, system.inputs
        self.m, self.k = len(self.states), len(self.inputs)
        index = {name: i for i, name in enumerate(self.states)}
        column = {f"input_{name}": self.m + j for j, (name, _) in enumerate(self.inputs)}
        self.wanted = tuple(i for i, s in enumerate(self.states) if s in read)
        self.terms = {}
        for block in system.blocks:
            self._add(block, index, {**index, **column})
        self.ones = [(index[target], self.m + j) for j, (_, target) in enumerate(self.inputs)]
        for place in self.ones:
            self.terms.setdefault(place, [])
        self.wide = self.m + self.k
        self.direct = sorted({*self.terms, *((i, i) for i in range(self.wide))})
        self.reached = _closure(self.direct, self.wide)
        self.place = {entry: i for i, entry in enumerate(self.reached)}
        self.given = {entry: i for i, entry in enumerate(self.direct)}
        # Systems of one pattern share their code.
        self.pattern = (tuple(self.direct), self.m, self.k, self.wanted)

    def _add(self, block, index, column):
        def put(row, col, sign, term):
            self.terms.setdefault((row, col), []).append((sign, term))

        if isinstance(block, Flow):
            source = index[block.source]
            put(source, source, "sub", block.rate)
            if block.target is not None:
                put(index[block.target], source, "add", block.rate)
        elif isinstance(block, Follow):
            row = index[block.name]
            put(row, row, "sub", block.rate)
            for name, gain in block.drives:
                put(row, column[name], "add", gain)


def _closure(direct, wide):
    """Entries of any power of the generator: who reaches whom."""
    reach = [{i} | {j for r, j in direct if r == i} for i in range(wide)]
    for middle in range(wide):
        for i in range(wide):
            if middle in reach[i]:
                reach[i] |= reach[middle]
    return [(i, j) for i in range(wide) for j in sorted(reach[i])]


def write_generator(formula, graph, system, base, used):
    """Code that stores the generator at `base`; a patient without any input gets zeros.

    A patient whose rates are not finite and who is given nothing stays at zero, in any company.
    """
    c, zero = formula.code, formula.code.number(0.0)
    given = c.compare("one", used, zero)
    for entry in system.direct:
        value = c.number(1.0 if entry in system.ones else 0.0)
        for sign, term in system.terms.get(entry, ()):
            value = c.op(sign, value, formula(graph.trace(term)))
        c.store(c.select(given, value, zero), "%ctx", base + system.given[entry])


def functions(machine, system, tag):
    """Text of @expm, @square, @table and @advance for systems of this pattern."""
    size = len(system.reached)
    return "\n".join(
        (
            _exponential(machine, system, tag, size),
            _square(machine, system, tag),
            _table(machine, tag, size),
            _advance(machine, system, tag, size),
        )
    )


def _rows(entries):
    rows = {}
    for i, j in entries:
        rows.setdefault(i, []).append(j)
    return rows


def _product(c, system, left, right, out, scale=None):
    """out = left @ right (+ identity after scaling, in Horner's rule); left: {(i, j): value}."""
    reached = _rows(system.reached)
    rows = _rows(left)
    for i, columns in reached.items():
        for j in columns:
            pairs = [
                (left[i, k], c.load(right, system.place[k, j]))
                for k in rows[i]
                if (k, j) in system.place
            ]
            total = c.total(pairs)
            if scale is not None:
                start = c.number(1.0) if i == j else None
                total = c.fma(total, scale, start) if start else c.strict("mul", total, scale)
            c.store(total, out, system.place[i, j])


def _exponential(machine, system, tag, size):
    """@expm(out, generator, h, spare): Horner's rule on the shifted, scaled generator."""
    c = Code(machine)
    count, shift = _scaled(c, system, size)
    c.do("br label %series")
    c.label("series")
    c.do(f"%order = phi i64 [ {TERMS}, %entry ], [ %lower, %series ]")
    divided = c.put("uitofp i64 %order to double")
    scale = c.splat(c.put(f"fdiv double 1.0, {divided}"))
    left = {e: c.load("%spare", size + system.given[e]) for e in system.direct}
    _product(c, system, left, "%out", "%spare", scale)
    c.do(_copy(machine, "%out", "%spare", size))
    c.do("%lower = sub i64 %order, 1")
    c.do("%more = icmp ne i64 %lower, 0")
    c.do("br i1 %more, label %series, label %shifted")
    c.label("shifted")
    back = c.call("k_exp", c.strict("sub", c.number(0.0), shift))
    for (i, j), where in system.place.items():
        if i < system.m:
            c.store(c.strict("mul", c.load("%out", where), back), "%out", where)
        elif i == j:
            c.store(c.number(1.0), "%out", where)  # an input is held
    most = c.put(f"call i64 @llvm.vector.reduce.smax({c.m.i} {count})")
    _squarings(c, system, tag, count, most)
    return c.function(
        f"expm_{tag}", "ptr noalias %out, ptr noalias %generator, double %h, ptr noalias %spare"
    )


def _scaled(c, system, size):
    """Stores the generator times h, shifted and scaled, after `size` places of %spare.

    Identity goes to %out. Returns how often each lane is to be squared, and its shift.
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
    shift = c.strict("mul", q, step)
    for (i, j), where in system.place.items():
        c.store(c.number(1.0 if i == j else 0.0), "%out", where)
    for (i, j), where in system.given.items():
        value = c.strict("mul", entry[i, j], step)
        if i == j:
            value = c.strict("add", value, shift)
        c.store(value, "%spare", size + where)
    return count, shift


def _squarings(c, system, tag, count, most):
    """Squares %out until every lane has had its count; a lane that has is left as it is."""
    c.do("br label %check")
    c.label("check")
    c.do("%turn = phi i64 [ 0, %shifted ], [ %next, %squared ]")
    c.do(f"%go = icmp slt i64 %turn, {most}")
    c.do("br i1 %go, label %squared, label %end")
    c.label("squared")
    c.do(f"call void @square_{tag}(ptr %spare, ptr %out)")
    one = c.put(f"insertelement {c.m.i} poison, i64 %turn, i64 0")
    zeros = f"<{c.m.lanes} x i32> zeroinitializer"
    turns = c.put(f"shufflevector {c.m.i} {one}, {c.m.i} poison, {zeros}")
    pending = c.put(f"icmp slt {c.m.i} {turns}, {count}")
    for where in system.place.values():
        kept = c.select(pending, c.load("%spare", where), c.load("%out", where))
        c.store(kept, "%out", where)
    c.do("%next = add i64 %turn, 1")
    c.do("br label %check")
    c.label("end")


def _copy(machine, out, source, size):
    return (
        f"call void @llvm.memcpy.p0.p0.i64(ptr align {machine.bytes} {out}, "
        f"ptr align {machine.bytes} {source}, i64 {size * machine.bytes}, i1 false)"
    )


def _square(machine, system, tag):
    c = Code(machine)
    left = {e: c.load("%x", where) for e, where in system.place.items()}
    _product(c, system, left, "%x", "%out")
    return c.function(f"square_{tag}", "ptr noalias %out, ptr noalias %x", flags="noinline")


def _table(machine, tag, size):
    """@table(table, generator, lengths, halves, n, spare): exponentials of all step lengths.

    A length that is twice an earlier one is squared from it: halves[i] is its place, or -1.
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
    c.do("br i1 %direct, label %new, label %double")
    c.label("new")
    c.do("%lengthat = getelementptr double, ptr %lengths, i64 %i")
    c.do("%length = load double, ptr %lengthat")
    for node, share in enumerate(NODES):
        part = c.put(f"fmul double %length, {real(share)}")
        to = c.at("%out", node * size)
        c.do(f"call void @expm_{tag}(ptr {to}, ptr %generator, double {part}, ptr %spare)")
    c.do("br label %done")
    c.label("double")
    c.do(f"%from = mul i64 %half, {three}")
    c.do(f"%base = getelementptr {c.m.v}, ptr %table, i64 %from")
    for node in range(3):
        to, source = c.at("%out", node * size), c.at("%base", node * size)
        c.do(f"call void @square_{tag}(ptr {to}, ptr {source})")
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


def _advance(machine, system, tag, size):
    """@advance(z, e, nodes): states after a step, and those the sweep reads at its three nodes."""
    c = Code(machine)
    z = [c.load("%z", i) for i in range(system.wide)]
    rows = _rows(system.reached)

    def row(node, i):
        return c.total([(c.load("%e", node * size + system.place[i, j]), z[j]) for j in rows[i]])

    for place, i in enumerate(system.wanted):
        for node in (0, 1):
            c.store(row(node, i), "%nodes", 3 * place + node)
    after = [row(2, i) for i in range(system.m)]
    for place, i in enumerate(system.wanted):
        c.store(after[i], "%nodes", 3 * place + 2)
    for i, x in enumerate(after):
        c.store(x, "%z", i)
    given = "ptr noalias %z, ptr noalias readonly %e, ptr noalias %nodes"
    return c.function(f"advance_{tag}", given, flags="noinline")
