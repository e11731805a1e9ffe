"""@backward as text: a run of @march that keeps its states, then the same steps in reverse.

Every place of a patient's memory has an adjoint: what the sum of the seeded values owes to it. A
step is worked out again from the state before it, and its adjoints are those of the Tapes.
"""

from ketaqsp.solve import radau
from ketaqsp.solve.native import backward_text as text_of
from ketaqsp.solve.native import exponential_back, linear, march
from ketaqsp.solve.native.code import Code
from ketaqsp.solve.native.tape import Tape

room = exponential_back.room

MORE = (
    "rate_slopes",  # as rates: what a rate gains a kg of body weight
    "amount_slopes",
    "seeded",  # (outputs,): 1 where any value has a seed
    "seeds",  # (wanted, outputs, columns): what the values at the outputs are multiplied by
    "slopes",  # (parameters + 1, columns): derivatives of the sum, and by a kg more of dose
    "added_slopes",  # as added: by what a steady state brings
    "limit",  # of the error of a step: a group above it in every lane is not gone back (a double)
)


def pieces(machine, layout, sweep, systems, nodes):
    """Texts of every function that @backward calls, but for those of @march."""
    from ketaqsp.solve.native.program import generator

    def tape():
        return Tape(machine, {"%ctx": "%bar"})

    parts, known = [], set()
    for i, (system, placed) in enumerate(systems):
        if placed.tag not in known:
            known.add(placed.tag)
            parts.append(exponential_back.functions(machine, system, placed.tag))
            bars = {"%z": "%zbar", "%e": "%ebar", "%nodes": "%nodesbar"}
            parts.append(linear.advance(system, placed.tag, Tape(machine, bars)))
        parts.append(generator(machine, layout, sweep, i, system, placed, tape()))
    parts += [sweep.step(nodes, tape()), sweep.prepare(back=True), sweep.look(tape())]
    parts += [sweep.gain(Tape(machine, {"%out": "%outbar", "%loss": "%lossbar"}))]
    parts += [sweep.begin(nodes, tape()), sweep.rest(tape()), sweep.fixed(tape())]
    keep = persistent(sweep.model, layout, [placed for _, placed in systems])
    return [*parts, save_and_restore(machine, keep)]


def persistent(model, layout, systems):
    """Places of memory that one step leaves to the next."""
    keep = [s.z + i for s in systems for i in range(s.states)]
    for block in model.sweep:
        keep += [layout[name] for name in block.states]
    for name in model.feedback:
        keep += [layout["backward", name, key] for key in ("before", 0, 1, 2)]
    return keep


def save_and_restore(machine, keep):
    """Text of @save(ctx, to) and @restore(ctx, from): what is kept, side by side."""
    save, restore = Code(machine), Code(machine)
    for i, place in enumerate(keep):
        save.store(save.load("%ctx", place), "%to", i)
        restore.store(restore.load("%from", i), "%ctx", place)
    return save.function("save", "ptr noalias %ctx, ptr noalias %to", flags="noinline") + (
        restore.function("restore", "ptr noalias %ctx, ptr noalias %from", flags="noinline")
    )


def backward(machine, layout, model, systems, table):
    """Text of @backward(ctx, plan, group). table: vectors of the tables a step length.

    Behind memory and tables lie the adjoints of both, then the states of all points of the grid.
    """
    v, b, parameters = machine.v, machine.bytes, len(model.parameters)
    kept = len(persistent(model, layout, systems))
    # Spare memory, the last of all, has no adjoints.
    sizes = {"memory": layout.size, "table": table, "spare": layout["spare"]}
    lines = ["define void @backward(ptr noalias %ctx, ptr noalias %plan, i64 %group) {", "entry:"]
    lines += ["  call void @march(ptr %ctx, ptr %plan, i64 %group)"]
    lines += march.loaded((*march.FIELDS, *MORE))
    base = layout["parameters"]
    text = "\n".join(lines) + text_of.OPENING.format(
        v=v, lanes=machine.lanes, heavier=layout["heavier"], bytes=b, error=layout["error"], **sizes
    )
    for i, system in enumerate(systems):
        text += text_of.SYSTEM.format(v=v, i=i, offset=system.offset)
    text += text_of.POINTS.format(v=v, kept=kept, last=len(systems)) + march.GIVE
    j = 0
    for system in systems:
        for i in range(system.inputs):
            text += march.jump(v, b, system, i, j)
            j += 1
    text += march.GIVEN + text_of.STEP.format(weights=radau.PER_STEP)
    for i, system in enumerate(systems):
        text += march.linear(v, b, system, i, _met(v, b, system, i))
    text += text_of.STEP_BACK
    for i, system in enumerate(systems):
        text += _advance_back(v, b, system, i)
    text += text_of.JUMPED
    j = 0
    for system in systems:
        for i in range(system.inputs):
            text += _jump_back(v, b, system, i, j)
            j += 1
    text += text_of.LOOK.format(
        v=v, b=b, before=f"undone{len(systems) - 1}" if systems else "prepared"
    )
    text += text_of.RESTART.format(v=v, states=sum(s.states for s in systems), last=len(systems))
    first = 0
    for i, system in enumerate(systems):
        text += text_of.AGAIN.format(
            v=v, b=b, i=i, next=i + 1, z=system.z, n=system.states, first=first
        )
        first += system.states
    text += text_of.NEXT.format(last=len(systems))
    for i, system in enumerate(systems):
        text += text_of.TABLE.format(v=v, i=i, tag=system.tag, generator=system.generator)
    last = f"tabled{len(systems) - 1}" if systems else "ready"
    return text + text_of.CLOSING.format(
        v=v, b=b, block=last, base=base, p=parameters,
        generators="".join(
            f"  call void @generator_{i}_back(ptr %ctx, ptr %used{i}.at, ptr %bar)\n"
            for i in range(len(systems))
        ),
    )  # fmt: skip


def _met(v, b, system, i):
    """Lines that keep the system's state before its step: the way back needs it."""
    return f"""
  %met{i} = getelementptr {v}, ptr %ctx, i64 {system.met}
  call void @llvm.memcpy.p0.p0.i64(ptr align {b} %met{i}, ptr align {b} %z{i},
    i64 {(system.states + system.inputs) * b}, i1 false)"""


def _advance_back(v, b, system, i):
    """What the state before the step owes, and by the rates the weight."""
    text = f"""
  br i1 %active{i}, label %undo{i}, label %undone{i}
undo{i}:
  %eb{i}.first = mul i64 %size, {3 * system.size}
  %eb{i} = getelementptr {v}, ptr %table{i}, i64 %eb{i}.first
  %ebar{i} = getelementptr {v}, ptr %tablebar{i}, i64 %eb{i}.first
  %zb{i} = getelementptr {v}, ptr %ctx, i64 {system.met}
  %zbar{i} = getelementptr {v}, ptr %bar, i64 {system.z}
  %nb{i} = getelementptr {v}, ptr %ctx, i64 {system.nodes}
  %nbar{i} = getelementptr {v}, ptr %bar, i64 {system.nodes}
  call void @advance_{system.tag}_back(ptr %zb{i}, ptr %eb{i}, ptr %nb{i}, ptr %zbar{i},
    ptr %ebar{i}, ptr %nbar{i})"""
    for n in range(system.inputs):
        x = f"b{i}n{n}"
        place = f"%s{i}n{n}.again.place"
        text += f"""
  %s{i}n{n}.again = mul i64 %edges, {system.first_input + n}
  %s{i}n{n}.again.row = add i64 %s{i}n{n}.again, %now
  %s{i}n{n}.again.first = mul i64 %s{i}n{n}.again.row, %columns
  {place} = add i64 %s{i}n{n}.again.first, %column
  %{x}.slope.at = getelementptr double, ptr %rate_slopes, i64 {place}
  %{x}.slope = load {v}, ptr %{x}.slope.at, align 8
  %{x}.bar.at = getelementptr {v}, ptr %bar, i64 {system.z + system.states + n}
  %{x}.bar = load {v}, ptr %{x}.bar.at, align {b}
  %{x}.more = fmul {v} %{x}.bar, %{x}.slope
  %{x}.had = load {v}, ptr %heavier, align {b}
  %{x}.now = fadd {v} %{x}.had, %{x}.more
  store {v} %{x}.now, ptr %heavier, align {b}
  store {v} zeroinitializer, ptr %{x}.bar.at, align {b}"""
    return text + f"\n  br label %undone{i}\nundone{i}:"


def _jump_back(v, b, system, i, j):
    """What the generator's columns and the weight owe by an amount that was given at once."""
    text = f"""
  %k{j}.edge = mul i64 %edges, {j}
  %k{j}.row = add i64 %k{j}.edge, %edge
  %k{j}.first = mul i64 %k{j}.row, %columns
  %k{j}.place = add i64 %k{j}.first, %column
  %k{j}.at = getelementptr double, ptr %amounts, i64 %k{j}.place
  %k{j}.given = load {v}, ptr %k{j}.at, align 8
  %k{j}.slope.at = getelementptr double, ptr %amount_slopes, i64 %k{j}.place
  %k{j}.slope = load {v}, ptr %k{j}.slope.at, align 8"""
    for row, where in system.entries[i]:
        x = f"k{j}r{row}"
        text += f"""
  %{x}.bar.at = getelementptr {v}, ptr %bar, i64 {system.z + row}
  %{x}.bar = load {v}, ptr %{x}.bar.at, align {b}
  %{x}.gain.at = getelementptr {v}, ptr %ctx, i64 {where}
  %{x}.gain = load {v}, ptr %{x}.gain.at, align {b}
  %{x}.gbar.at = getelementptr {v}, ptr %bar, i64 {where}
  %{x}.gbar = load {v}, ptr %{x}.gbar.at, align {b}
  %{x}.more = fmul {v} %{x}.bar, %k{j}.given
  %{x}.sum = fadd {v} %{x}.gbar, %{x}.more
  store {v} %{x}.sum, ptr %{x}.gbar.at, align {b}
  %{x}.entry = fmul {v} %{x}.bar, %{x}.gain
  %{x}.weight = fmul {v} %{x}.entry, %k{j}.slope
  %{x}.had = load {v}, ptr %heavier, align {b}
  %{x}.now = fadd {v} %{x}.had, %{x}.weight
  store {v} %{x}.now, ptr %heavier, align {b}"""
    return text + "\n"
