"""One step of the sweep as code, from the blocks of a model: see ketaqsp.solve.sweep.

Functions written: @begin (constants and states before a dose), @fixed (what parameters alone
decide), @prepare (gains of a step length), @step, @look (signals at an output, and failures). Each
takes an empty Code; a Tape in its place writes the function that runs it backwards.
"""

from ketaqsp.blocks import Algebra, Competition, Turnover
from ketaqsp.solve import radau
from ketaqsp.solve.native import collocation
from ketaqsp.solve.native.code import Code
from ketaqsp.solve.native.expressions import Graph
from ketaqsp.solve.native.formula import Formula

STAGES = range(3)
CHAINS = 4  # sums and least values are gathered in as many chains, which need not wait for another


class Sweep:
    """Writes the functions of a model's sweep. layout: places of names and of what is kept."""

    def __init__(self, machine, model, layout):
        self.machine, self.model, self.layout = machine, model, layout
        self.linear = [s for system in model.linear for s in system.states]
        self.bound = [s for b in model.sweep if isinstance(b, Competition) for s in b.bound]
        fixed = dict.fromkeys(model.parameters, True)
        fixed.update({b.name: True for b in model.constants})
        varying = (*model.states, *(b.name for b in model.sweep if isinstance(b, Competition)))
        self.graph = Graph({**fixed, **dict.fromkeys(varying, False)})
        for name in (*fixed, *model.states, *model.signals):
            self.layout[name]
        self.prepared = []  # (key, node of the loss): gains that a step length decides
        self.blocks = [self._traced(b) for b in model.sweep]
        self.readouts = [(b, self._traced(b)[1]) for b in model.readouts]

    def _traced(self, block):
        graph = self.graph
        if isinstance(block, Algebra):
            node = graph.defined[block.name] = graph.trace(block.value)
            return block, node
        if isinstance(block, Turnover):
            loss = graph.trace(block.loss)
            self._prepare(block.name, loss)
            return block, (graph.trace(block.production), loss)
        ons, offs = [graph.trace(t) for t in block.on], [graph.trace(t) for t in block.off]
        for name, off in zip(block.bound, offs, strict=True):
            self._prepare(name, off)
        return block, (ons, offs)

    def _prepare(self, name, loss):
        if loss.fixed:
            self.prepared.append((("gains", name), loss))
            self.layout.row(("gains", name), collocation.GAINS)

    # -- before the first step -------------------------------------------------------------

    def begin(self, nodes, code=None):
        """@begin: signals of parameters alone, and every state before the first dose."""
        f = Formula(self.machine, self.layout, fresh=True, code=code)
        for block in self.model.constants:
            # Stored under its name, where what follows reads it.
            f.store(f(self.graph.trace(block.value)), block.name)
        zero = f.code.number(0.0)
        for name in (*self.linear, *self.bound, "bad", "lowest", "error"):
            f.store(zero, name)
        for place in nodes.values():  # a system that nobody feeds is never run
            for s in STAGES:
                f.code.store(zero, "%ctx", place + s)
        for block in self.model.sweep:
            if isinstance(block, Turnover):
                start = f(self.graph.trace(block.start))
                f.store(start, block.name)
                f.store(start, ("start", block.name))
                f.store(zero, ("rate", block.name))
                if block.name in self.model.feedback:
                    for key in ("before", *STAGES):
                        f.store(start, ("backward", block.name, key))
        return f.code.function("begin", "ptr noalias %ctx", flags="noinline")

    def rest(self, code=None):
        """@rest: every state of the sweep as it began, in the lanes where %which is not 0."""
        f = Formula(self.machine, self.layout, code=code)
        c = f.code
        zero = c.number(0.0)
        which = c.compare("one", c.put(f"load {self.machine.v}, ptr %which, align 8"), zero)
        for name in self.bound:
            f.store(c.select(which, zero, f.load(name)), name)
        for block in self.model.sweep:
            if isinstance(block, Turnover):
                start, keys = f.load(("start", block.name)), [block.name]
                if block.name in self.model.feedback:
                    keys += [("backward", block.name, key) for key in ("before", *STAGES)]
                for key in keys:
                    f.store(c.select(which, start, f.load(key)), key)
        return c.function("rest", "ptr noalias %ctx, ptr noalias %which", flags="noinline")

    def fixed(self, code=None):
        """@fixed: every value that parameters alone decide and another function reads."""
        f = Formula(self.machine, self.layout, fresh=True, code=code)
        kept = [key for key in self.layout.slots if hasattr(key, "fixed")]
        for node in kept:
            f.store(f(node), node)
        return f.code.function("fixed", "ptr noalias %ctx", flags="noinline")

    def gain(self, code=None):
        """@gain(out, h, loss): gains of one state with this loss, for a step of h."""
        c = code or Code(self.machine)
        h, loss = c.splat("%h"), c.load("%loss", 0)
        start, weight = collocation.gains(c, h, loss)
        out = (*start, *(x for row in weight for x in row), collocation.filtered(c, h, loss))
        for i, value in enumerate(out):
            c.store(value, "%out", i)
        given = "ptr noalias %out, double %h, ptr noalias %loss"
        return c.function("gain", given, flags="noinline")

    def prepare(self, back=False):
        """@prepare: gains of every state with a fixed loss, for a step of h; or what they owe."""
        c = Code(self.machine)
        for key, loss in self.prepared:
            places = self.layout[key], self.layout.of(loss)
            out, given = (c.at("%ctx", place) for place in places)
            if back:
                bars = ", ".join(f"ptr {c.at('%bar', place)}" for place in places)
                c.do(f"call void @gain_back(ptr {out}, double %h, ptr {given}, {bars})")
            else:
                c.do(f"call void @gain(ptr {out}, double %h, ptr {given})")
        if back:
            return c.function("prepare_back", "ptr %ctx, double %h, ptr %bar", flags="noinline")
        return c.function("prepare", "ptr %ctx, double %h", flags="noinline")

    def _gains(self, f, name, loss, h):
        c = f.code
        if not loss.fixed:
            return collocation.varying_gains(c, h, [f(loss, s) for s in STAGES])
        base = self.layout["gains", name]
        values = [c.load("%ctx", base + i) for i in range(collocation.GAINS)]
        return values[:3], [values[3 + 3 * i : 6 + 3 * i] for i in STAGES]

    # -- a step ----------------------------------------------------------------------------

    def step(self, nodes, code=None):
        """@step: all states after h. nodes: {linear state: place of its values at the nodes}."""
        values = {}
        f = Formula(
            self.machine,
            self.layout,
            lambda name, stage: values[name][stage],
            together=True,
            code=code,
        )
        c = f.code
        h = c.splat("%h")
        for name, place in nodes.items():
            values[name] = [c.load("%ctx", place + s) for s in STAGES]
        for name in self.model.feedback:
            values[name] = self._extrapolated(f, name)
        for block, traced in self.blocks:
            if isinstance(block, Turnover):
                production, loss = traced
                made = [f(production, s) for s in STAGES]
                start, gains = f.load(block.name), self._gains(f, block.name, loss, h)
                x = collocation.stages(c, gains, start, made)
                if code is None:
                    self._measure(f, block.name, loss, h, start, made, x)
                if block.name in self.model.feedback:
                    self._remember(f, block.name, (start, *x))
                else:
                    values[block.name] = x
                f.store(x[2], block.name)
            elif isinstance(block, Competition):
                values[block.name] = self._compete(f, block, traced, h, code is None)
        given = "ptr noalias %ctx, double %h, ptr noalias %weights"
        return c.function("step", given, flags="noinline")

    def _extrapolated(self, f, name):
        """Values at the nodes from the polynomial in memory; %weights is (3, 4), by rows."""
        c = f.code
        last = [f.load(("backward", name, key)) for key in ("before", *STAGES)]
        out = []
        for s in STAGES:
            weights = []
            for i in range(4):
                where = c.put(f"getelementptr double, ptr %weights, i64 {4 * s + i}")
                weights.append(c.splat(c.put(f"load double, ptr {where}")))
            out.append(c.total(zip(weights, last, strict=True)))
        return out

    def _remember(self, f, name, points):
        """This step's polynomial takes the place of the one in memory, if the grid says so."""
        c = f.code
        where = c.put(f"getelementptr double, ptr %weights, i64 {radau.KEPT}")
        kept = c.compare("one", c.splat(c.put(f"load double, ptr {where}")), c.number(0.0))
        for key, x in zip(("before", *STAGES), points, strict=True):
            place = ("backward", name, key)
            f.store(c.select(kept, x, f.load(place)), place)

    def _measure(self, f, name, loss, h, start, made, x):
        """Takes note of the state's error on this step, and of its end where that is negative."""
        c = f.code
        rate = f.load(("rate", name))
        f.store(c.op("sub", made[2], c.op("mul", f(loss, 2), x[2])), ("rate", name))
        if loss.fixed:
            share = c.load("%ctx", self.layout["gains", name] + collocation.GAINS - 1)
        else:
            share = collocation.filtered(c, h, f(loss))
        where = c.put(f"getelementptr double, ptr %weights, i64 {radau.JUDGED}")
        share = c.op("mul", share, c.splat(c.put(f"load double, ptr {where}")))
        size = c.op("mul", collocation.error(c, h, start, rate, x), share)
        worst = f.load("error")
        for way in (size, c.op("sub", c.number(0.0), size)):
            worst = c.select(c.compare("ogt", way, worst), way, worst)
        f.store(worst, "error")
        self._lowest(f, x[2])

    def _lowest(self, f, x):
        lowest = f.load("lowest")
        f.store(f.code.select(f.code.compare("olt", x, lowest), x, lowest), "lowest")

    def _compete(self, f, block, traced, h, judge):
        """Total bound at the nodes: one 3x3 system for all ligands of a pool (see Sweep)."""
        c = f.code
        total = [[c.number(1.0 if i == j else 0.0) for j in STAGES] for i in STAGES]
        right = [None] * 3
        parts = []
        for name, on, off in zip(block.bound, *traced, strict=True):
            first, weight = self._gains(f, name, off, h)
            ons = [f(on, s) for s in STAGES]
            start = f.load(name)
            for i in STAGES:
                row = [c.op("mul", weight[i][j], ons[j]) for j in STAGES]
                total[i] = [c.op("add", a, b) for a, b in zip(total[i], row, strict=True)]
                right[i] = c.total([(first[i], start)], right[i])
                for x in row:
                    right[i] = c.op("add", right[i], x)
                if i == 2:
                    parts.append((name, first[2], start, row))
        inverse = collocation.inverse3(c, total)
        u = [c.total(list(zip(inverse[i], right, strict=True))) for i in STAGES]
        free = [c.op("sub", c.number(1.0), x) for x in u]
        for name, gain, start, row in parts:
            before = c.op("mul", gain, start)
            after = c.total(list(zip(row, free, strict=True)), before)
            f.store(after, name)
            if judge:
                self._lowest(f, after)
        return u

    # -- an output -------------------------------------------------------------------------

    def look(self, code=None):
        """@look: every signal now; marks patients with a state that is not finite or negative."""
        values = dict.fromkeys(self.model.states)
        f = Formula(self.machine, self.layout, lambda name, _: values[name], code=code)
        c = f.code
        for name in values:
            values[name] = f.load(name)
        if code is None:
            self._judge(f, values)
        for block, traced in (*self.blocks, *self.readouts):
            if isinstance(block, Competition):
                whole = values[block.bound[0]]
                for name in block.bound[1:]:
                    whole = c.op("add", whole, values[name])
                values[block.name] = whole
                f.store(whole, block.name)
            elif isinstance(block, Algebra):
                f.store(f(traced), block.name)
        given = "ptr noalias %ctx, double %negative"
        return c.function("look", given, flags="noinline")

    def _judge(self, f, values):
        """Marks patients with a state that is not finite, or was below %negative at any step."""
        c = f.code
        lowest, sound = [f.load("lowest")] * CHAINS, [c.number(0.0)] * CHAINS
        for i, x in enumerate(values.values()):
            at = i % CHAINS
            lowest[at] = c.select(c.compare("olt", x, lowest[at]), x, lowest[at])
            # 0 x is NaN where x is not finite.
            sound[at] = c.fma(x, c.number(0.0), sound[at])
        for x in lowest[1:]:
            lowest[0] = c.select(c.compare("olt", x, lowest[0]), x, lowest[0])
        for x in sound:
            lowest[0] = c.op("add", lowest[0], x)
        bad = c.compare("ult", lowest[0], c.splat("%negative"))
        f.store(c.select(bad, c.number(1.0), f.load("bad")), "bad")
