"""Small pieces of native code, compiled for tests."""

import ctypes

import numpy as np

from ketaqsp.solve.native import compiler
from ketaqsp.solve.native.code import Code, Machine
from ketaqsp.solve.native.expressions import Graph
from ketaqsp.solve.native.formula import Formula, Layout
from ketaqsp.solve.native.vector_maths import library

_KEPT = []  # code lives as long as its library


def _compiled(text, name, *kinds):
    kept, addresses = compiler.linked(compiler.compiled(text), [name])
    _KEPT.append(kept)
    return ctypes.CFUNCTYPE(None, *kinds)(addresses[name])


def _rows(x, lanes):
    """Whole vectors at an address that a vector may start from."""
    count = -(-len(x) // lanes) * lanes
    raw = np.empty(count + 8)
    first = (-raw.ctypes.data // 8) % 8
    out = raw[first : first + count]
    out[: len(x)] = x
    out[len(x) :] = 1.0
    return out


def elementwise(name, arity=1, machine=None, of_three=None):
    """k_name of vector_maths as a function of arrays; of_three: k_name_3, its value of this place.

    The other two are given the arguments with another sign.
    """

    def write(c, *given):
        if of_three is None:
            return c.call(f"k_{name}", *given)
        others = [c.strict("sub", c.number(0.0), x) for x in given]
        three = [
            [x if s == of_three else y for s in range(3)]
            for x, y in zip(given, others, strict=True)
        ]
        return c.call_3(f"k_{name}", *three)[of_three]

    return arithmetic(write, arity, machine)


def arithmetic(write, arity, machine=None):
    """write(c, *values) -> value, compiled as a function of arrays."""
    machine = machine or compiler.host()
    c = Code(machine)
    c.do("br label %next")
    c.label("next")
    c.do("%i = phi i64 [ 0, %entry ], [ %more, %next ]")
    c.store(write(c, *(c.load(f"%x{a}", "%i") for a in range(arity))), "%out", "%i")
    c.do("%more = add i64 %i, 1")
    c.do("%go = icmp slt i64 %more, %n")
    c.do("br i1 %go, label %next, label %end")
    c.label("end")
    arguments = ", ".join(["ptr %out", *(f"ptr %x{a}" for a in range(arity)), "i64 %n"])
    text = library(machine) + c.function("apply", arguments, internal=False)
    run = _compiled(text, "apply", *[ctypes.c_void_p] * (arity + 1), ctypes.c_int64)

    def apply(*arrays):
        rows = [_rows(np.asarray(x, dtype=float), machine.lanes) for x in arrays]
        out = _rows(rows[0], machine.lanes)
        addresses = [x.ctypes.data for x in (out, *rows)]
        run(*addresses, len(out) // machine.lanes)
        return out[: len(arrays[0])].copy()

    return apply


def terms(all_terms, fixed):
    """f(values): results of Terms, each traced and compiled, at {name: number}.

    fixed: whether names count as parameters (factors are then gathered) or as states.
    """
    machine, layout = compiler.host(), Layout()
    names = sorted({name for term in all_terms for name in term.names})
    for name in names:
        layout[name]
    graph = Graph(dict.fromkeys(names, fixed))
    f = Formula(machine, layout, leaf=lambda name, _: f.load(name), fresh=True)
    first = layout.size
    for i, term in enumerate(all_terms):
        f.store(f(graph.trace(term)), ("result", i))
    text = library(machine) + f.code.function("apply", "ptr %ctx", internal=False)
    run = _compiled(text, "apply", ctypes.c_void_p)

    def values_of(values):
        memory = _rows(np.zeros(layout.size * machine.lanes), machine.lanes)
        memory = memory.reshape(layout.size, machine.lanes)
        for name in names:
            memory[layout[name]] = values[name]
        run(memory.ctypes.data)
        return memory[first : first + len(all_terms)]

    return values_of


NARROW = Machine(4, False)  # a machine without fused multiply-add
