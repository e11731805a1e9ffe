"""The growth over a step run backwards: from what its entries owe to what the generator owes.

What each turn of the series and each doubling started from is kept, and gone through in reverse.
"""

from ketaqsp.solve.native.code import Code, real
from ketaqsp.solve.native.exponential import (
    MOST,
    TERMS,
    copy,
    double,
    identity,
    pending,
    scaled,
    turn,
)
from ketaqsp.solve.native.tape import Tape
from ketaqsp.solve.radau import NODES

TURNS = {"%out": "%outbar", "%a": "%abar", "%p": "%pbar"}
DOUBLES = {"%out": "%outbar", "%x": "%xbar"}


def functions(machine, system, tag):
    """Text of @turn_back, @double_back, @growth_back and @table_back of a pattern."""
    return "\n".join(
        (
            turn(system, tag, Tape(machine, TURNS)),
            *_double_back(machine, system, tag),
            _growth_back(machine, system, tag),
            _table_back(machine, tag, len(system.reached)),
        )
    )


def _double_back(machine, system, tag):
    """@double_back(out, x, outbar, xbar), row by row: in one piece it compiles for seconds."""
    c, parts = Code(machine), []
    for i in range(system.m):
        parts.append(double(system, f"{tag}_row_{i}", Tape(machine, DOUBLES), [i]))
        c.do(f"call void @double_{tag}_row_{i}_back(ptr %out, ptr %x, ptr %outbar, ptr %xbar)")
    given = "ptr %out, ptr %x, ptr %outbar, ptr %xbar"
    return [*parts, c.function(f"double_{tag}_back", given, flags="noinline")]


def room(system):
    """Vectors of spare memory that @growth_back needs."""
    size, direct = len(system.reached), len(system.direct)
    return 2 * direct + (3 + TERMS + MOST + 1) * size


def _growth_back(machine, system, tag):
    """@growth_back(gbar, generator, h, spare, outbar): adds to gbar; outbar is used up."""
    c, size, direct = Code(machine), len(system.reached), len(system.direct)
    count, step = scaled(c, system, "%spare", 0)
    a = "%spare"
    abar = c.at("%spare", direct)
    bar, other, work = (c.at("%spare", 2 * direct + i * size) for i in range(3))
    terms = c.at("%spare", 2 * direct + 3 * size)
    doubles = c.at("%spare", 2 * direct + (3 + TERMS) * size)
    most = c.put(f"call i64 @llvm.vector.reduce.smax({c.m.i} {count})")
    identity(c, system, terms)
    last = _forwards(c, system, tag, (a, terms, doubles), (count, most))
    c.do(copy(machine, bar, "%outbar", size))
    c.do(_zero(machine, "%outbar", size))
    _doubles_back(c, system, tag, (bar, other, work, doubles), (count, most), last)
    c.do(_zero(machine, abar, direct))
    c.do("br label %turning")
    c.label("turning")
    c.do(f"%n = phi i64 [ {TERMS - 1}, %doubledback ], [ %n.next, %turning ]")
    share, unit = _share(c, "%n")
    c.do(_zero(machine, other, size))
    c.do(f"%n.at = mul i64 %n, {size}")
    given = c.put(f"getelementptr {c.m.v}, ptr {terms}, i64 %n.at")
    c.do(
        f"call void @turn_{tag}_back(ptr {work}, ptr {a}, ptr {given}, double {share}, "
        f"double {unit}, ptr {bar}, ptr {abar}, ptr {other})"
    )
    c.do(copy(machine, bar, other, size))
    c.do("%n.next = sub i64 %n, 1")
    c.do("%n.go = icmp sge i64 %n.next, 0")
    c.do("br i1 %n.go, label %turning, label %end")
    c.label("end")
    for where in system.given.values():
        more = c.op("mul", c.load(abar, where), step)
        c.store(c.op("add", c.load("%gbar", where), more), "%gbar", where)
    given = (
        "ptr noalias %gbar, ptr noalias %generator, double %h, ptr noalias %spare, "
        "ptr noalias %outbar"
    )
    return c.function(f"growth_{tag}_back", given, flags="noinline")


def _share(c, n):
    """(1/order, 1 or 0 for the identity) of turn n, from 0: the orders fall from TERMS to 1."""
    order = c.put(f"sub i64 {TERMS}, {n}")
    share = c.put(f"fdiv double 1.0, {c.put(f'uitofp i64 {order} to double')}")
    last = c.put(f"icmp eq i64 {order}, 1")
    return share, c.put(f"select i1 {last}, double 0.0, double 1.0")


def _forwards(c, system, tag, places, counts):
    """The growth again, with every turn and doubling kept. Returns the block it ends in."""
    (a, terms, doubles), (count, most) = places, counts
    size = len(system.reached)
    c.do("br label %series")
    c.label("series")
    c.do("%i = phi i64 [ 0, %entry ], [ %i.next, %series ]")
    share, unit = _share(c, "%i")
    c.do("%i.next = add i64 %i, 1")
    c.do(f"%i.at = mul i64 %i, {size}")
    c.do(f"%i.to = mul i64 %i.next, {size}")
    before = c.put(f"getelementptr {c.m.v}, ptr {terms}, i64 %i.at")
    # The result of the last turn is the first of the doubles, which lie behind the terms.
    after = c.put(f"getelementptr {c.m.v}, ptr {terms}, i64 %i.to")
    c.do(
        f"call void @turn_{tag}(ptr {after}, ptr {a}, ptr {before}, double {share}, double {unit})"
    )
    c.do(f"%i.go = icmp slt i64 %i.next, {TERMS}")
    c.do("br i1 %i.go, label %series, label %check")
    c.label("check")
    c.do("%t = phi i64 [ 0, %series ], [ %t.next, %again ]")
    c.do(f"%t.go = icmp slt i64 %t, {most}")
    c.do("br i1 %t.go, label %again, label %known")
    c.label("again")
    c.do("%t.next = add i64 %t, 1")
    c.do(f"%t.at = mul i64 %t, {size}")
    c.do(f"%t.to = mul i64 %t.next, {size}")
    x = c.put(f"getelementptr {c.m.v}, ptr {doubles}, i64 %t.at")
    y = c.put(f"getelementptr {c.m.v}, ptr {doubles}, i64 %t.to")
    c.do(f"call void @double_{tag}(ptr {y}, ptr {x})")
    waiting = pending(c, "%t", count)
    for where in system.place.values():
        c.store(c.select(waiting, c.load(y, where), c.load(x, where)), y, where)
    c.do("br label %check")
    c.label("known")
    return "known"


def _doubles_back(c, system, tag, places, counts, block):
    """What the first of the doubles owes, into bar."""
    (bar, other, work, doubles), (count, most) = places, counts
    size = len(system.reached)
    c.do("br label %lastdouble")
    c.label("lastdouble")
    c.do(f"%d = phi i64 [ {most}, %{block} ], [ %d.next, %undo ]")
    c.do("%d.go = icmp sgt i64 %d, 0")
    c.do("br i1 %d.go, label %undo, label %doubledback")
    c.label("undo")
    c.do("%d.next = sub i64 %d, 1")
    c.do(f"%d.at = mul i64 %d.next, {size}")
    x = c.put(f"getelementptr {c.m.v}, ptr {doubles}, i64 %d.at")
    c.do(_zero(c.m, other, size))
    c.do(copy(c.m, work, bar, size))
    c.do(f"call void @double_{tag}_back(ptr {work}, ptr {x}, ptr {work}, ptr {other})")
    waiting = pending(c, "%d.next", count)
    for where in system.place.values():
        c.store(c.select(waiting, c.load(other, where), c.load(bar, where)), bar, where)
    c.do("br label %lastdouble")
    c.label("doubledback")


def _zero(machine, where, size):
    """A line that sets `size` vectors to 0."""
    return (
        f"call void @llvm.memset.p0.i64(ptr align {machine.bytes} {where}, i8 0, "
        f"i64 {size * machine.bytes}, i1 false)"
    )


def _table_back(machine, tag, size):
    """@table_back(tablebar, table, generator, gbar, lengths, halves, n, spare): the last first."""
    c = Code(machine)
    c.do("br label %check")
    c.label("check")
    c.do("%left = phi i64 [ %n, %entry ], [ %i, %done ]")
    c.do("%go = icmp sgt i64 %left, 0")
    c.do("br i1 %go, label %body, label %end")
    c.label("body")
    c.do("%i = sub i64 %left, 1")
    c.do(f"%first = mul i64 %i, {3 * size}")
    c.do(f"%outbar = getelementptr {c.m.v}, ptr %tablebar, i64 %first")
    c.do("%where = getelementptr i64, ptr %halves, i64 %i")
    c.do("%half = load i64, ptr %where")
    c.do("%direct = icmp slt i64 %half, 0")
    c.do("br i1 %direct, label %new, label %twice")
    c.label("new")
    c.do("%lengthat = getelementptr double, ptr %lengths, i64 %i")
    c.do("%length = load double, ptr %lengthat")
    for node, share in enumerate(NODES):
        part = c.put(f"fmul double %length, {real(share)}")
        bar = c.at("%outbar", node * size)
        c.do(
            f"call void @growth_{tag}_back(ptr %gbar, ptr %generator, double {part}, ptr %spare, "
            f"ptr {bar})"
        )
    c.do("br label %done")
    c.label("twice")
    c.do(f"%from = mul i64 %half, {3 * size}")
    c.do(f"%base = getelementptr {c.m.v}, ptr %table, i64 %from")
    c.do(f"%basebar = getelementptr {c.m.v}, ptr %tablebar, i64 %from")
    for node in range(3):
        bar, x, xbar = (c.at(base, node * size) for base in ("%outbar", "%base", "%basebar"))
        c.do(f"call void @double_{tag}_back(ptr %spare, ptr {x}, ptr {bar}, ptr {xbar})")
    c.do("br label %done")
    c.label("done")
    c.do("br label %check")
    c.label("end")
    given = "ptr %tablebar, ptr %table, ptr %generator, ptr %gbar, ptr %lengths, ptr %halves"
    return c.function(f"table_{tag}_back", f"{given}, i64 %n, ptr %spare", flags="noinline")
