"""Nodes of a graph written as code, each once a function."""

from ketaqsp.solve.native.code import Code

OPERATIONS = ("add", "sub", "mul", "div")


class Layout:
    """Places in a patient's memory, in vectors: one for every name, and more as they are asked."""

    def __init__(self):
        self.slots, self.size = {}, 0

    def __getitem__(self, key):
        if key not in self.slots:
            self.row(key, 1)
        return self.slots[key]

    def of(self, node):
        """Place of a node that is fixed."""
        return self[node.args[0] if node.op == "name" else node]

    def row(self, key, n):
        """n places side by side; the first is the key's."""
        self.slots[key] = self.size
        self.size += n
        return self.slots[key]


class Formula:
    """Writes nodes into a function. leaf(name, stage) gives the value of a name that varies.

    What is fixed is read from its place in memory, unless `fresh` says that it is made here.
    together: what varies is written for the three nodes of a step side by side. code: an empty Code
    of another kind.
    """

    def __init__(self, machine, layout, leaf=None, fresh=False, together=False, code=None):
        self.code, self.layout = code or Code(machine), layout
        self.leaf, self.fresh, self.done = leaf, fresh, {}
        self.together = together

    def __call__(self, node, stage=0):
        key = (id(node), 0 if node.fixed else stage)
        if key not in self.done:
            if self.together and not node.fixed:
                self.done.update({(id(node), s): x for s, x in enumerate(self._three(node))})
            else:
                self.done[key] = self._write(node, stage)
        return self.done[key]

    def _three(self, node):
        """The values of a node that varies, at the three nodes of a step."""
        if node.op == "name" or node.op in OPERATIONS:
            return [self._write(node, s) for s in range(3)]
        return self.code.call_3(
            f"k_{node.op}", *([self(a, s) for s in range(3)] for a in node.args)
        )

    def _write(self, node, stage):
        c = self.code
        if node.op == "number":
            return c.number(node.args[0])
        if node.fixed and (node.op == "name" or not self.fresh):
            return c.load("%ctx", self.layout.of(node))
        if node.op == "name":
            return self.leaf(node.args[0], stage)
        values = [self(a, stage) for a in node.args]
        if node.op in OPERATIONS:
            return c.op(node.op, *values)
        return c.call(f"k_{node.op}", *values)

    def load(self, key):
        return self.code.load("%ctx", self.layout[key])

    def store(self, value, key):
        self.code.store(value, "%ctx", self.layout[key])
