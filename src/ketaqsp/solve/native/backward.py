"""@backward as text: a run of @march that keeps its states, then the same steps in reverse.

Every place of a patient's memory has an adjoint: what the sum of the seeded values owes to it. A
step is worked out again from the state before it, and its adjoints are those of the Tapes.
"""

from ketaqsp.solve import radau
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
    parts += [sweep.begin(nodes, tape()), sweep.fixed(tape())]
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
    text = "\n".join(lines) + _OPENING.format(
        v=v, lanes=machine.lanes, heavier=layout["heavier"], bytes=b, **sizes
    )
    for i, system in enumerate(systems):
        text += _SYSTEM.format(v=v, i=i, offset=system.offset)
    text += _POINTS.format(v=v, kept=kept)
    j = 0
    for system in systems:
        for i in range(system.inputs):
            text += march.jump(v, b, system, i, j)
            j += 1
    text += _STEP.format(weights=radau.PER_STEP)
    for i, system in enumerate(systems):
        text += march.linear(v, b, system, i, _met(v, b, system, i))
    text += _STEP_BACK
    for i, system in enumerate(systems):
        text += _advance_back(v, b, system, i)
    text += _JUMPED
    j = 0
    for system in systems:
        for i in range(system.inputs):
            text += _jump_back(v, b, system, i, j)
            j += 1
    text += _LOOK.format(v=v, b=b, before=f"undone{len(systems) - 1}" if systems else "prepared")
    for i, system in enumerate(systems):
        text += _TABLE.format(v=v, i=i, tag=system.tag, generator=system.generator)
    last = f"tabled{len(systems) - 1}" if systems else "ready"
    return text + _CLOSING.format(
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


_OPENING = """
  %column = mul i64 %group, {lanes}
  %spare = getelementptr {v}, ptr %ctx, i64 {spare}
  %tables = getelementptr {v}, ptr %ctx, i64 {memory}
  %tables.size = mul i64 %n_sizes, {table}
  %bar = getelementptr {v}, ptr %tables, i64 %tables.size
  %tablebars = getelementptr {v}, ptr %bar, i64 {spare}
  %tape = getelementptr {v}, ptr %tablebars, i64 %tables.size
  %bars.size = add i64 %tables.size, {spare}
  %bars.bytes = mul i64 %bars.size, {bytes}
  call void @llvm.memset.p0.i64(ptr %bar, i8 0, i64 %bars.bytes, i1 false)
  %heavier = getelementptr {v}, ptr %bar, i64 {heavier}
"""

_SYSTEM = """
  %used{i}.row = mul i64 %columns, {i}
  %used{i}.place = add i64 %used{i}.row, %column
  %used{i}.at = getelementptr double, ptr %used, i64 %used{i}.place
  %first{i} = mul i64 %n_sizes, {offset}
  %table{i} = getelementptr {v}, ptr %tables, i64 %first{i}
  %tablebar{i} = getelementptr {v}, ptr %tablebars, i64 %first{i}
  %active{i}.row = mul i64 %groups, {i}
  %active{i}.place = add i64 %active{i}.row, %group
  %active{i}.at = getelementptr i64, ptr %active, i64 %active{i}.place
  %active{i}.value = load i64, ptr %active{i}.at
  %active{i} = icmp ne i64 %active{i}.value, 0
"""

_POINTS = """
  br label %point
point:
  %k = phi i64 [ %steps, %entry ], [ %k.next, %looked ]
  %last = phi i64 [ -1, %entry ], [ %size.now, %looked ]
  %k.row = mul i64 %k, {kept}
  %state = getelementptr {v}, ptr %tape, i64 %k.row
  call void @restore(ptr %ctx, ptr %state)
  %stepping = icmp slt i64 %k, %steps
  br i1 %stepping, label %give, label %back
give:
  %jump.at = getelementptr i64, ptr %jump, i64 %k
  %edge = load i64, ptr %jump.at
  %jumps = icmp sge i64 %edge, 0
  br i1 %jumps, label %jumping, label %given
jumping:
"""

_STEP = """
  br label %given
given:
  %size.at = getelementptr i64, ptr %size_of, i64 %k
  %size = load i64, ptr %size.at
  %h.at = getelementptr double, ptr %lengths, i64 %k
  %h = load double, ptr %h.at
  %now.at = getelementptr i64, ptr %interval, i64 %k
  %now = load i64, ptr %now.at
  %weight.row = mul i64 %k, {weights}
  %weight = getelementptr double, ptr %per_step, i64 %weight.row
  %another = icmp ne i64 %size, %last
  br i1 %another, label %change, label %prepared
change:
  %first.time = icmp slt i64 %last, 0
  br i1 %first.time, label %prepare, label %flush
flush:
  %h.last.at = getelementptr double, ptr %sizes, i64 %last
  %h.last = load double, ptr %h.last.at
  call void @prepare_back(ptr %ctx, double %h.last, ptr %bar)
  br label %prepare
prepare:
  call void @prepare(ptr %ctx, double %h)
  br label %prepared
prepared:"""

_STEP_BACK = """
  call void @step_back(ptr %ctx, double %h, ptr %weight, ptr %bar)"""

_JUMPED = """
  br i1 %jumps, label %unjump, label %back
unjump:"""

_LOOK = """
  br label %back
back:
  %size.now = phi i64 [ -1, %point ], [ %size, %unjump ], [ %size, %{before} ]
  %look.at = getelementptr i64, ptr %looks, i64 %k
  %look = load i64, ptr %look.at
  %seen = icmp sge i64 %look, 0
  br i1 %seen, label %seed, label %looked
seed:
  %seeded.at = getelementptr i64, ptr %seeded, i64 %look
  %seeded.value = load i64, ptr %seeded.at
  %is.seeded = icmp ne i64 %seeded.value, 0
  br i1 %is.seeded, label %seeding, label %looked
seeding:
  call void @restore(ptr %ctx, ptr %state)
  br label %sow
sow:
  %w = phi i64 [ 0, %seeding ], [ %w.next, %sow ]
  %w.at = getelementptr i64, ptr %wanted, i64 %w
  %w.slot = load i64, ptr %w.at
  %w.bar = getelementptr {v}, ptr %bar, i64 %w.slot
  %w.had = load {v}, ptr %w.bar, align {b}
  %w.block = mul i64 %w, %outputs
  %w.row = add i64 %w.block, %look
  %w.first = mul i64 %w.row, %columns
  %w.place = add i64 %w.first, %column
  %w.from = getelementptr double, ptr %seeds, i64 %w.place
  %w.seed = load {v}, ptr %w.from, align 8
  %w.sum = fadd {v} %w.had, %w.seed
  store {v} %w.sum, ptr %w.bar, align {b}
  %w.next = add i64 %w, 1
  %w.more = icmp slt i64 %w.next, %n_wanted
  br i1 %w.more, label %sow, label %sown
sown:
  call void @look_back(ptr %ctx, double %negative, ptr %bar)
  br label %looked
looked:
  %k.next = sub i64 %k, 1
  %go = icmp sge i64 %k.next, 0
  br i1 %go, label %point, label %whole
whole:
  %stepped = icmp sge i64 %size.now, 0
  br i1 %stepped, label %lastflush, label %ready
lastflush:
  %h.first = load double, ptr %lengths
  call void @prepare_back(ptr %ctx, double %h.first, ptr %bar)
  br label %ready
ready:
"""

_TABLE = """
  br i1 %active{i}, label %tableback{i}, label %tabled{i}
tableback{i}:
  %generator{i} = getelementptr {v}, ptr %ctx, i64 {generator}
  %gbar{i} = getelementptr {v}, ptr %bar, i64 {generator}
  call void @table_{tag}_back(ptr %tablebar{i}, ptr %table{i}, ptr %generator{i}, ptr %gbar{i},
    ptr %sizes, ptr %halves, i64 %n_sizes, ptr %spare)
  br label %tabled{i}
tabled{i}:
"""

_CLOSING = """
{generators}
  call void @fixed_back(ptr %ctx, ptr %bar)
  call void @begin_back(ptr %ctx, ptr %bar)
  br label %write
write:
  %p = phi i64 [ 0, %{block} ], [ %p.next, %write ]
  %p.slot = add i64 %p, {base}
  %p.from = getelementptr {v}, ptr %bar, i64 %p.slot
  %p.value = load {v}, ptr %p.from, align {b}
  %p.first = mul i64 %p, %columns
  %p.place = add i64 %p.first, %column
  %p.to = getelementptr double, ptr %slopes, i64 %p.place
  store {v} %p.value, ptr %p.to, align 8
  %p.next = add i64 %p, 1
  %p.more = icmp slt i64 %p.next, {p}
  br i1 %p.more, label %write, label %end
end:
  %heavier.value = load {v}, ptr %heavier, align {b}
  %heavier.first = mul i64 {p}, %columns
  %heavier.place = add i64 %heavier.first, %column
  %heavier.to = getelementptr double, ptr %slopes, i64 %heavier.place
  store {v} %heavier.value, ptr %heavier.to, align 8
  ret void
}}
"""
