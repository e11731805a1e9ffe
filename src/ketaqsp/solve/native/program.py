"""The whole program of a model, as LLVM text, and where its memory has what."""

from dataclasses import dataclass, field
from types import SimpleNamespace

from ketaqsp.blocks import terms
from ketaqsp.solve.native import exponential, linear
from ketaqsp.solve.native.code import Code
from ketaqsp.solve.native.formula import Formula, Layout
from ketaqsp.solve.native.march import march
from ketaqsp.solve.native.step import Sweep
from ketaqsp.solve.native.vector_maths import library


@dataclass(frozen=True)
class Program:
    """text: LLVM. parameters: their order as rows. slots: {name: place}, in vectors.

    memory: vectors a worker needs, beside `table` vectors for each step length that occurs.
    inputs: names in the order of their rows; systems: input names of each linear system;
    states: state names of each.
    """

    text: str = field(repr=False)
    parameters: tuple
    slots: dict = field(repr=False)
    inputs: tuple
    systems: tuple
    states: tuple
    feedback: tuple
    memory: int
    table: int


def program(model, machine):
    """The Program of a model for a Machine."""
    layout = Layout()
    base = layout.row("parameters", len(model.parameters))
    for i, name in enumerate(model.parameters):
        layout.slots[name] = base + i
    layout["bad"]
    read = {name for b in model.sweep for _, term in terms(b) for name in term.names}
    systems, nodes = _place(model, layout, read)
    sweep = Sweep(machine, model, layout)
    parts, generators = [library(machine), _declared(machine)], []
    tags = {}
    for i, (system, placed) in enumerate(systems):
        if system.pattern not in tags:
            tags[system.pattern] = len(tags)
            tag = tags[system.pattern]
            parts.append(exponential.functions(machine, system, tag))
            parts.append(linear.advance(system, tag, Code(machine)))
        placed.tag = tags[system.pattern]
        formula = Formula(machine, layout, fresh=True)
        used = formula.code.put(f"load {machine.v}, ptr %used, align 8")
        linear.write_generator(formula, sweep.graph, system, placed.generator, used)
        generators.append(
            formula.code.function(f"generator_{i}", "ptr noalias %ctx, ptr %used", flags="noinline")
        )
    parts += generators
    parts += [sweep.begin(nodes), sweep.rest(), sweep.prepare(), sweep.step(nodes)]
    parts += [sweep.look(), sweep.fixed()]
    widest = max((s.size + len(system.direct) for system, s in systems), default=0)
    spare = layout.row("spare", widest)
    placed = [s for _, s in systems]
    parts.append(march(machine, layout, len(model.parameters), placed, (spare, layout.size)))
    return Program(
        text="\n".join(parts),
        parameters=model.parameters,
        slots={key: slot for key, slot in layout.slots.items() if isinstance(key, str)},
        inputs=tuple(name for system in model.linear for name, _ in system.inputs),
        systems=tuple(tuple(name for name, _ in system.inputs) for system in model.linear),
        states=tuple(system.states for system in model.linear),
        feedback=model.feedback,
        memory=layout.size,
        table=sum(3 * s.size for s in placed),
    )


def _declared(machine):
    return (
        f"declare i64 @llvm.vector.reduce.smax({machine.i})\n"
        "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n"
    )


def _place(model, layout, read):
    """[(System, its places)] and {linear state the sweep reads: place of its node values}."""
    out, nodes, offset, inputs = [], {}, 0, 0
    for linear_system in model.linear:
        system = linear.System(linear_system, read)
        z = layout.row(("z", linear_system.name), system.wide)
        for i, name in enumerate(system.states):
            layout.slots[name] = z + i
        place = layout.row(("nodes", linear_system.name), 3 * len(system.wanted))
        for i, index in enumerate(system.wanted):
            nodes[system.states[index]] = place + 3 * i
        generator = layout.row(("generator", linear_system.name), len(system.direct))
        entries = [
            [
                (i, generator + where)
                for (i, j), where in system.given.items()
                if j == system.m + n and i < system.m
            ]
            for n in range(system.k)
        ]
        placed = SimpleNamespace(
            z=z,
            nodes=place,
            generator=generator,
            states=system.m,
            inputs=system.k,
            first_input=inputs,
            size=len(system.reached),
            offset=offset,
            entries=entries,
        )
        out.append((system, placed))
        offset += 3 * placed.size
        inputs += system.k
    return out, nodes
