"""@march as text: the way of one vector of patients over the whole grid.

Everything that differs between runs (grid, doses, parameters, what is kept) is read from a plan,
an array of 64-bit fields named in FIELDS; the program holds the model's equations only.
"""

from ketaqsp.solve import radau

FIELDS = (
    "parameters",  # (P, columns)
    "columns",
    "rates",  # (inputs, edges, columns), umol/h
    "amounts",  # (inputs, edges, columns), umol given at once
    "edges",
    "used",  # (systems, columns): 1 where a patient is given anything, else 0
    "active",  # (systems, groups): whether any patient of the group is
    "groups",
    "steps",
    "lengths",  # (steps,), h
    "size_of",  # (steps,): place of the length among the sizes
    "interval",  # (steps,): edge whose rates hold
    "jump",  # (steps,): edge whose amounts enter before the step, or -1
    "per_step",  # (steps, 14): see radau.per_step
    "sizes",  # step lengths that occur
    "halves",  # place of the size that is half of this one, or -1
    "n_sizes",
    "looks",  # (steps + 1,): row of the output at this point of the grid, or -1
    "restart",  # (steps + 1,): row of what starts again at this point, or -1
    "held",  # (restarts, columns): amounts are multiplied by it, 0 or 1 ...
    "added",  # (restarts, states of all systems, columns): ... and get this, umol
    "rested",  # (restarts, columns): 1 where the brain starts again too, else 0
    "event_from",  # (steps + 2,): changes of parameters before this point
    "event_row",
    "event_back",  # 1: the patient's own value again
    "event_value",
    "n_wanted",
    "wanted",  # places of the values that are kept
    "out",  # (wanted, outputs, wide)
    "outputs",
    "wide",
    "alone",  # 1 where the output has room for the first lane only, else 0
    "bad",  # (columns,): set to 1 where an output is not finite or a state was negative
    "error",  # (columns,): set to the largest estimate of a step's error
    "negative",  # below this a state counts as failed (a double)
)
DOUBLES = ("negative", "limit")
WHOLE = ("columns", "edges", "groups", "steps", "n_sizes", "n_wanted", "outputs", "wide", "alone")

# What one step is given, on the way there and on the way back: amounts at its start, length, rates.
GIVE = """give:
  %jump.at = getelementptr i64, ptr %jump, i64 %k
  %edge = load i64, ptr %jump.at
  %jumps = icmp sge i64 %edge, 0
  br i1 %jumps, label %jumping, label %given
jumping:
"""
GIVEN = """
  br label %given
given:
  %size.at = getelementptr i64, ptr %size_of, i64 %k
  %size = load i64, ptr %size.at
  %h.at = getelementptr double, ptr %lengths, i64 %k
  %h = load double, ptr %h.at
  %now.at = getelementptr i64, ptr %interval, i64 %k
  %now = load i64, ptr %now.at
"""


def march(machine, layout, parameters, systems, spare, tape=None):
    """Text of @march(ctx, plan, group). systems: of Placed; parameters: how many there are.

    tape: {"table", "kept"} where the state at every point is to be kept (see backward.py).
    """
    v, b = machine.v, machine.bytes
    lines = ["define void @march(ptr noalias %ctx, ptr noalias %plan, i64 %group) {", "entry:"]
    lines += loaded(FIELDS)
    lines += [f"  %column = mul i64 %group, {machine.lanes}"]
    if spare:
        lines += [f"  %spare = getelementptr {v}, ptr %ctx, i64 {spare[0]}"]
        lines += [f"  %tables = getelementptr {v}, ptr %ctx, i64 {spare[1]}"]
    base = layout["parameters"]
    text = "\n".join(lines) + _PARAMETERS.format(v=v, b=b, base=base, p=parameters)
    block = "known"
    for i, system in enumerate(systems):
        text += _TABLES.format(v=v, b=b, i=i, **vars(system))
        block = f"ready{i}"
    states = sum(system.states for system in systems)
    text += _LOOP.format(v=v, b=b, block=block, base=base, lanes=machine.lanes)
    text += _RESTART.format(v=v, states=states, last=len(systems))
    first = 0
    for i, system in enumerate(systems):
        text += _AGAIN.format(v=v, b=b, i=i, next=i + 1, z=system.z, n=system.states, first=first)
        first += system.states
    text += f"again{len(systems)}:" + (_KEEP.format(v=v, both=sum(spare), **tape) if tape else "")
    text += _LOOK.format(v=v, b=b) + GIVE
    for j, (system, i) in enumerate((s, i) for s in systems for i in range(s.inputs)):
        text += jump(v, b, system, i, j)
    text += GIVEN + _STEP
    for i, system in enumerate(systems):
        text += linear(v, b, system, i)
    return text + _END.format(
        v=v, b=b, bad=layout["bad"], error=layout["error"], per_step=radau.PER_STEP
    )


def loaded(names):
    """Lines that load the fields of a plan, %name of each."""
    lines = []
    for i, name in enumerate(names):
        kind = "i64" if name in WHOLE else "double" if name in DOUBLES else "ptr"
        lines += [f"  %{name}.field = getelementptr i64, ptr %plan, i64 {i}"]
        lines += [f"  %{name} = load {kind}, ptr %{name}.field"]
    return lines


def jump(v, b, system, i, j):
    """Amounts of one input enter by the column of the generator that its rate enters by."""
    text = f"""
  %n{j}.edge = mul i64 %edges, {j}
  %n{j}.row = add i64 %n{j}.edge, %edge
  %n{j}.first = mul i64 %n{j}.row, %columns
  %n{j}.place = add i64 %n{j}.first, %column
  %n{j}.at = getelementptr double, ptr %amounts, i64 %n{j}.place
  %n{j}.given = load {v}, ptr %n{j}.at, align 8"""
    for row, where in system.entries[i]:
        x = f"n{j}r{row}"
        text += f"""
  %{x}.gain.at = getelementptr {v}, ptr %ctx, i64 {where}
  %{x}.gain = load {v}, ptr %{x}.gain.at, align {b}
  %{x}.z.at = getelementptr {v}, ptr %ctx, i64 {system.z + row}
  %{x}.z = load {v}, ptr %{x}.z.at, align {b}
  %{x}.more = fmul {v} %{x}.gain, %n{j}.given
  %{x}.sum = fadd {v} %{x}.z, %{x}.more
  store {v} %{x}.sum, ptr %{x}.z.at, align {b}"""
    return text + "\n"


def linear(v, b, system, i, before=""):
    """Rates of this interval, then the system's step, unless nobody here is given anything.

    before: lines between the two, where %z{i} is the system's state.
    """
    text = f"""
  br i1 %active{i}, label %run{i}, label %idle{i}
run{i}:"""
    for n in range(system.inputs):
        x, j = f"s{i}n{n}", system.first_input + n
        text += f"""
  %{x}.edge = mul i64 %edges, {j}
  %{x}.row = add i64 %{x}.edge, %now
  %{x}.first = mul i64 %{x}.row, %columns
  %{x}.place = add i64 %{x}.first, %column
  %{x}.at = getelementptr double, ptr %rates, i64 %{x}.place
  %{x}.rate = load {v}, ptr %{x}.at, align 8
  %{x}.z = getelementptr {v}, ptr %ctx, i64 {system.z + system.states + n}
  store {v} %{x}.rate, ptr %{x}.z, align {b}"""
    return (
        text
        + f"""
  %e{i}.first = mul i64 %size, {3 * system.size}
  %e{i} = getelementptr {v}, ptr %table{i}, i64 %e{i}.first
  %z{i} = getelementptr {v}, ptr %ctx, i64 {system.z}
  %nodes{i} = getelementptr {v}, ptr %ctx, i64 {system.nodes}{before}
  call void @advance_{system.tag}(ptr %z{i}, ptr %e{i}, ptr %nodes{i})
  br label %idle{i}
idle{i}:"""
    )


_PARAMETERS = """
  br label %read
read:
  %p = phi i64 [ 0, %entry ], [ %p.next, %read ]
  %p.first = mul i64 %p, %columns
  %p.place = add i64 %p.first, %column
  %p.from = getelementptr double, ptr %parameters, i64 %p.place
  %p.value = load {v}, ptr %p.from, align 8
  %p.slot = add i64 %p, {base}
  %p.to = getelementptr {v}, ptr %ctx, i64 %p.slot
  store {v} %p.value, ptr %p.to, align {b}
  %p.next = add i64 %p, 1
  %p.more = icmp slt i64 %p.next, {p}
  br i1 %p.more, label %read, label %known
known:
  call void @begin(ptr %ctx)
  call void @fixed(ptr %ctx)
"""

_TABLES = """
  %used{i}.row = mul i64 %columns, {i}
  %used{i}.place = add i64 %used{i}.row, %column
  %used{i}.at = getelementptr double, ptr %used, i64 %used{i}.place
  call void @generator_{i}(ptr %ctx, ptr %used{i}.at)
  %first{i} = mul i64 %n_sizes, {offset}
  %table{i} = getelementptr {v}, ptr %tables, i64 %first{i}
  %active{i}.row = mul i64 %groups, {i}
  %active{i}.place = add i64 %active{i}.row, %group
  %active{i}.at = getelementptr i64, ptr %active, i64 %active{i}.place
  %active{i}.value = load i64, ptr %active{i}.at
  %active{i} = icmp ne i64 %active{i}.value, 0
  br i1 %active{i}, label %make{i}, label %ready{i}
make{i}:
  %generator{i} = getelementptr {v}, ptr %ctx, i64 {generator}
  call void @table_{tag}(ptr %table{i}, ptr %generator{i}, ptr %sizes, ptr %halves, i64 %n_sizes,
    ptr %spare)
  br label %ready{i}
ready{i}:"""

_LOOP = """
  br label %point
point:
  %k = phi i64 [ 0, %{block} ], [ %k.next, %stepped ]
  %last = phi i64 [ -1, %{block} ], [ %size, %stepped ]
  %k.next = add i64 %k, 1
  %ev.at = getelementptr i64, ptr %event_from, i64 %k
  %ev.first = load i64, ptr %ev.at
  %ev.to = getelementptr i64, ptr %event_from, i64 %k.next
  %ev.stop = load i64, ptr %ev.to
  %changed = icmp slt i64 %ev.first, %ev.stop
  br i1 %changed, label %event, label %restarting
event:
  %ev = phi i64 [ %ev.first, %point ], [ %ev.next, %event ]
  %ev.next = add i64 %ev, 1
  %ev.row.at = getelementptr i64, ptr %event_row, i64 %ev
  %ev.row = load i64, ptr %ev.row.at
  %ev.back.at = getelementptr i64, ptr %event_back, i64 %ev
  %ev.back = load i64, ptr %ev.back.at
  %ev.value.at = getelementptr double, ptr %event_value, i64 %ev
  %ev.value = load double, ptr %ev.value.at
  %ev.own.row = mul i64 %ev.row, %columns
  %ev.own.place = add i64 %ev.own.row, %column
  %ev.own.at = getelementptr double, ptr %parameters, i64 %ev.own.place
  %ev.own = load {v}, ptr %ev.own.at, align 8
  %ev.one = insertelement {v} poison, double %ev.value, i64 0
  %ev.all = shufflevector {v} %ev.one, {v} poison, <{lanes} x i32> zeroinitializer
  %ev.is = icmp ne i64 %ev.back, 0
  %ev.new = select i1 %ev.is, {v} %ev.own, {v} %ev.all
  %ev.slot = add i64 %ev.row, {base}
  %ev.put = getelementptr {v}, ptr %ctx, i64 %ev.slot
  store {v} %ev.new, ptr %ev.put, align {b}
  %ev.more = icmp slt i64 %ev.next, %ev.stop
  br i1 %ev.more, label %event, label %evented
evented:
  call void @fixed(ptr %ctx)
  br label %restarting
"""

_RESTART = """
restarting:
  %rs.at = getelementptr i64, ptr %restart, i64 %k
  %rs = load i64, ptr %rs.at
  %rs.is = icmp sge i64 %rs, 0
  br i1 %rs.is, label %start, label %again{last}
start:
  %rs.first = mul i64 %rs, %columns
  %rs.place = add i64 %rs.first, %column
  %rs.rows = mul i64 %rs, {states}
  %rs.rest = getelementptr double, ptr %rested, i64 %rs.place
  call void @rest(ptr %ctx, ptr %rs.rest)
  %rs.held.at = getelementptr double, ptr %held, i64 %rs.place
  %rs.held = load {v}, ptr %rs.held.at, align 8
  br label %again0
"""

# Amounts of one system: z = held z + added, state by state.
_AGAIN = """
again{i}:
  br label %state{i}
state{i}:
  %a{i} = phi i64 [ 0, %again{i} ], [ %a{i}.next, %state{i} ]
  %a{i}.slot = add i64 %a{i}, {z}
  %a{i}.z.at = getelementptr {v}, ptr %ctx, i64 %a{i}.slot
  %a{i}.z = load {v}, ptr %a{i}.z.at, align {b}
  %a{i}.own = add i64 %a{i}, {first}
  %a{i}.row = add i64 %a{i}.own, %rs.rows
  %a{i}.first = mul i64 %a{i}.row, %columns
  %a{i}.place = add i64 %a{i}.first, %column
  %a{i}.at = getelementptr double, ptr %added, i64 %a{i}.place
  %a{i}.more = load {v}, ptr %a{i}.at, align 8
  %a{i}.left = fmul {v} %a{i}.z, %rs.held
  %a{i}.new = fadd {v} %a{i}.left, %a{i}.more
  store {v} %a{i}.new, ptr %a{i}.z.at, align {b}
  %a{i}.next = add i64 %a{i}, 1
  %a{i}.go = icmp slt i64 %a{i}.next, {n}
  br i1 %a{i}.go, label %state{i}, label %again{next}
"""

# Behind the tables of plasma, and the adjoints of all memory.
_KEEP = """
  %keep.tables = mul i64 %n_sizes, {twice}
  %keep.behind = add i64 %keep.tables, {both}
  %keep.row = mul i64 %k, {kept}
  %keep.place = add i64 %keep.behind, %keep.row
  %keep.to = getelementptr {v}, ptr %ctx, i64 %keep.place
  call void @save(ptr %ctx, ptr %keep.to)"""

_LOOK = """
  br label %looking
looking:
  %look.at = getelementptr i64, ptr %looks, i64 %k
  %look = load i64, ptr %look.at
  %seen = icmp sge i64 %look, 0
  br i1 %seen, label %keep, label %kept
keep:
  call void @look(ptr %ctx, double %negative)
  %any = icmp sgt i64 %n_wanted, 0
  %is_alone = icmp ne i64 %alone, 0
  br i1 %any, label %keeping, label %kept
keeping:
  %w = phi i64 [ 0, %keep ], [ %w.next, %wrote ]
  %w.at = getelementptr i64, ptr %wanted, i64 %w
  %w.slot = load i64, ptr %w.at
  %w.from = getelementptr {v}, ptr %ctx, i64 %w.slot
  %w.block = mul i64 %w, %outputs
  %w.row = add i64 %w.block, %look
  %w.first = mul i64 %w.row, %wide
  %w.place = add i64 %w.first, %column
  %w.to = getelementptr double, ptr %out, i64 %w.place
  br i1 %is_alone, label %single, label %whole
single:
  %w.one = load double, ptr %w.from
  store double %w.one, ptr %w.to
  br label %wrote
whole:
  %w.value = load {v}, ptr %w.from, align {b}
  store {v} %w.value, ptr %w.to, align 8
  br label %wrote
wrote:
  %w.next = add i64 %w, 1
  %w.more = icmp slt i64 %w.next, %n_wanted
  br i1 %w.more, label %keeping, label %kept
kept:
  %go = icmp slt i64 %k, %steps
  br i1 %go, label %give, label %end
"""

_STEP = """  %another = icmp ne i64 %size, %last
  %anew = or i1 %another, %changed
  br i1 %anew, label %prepare, label %prepared
prepare:
  call void @prepare(ptr %ctx, double %h)
  br label %prepared
prepared:"""

_END = """
  %weight.row = mul i64 %k, {per_step}
  %weight = getelementptr double, ptr %per_step, i64 %weight.row
  call void @step(ptr %ctx, double %h, ptr %weight)
  br label %stepped
stepped:
  br label %point
end:
  %bad.from = getelementptr {v}, ptr %ctx, i64 {bad}
  %bad.value = load {v}, ptr %bad.from, align {b}
  %bad.to = getelementptr double, ptr %bad, i64 %column
  store {v} %bad.value, ptr %bad.to, align 8
  %error.from = getelementptr {v}, ptr %ctx, i64 {error}
  %error.value = load {v}, ptr %error.from, align {b}
  %error.to = getelementptr double, ptr %error, i64 %column
  store {v} %error.value, ptr %error.to, align 8
  ret void
}}
"""
