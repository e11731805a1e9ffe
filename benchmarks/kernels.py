"""Small loops that do one thing as fast as a core can: what the engine's code is held against.

Written as LLVM text for the same vectors and made by the same compiler as the engine's code.
"""

import ctypes
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from ketaqsp.solve.native import compiler  # noqa: E402
from ketaqsp.solve.native.engine import _aligned  # noqa: E402

CHAINS = 12  # independent of each other: more than latency times width, and all in registers
SLOTS = 16  # loads or stores in a turn
WIDE = 512  # slots that straight-line code reads: half of the first cache, or less
TURN = 1_000_000  # vectors of one measurement: longer than reading the clock is uncertain


def _loop(v, name, body, chains=0):
    """@name(memory, n): `body` n times; %a0.. become %b0.. at each turn, %x is 1."""
    lines = [f"define void @{name}(ptr %m, i64 %n) noinline {{", "entry:"]
    lines += [f"  %x = load {v}, ptr %m, align 64", "  br label %go", "go:"]
    lines += ["  %i = phi i64 [ 0, %entry ], [ %j, %go ]"]
    lines += [f"  %a{k} = phi {v} [ %x, %entry ], [ %b{k}, %go ]" for k in range(chains)]
    lines += body
    lines += ["  %j = add i64 %i, 1", "  %more = icmp slt i64 %j, %n"]
    lines += ["  br i1 %more, label %go, label %end", "end:"]
    for k in range(chains):
        lines += [f"  %to{k} = getelementptr {v}, ptr %m, i64 {k}"]
        lines += [f"  store {v} %b{k}, ptr %to{k}, align 8"]
    return "\n".join([*lines, "  ret void", "}", ""])


def _memory(v, line):
    out = []
    for k in range(SLOTS):
        out += [f"  %p{k} = getelementptr {v}, ptr %m, i64 {k}"]
        out += [line.format(k=k)]
    return out


def _straight(v, name, fma, count):
    """Code without a loop in it: products in registers and sums that read memory, in turn."""
    body, last = [], [f"%a{k}" for k in range(CHAINS)]
    for i in range(count):
        k = i % CHAINS
        if i % 2:
            body += [f"  %p{i} = getelementptr {v}, ptr %m, i64 {CHAINS + 7 * i % WIDE}"]
            body += [f"  %l{i} = load volatile {v}, ptr %p{i}, align 8"]
            body += [f"  %s{i} = fadd {v} {last[k]}, %l{i}"]
        else:
            body += [f"  %s{i} = {fma.format(a=last[k])}"]
        last[k] = f"%s{i}"
    # An own name for what a chain ends in: adding -0 changes no bit and is left out.
    body += [f"  %b{k} = fadd {v} {x}, splat (double -0.0)" for k, x in enumerate(last)]
    return _loop(v, name, body, CHAINS)


def _texts(machine, bytes_):
    """{kind: (text, vectors a turn)}."""
    v = machine.v
    fma = f"call {v} @llvm.fma({v} {{a}}, {v} %x, {v} %x)"
    if not machine.fused:
        fma = f"fmul {v} {{a}}, %x"
    each = {
        "fma": f"  %b{{k}} = {fma.format(a='%a{k}')}",
        "add": f"  %b{{k}} = fadd {v} %a{{k}}, %x",
        "div": f"  %b{{k}} = fdiv {v} %x, %a{{k}}",
    }
    out = {
        kind: (_loop(v, kind, [line.format(k=k) for k in range(CHAINS)], CHAINS), CHAINS)
        for kind, line in each.items()
    }
    mixed = [each["add" if k % 2 else "fma"].format(k=k) for k in range(CHAINS)]
    out["both"] = (_loop(v, "both", mixed, CHAINS), CHAINS)
    read = _memory(v, f"  %l{{k}} = load volatile {v}, ptr %p{{k}}, align 8")
    written = _memory(v, f"  store volatile {v} %x, ptr %p{{k}}, align 8")
    out["load"] = (_loop(v, "load", read), SLOTS)
    out["store"] = (_loop(v, "store", written), SLOTS)
    count = bytes_ // 14 * 2  # five bytes and nine
    out["straight"] = (_straight(v, "straight", fma, count), count)
    return out


class Kernels:
    """turn(): seconds of thread time for one vector of each kind. bytes: of the straight code."""

    def __init__(self, bytes_):
        machine = compiler.host()
        self.texts = _texts(machine, bytes_)
        v = machine.v
        text = f"declare {v} @llvm.fma({v}, {v}, {v})\n"
        text += "\n".join(t for t, _ in self.texts.values()) + _loop(v, "after", [])
        self._library, found = compiler.linked(compiler.compiled(text), [*self.texts, "after"])
        self.bytes = found["after"] - found["straight"]
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
        self._calls = {name: kind(found[name]) for name in self.texts}
        self._memory = _aligned((WIDE + CHAINS, machine.lanes))

    def turn(self):
        out = {}
        for name, (_, vectors) in self.texts.items():
            self._memory[:] = 1.0
            turns = max(4, TURN // vectors)
            begin = time.thread_time()
            self._calls[name](self._memory.ctypes.data, turns)
            out[name] = (time.thread_time() - begin) / (turns * vectors)
        return out
