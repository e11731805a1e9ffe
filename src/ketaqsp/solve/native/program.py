"""The whole program of a model, as LLVM text, and where its memory has what."""

from dataclasses import dataclass, field
from types import SimpleNamespace

from ketaqsp.blocks import terms
from ketaqsp.solve.native import backward, exponential, linear
from ketaqsp.solve.native.code import Code
from ketaqsp.solve.native.formula import Formula, Layout
from ketaqsp.solve.native.march import march
from ketaqsp.solve.native.step import Sweep
from ketaqsp.solve.native.vector_maths import library


@dataclass(frozen=True)
class Program:
    """text: LLVM. parameters: their order as rows. slots: {name: place}, in vectors.

    memory: vectors a worker needs, beside `table` vectors for each step length that occurs. kept:
    vectors of the state at a point, where @backward is there (else 0). spare: where memory that
    passes no value on begins.
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
    kept: int
    spare: int


def program(model, machine, reverse=False):
    """The Program of a model for a Machine; reverse: with @backward beside @march."""
    layout = Layout()
    base = layout.row("parameters", len(model.parameters))
    for i, name in enumerate(model.parameters):
        layout.slots[name] = base + i
    for name in ("bad", "lowest", "error", "heavier"):
        layout[name]
    read = {name for b in model.sweep for _, term in terms(b) for name in term.names}
    systems, nodes = _place(model, layout, read)
    sweep = Sweep(machine, model, layout)
    placed = [s for _, s in systems]
    parts = [library(machine), _declared(machine), *_linear(machine, layout, sweep, systems)]
    parts += [sweep.begin(nodes), sweep.rest(), sweep.gain(), sweep.prepare()]
    parts += [sweep.step(nodes), sweep.look()]
    if reverse:
        parts += backward.pieces(machine, layout, sweep, systems, nodes)
    parts += [sweep.fixed()]  # the last: what others read has its place now
    room = backward.room if reverse else exponential.room
    spare = layout.row("spare", max((room(system) for system, _ in systems), default=0))
    table = sum(3 * s.size for s in placed)
    tape = None
    if reverse:
        tape = {"twice": 2 * table, "kept": len(backward.persistent(model, layout, placed))}
        parts.append(backward.backward(machine, layout, model, placed, table))
    parts.append(march(machine, layout, len(model.parameters), placed, (spare, layout.size), tape))
    return Program(
        text="\n".join(parts),
        parameters=model.parameters,
        slots={key: slot for key, slot in layout.slots.items() if isinstance(key, str)},
        inputs=tuple(name for system in model.linear for name, _ in system.inputs),
        systems=tuple(tuple(name for name, _ in system.inputs) for system in model.linear),
        states=tuple(system.states for system in model.linear),
        feedback=model.feedback,
        memory=layout.size,
        table=table,
        kept=tape["kept"] if tape else 0,
        spare=spare,
    )


def _linear(machine, layout, sweep, systems):
    """Texts of the linear part; each system is told the tag of its pattern."""
    parts, tags = [], {}
    for system, placed in systems:
        if system.pattern not in tags:
            tags[system.pattern] = len(tags)
            parts.append(exponential.functions(machine, system, tags[system.pattern]))
            parts.append(linear.advance(system, tags[system.pattern], Code(machine)))
        placed.tag = tags[system.pattern]
    return parts + [generator(machine, layout, sweep, i, *both) for i, both in enumerate(systems)]


def generator(machine, layout, sweep, i, system, placed, code=None):
    """@generator_i(ctx, used). code: an empty Code of another kind."""
    formula = Formula(machine, layout, fresh=True, code=code)
    used = formula.code.put(f"load {machine.v}, ptr %used, align 8")
    linear.write_generator(formula, sweep.graph, system, placed.generator, used)
    given = "ptr noalias %ctx, ptr %used"
    return formula.code.function(f"generator_{i}", given, flags="noinline")


def _declared(machine):
    return (
        f"declare i64 @llvm.vector.reduce.smax({machine.i})\n"
        "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n"
        "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\n"
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
            met=layout.row(("met", linear_system.name), system.wide),
        )
        out.append((system, placed))
        offset += 3 * placed.size
        inputs += system.k
    return out, nodes
