"""The linear systems as code: generator and one step, entry by entry (see exponential.py).

dx/dt = M x + B u with u held on a step. Only entries that can differ from zero are written out.
"""

from ketaqsp.blocks import Flow, Follow


class System:
    """Pattern of one linear system: what moves what, directly and in the end.

    terms: {(row, column): [(sign, Term)]} of the generator, inputs in the last columns.
    direct, reached: entries that can differ from zero in the generator and in its growth; rows of
    inputs have none.
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
        self.direct = sorted({*self.terms, *((i, i) for i in range(self.m))})
        self.reached = _closure(self.direct, self.m)
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


def _closure(direct, m):
    """Entries of any power of the generator: who reaches whom."""
    reach = [{j for r, j in direct if r == i} for i in range(m)]
    for middle in range(m):
        for i in range(m):
            if middle in reach[i]:
                reach[i] |= reach[middle]
    return [(i, j) for i in range(m) for j in sorted(reach[i])]


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


def advance(system, tag, code):
    """@advance(z, e, nodes): states after a step, and those the sweep reads at its three nodes.

    e: the growth F at the three nodes; z becomes z + F z. code: an empty Code.
    """
    c, size = code, len(system.reached)
    z = [c.load("%z", i) for i in range(system.wide)]
    rows = rows_of(system.reached)

    def row(node, i):
        return c.total(
            [(c.load("%e", node * size + system.place[i, j]), z[j]) for j in rows[i]], z[i]
        )

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


def rows_of(entries):
    """{row: its columns}."""
    rows = {}
    for i, j in entries:
        rows.setdefault(i, []).append(j)
    return rows
