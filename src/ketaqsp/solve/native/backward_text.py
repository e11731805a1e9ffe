"""Pieces of @backward as text: the loop from the last point of the grid to the first.

Names are those of @march (march.py); what backward.py fills in stands in braces.
"""

OPENING = """
  %limit.one = insertelement {v} poison, double %limit, i64 0
  %limit.all = shufflevector {v} %limit.one, {v} poison, <{lanes} x i32> zeroinitializer
  %err.at = getelementptr {v}, ptr %ctx, i64 {error}
  %err = load {v}, ptr %err.at, align {bytes}
  %fine = fcmp ole {v} %err, %limit.all
  %fine.bits = bitcast <{lanes} x i1> %fine to i{lanes}
  %any.fine = icmp ne i{lanes} %fine.bits, 0
  br i1 %any.fine, label %opened, label %ended
opened:
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

SYSTEM = """
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

POINTS = """
  br label %point
point:
  %k = phi i64 [ %steps, %opened ], [ %k.next, %back{last} ]
  %last = phi i64 [ -1, %opened ], [ %size.now, %back{last} ]
  %k.row = mul i64 %k, {kept}
  %state = getelementptr {v}, ptr %tape, i64 %k.row
  call void @restore(ptr %ctx, ptr %state)
  %stepping = icmp slt i64 %k, %steps
  br i1 %stepping, label %give, label %back
"""

STEP = """  %weight.row = mul i64 %k, {weights}
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

STEP_BACK = """
  call void @step_back(ptr %ctx, double %h, ptr %weight, ptr %bar)"""

JUMPED = """
  br i1 %jumps, label %unjump, label %back
unjump:"""

LOOK = """
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
"""

RESTART = """
  %rs.at = getelementptr i64, ptr %restart, i64 %k
  %rs = load i64, ptr %rs.at
  %rs.is = icmp sge i64 %rs, 0
  br i1 %rs.is, label %unstart, label %back{last}
unstart:
  %rs.first = mul i64 %rs, %columns
  %rs.place = add i64 %rs.first, %column
  %rs.rows = mul i64 %rs, {states}
  %rs.rest = getelementptr double, ptr %rested, i64 %rs.place
  call void @rest_back(ptr %ctx, ptr %rs.rest, ptr %bar)
  %rs.held.at = getelementptr double, ptr %held, i64 %rs.place
  %rs.held = load {v}, ptr %rs.held.at, align 8
  br label %back0
"""

# z = held z + added: what is added owes all, what was there its share.
AGAIN = """
back{i}:
  br label %unstate{i}
unstate{i}:
  %a{i} = phi i64 [ 0, %back{i} ], [ %a{i}.next, %unstate{i} ]
  %a{i}.slot = add i64 %a{i}, {z}
  %a{i}.bar.at = getelementptr {v}, ptr %bar, i64 %a{i}.slot
  %a{i}.bar = load {v}, ptr %a{i}.bar.at, align {b}
  %a{i}.own = add i64 %a{i}, {first}
  %a{i}.row = add i64 %a{i}.own, %rs.rows
  %a{i}.first = mul i64 %a{i}.row, %columns
  %a{i}.place = add i64 %a{i}.first, %column
  %a{i}.at = getelementptr double, ptr %added_slopes, i64 %a{i}.place
  store {v} %a{i}.bar, ptr %a{i}.at, align 8
  %a{i}.left = fmul {v} %a{i}.bar, %rs.held
  store {v} %a{i}.left, ptr %a{i}.bar.at, align {b}
  %a{i}.next = add i64 %a{i}, 1
  %a{i}.go = icmp slt i64 %a{i}.next, {n}
  br i1 %a{i}.go, label %unstate{i}, label %back{next}
"""

NEXT = """
back{last}:
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

TABLE = """
  br i1 %active{i}, label %tableback{i}, label %tabled{i}
tableback{i}:
  %generator{i} = getelementptr {v}, ptr %ctx, i64 {generator}
  %gbar{i} = getelementptr {v}, ptr %bar, i64 {generator}
  call void @table_{tag}_back(ptr %tablebar{i}, ptr %table{i}, ptr %generator{i}, ptr %gbar{i},
    ptr %sizes, ptr %halves, i64 %n_sizes, ptr %spare)
  br label %tabled{i}
tabled{i}:
"""

CLOSING = """
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
  br label %ended
ended:
  ret void
}}
"""
