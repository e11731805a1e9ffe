"""How far the engine's code is from what one core of this machine can do.

Counts come from the assembly of the default model's program, times from its functions called alone
and from whole marches; peak rates from kernels.py, measured in turns with the marches. Time is that
of the thread: waiting for a core that others use is left out, what they do to its caches is not.
"""

import ctypes
import platform
import re
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import workload as load  # noqa: E402
from kernels import Kernels  # noqa: E402

from ketaqsp.solve.native import compiler  # noqa: E402
from ketaqsp.solve.native import engine as native  # noqa: E402
from ketaqsp.solve.native.march import FIELDS  # noqa: E402

DEFINED = re.compile(r"^define internal .*?@(\w+)\((.*?)\) .*\{$", re.MULTILINE)
OF_A_STEP = re.compile(r"(step|look|prepare|advance_\d+)$")
WIDE = re.compile(r"%[yz]mm")
KINDS = {
    "fma": re.compile(r"vfn?m(add|sub)\d+pd"),
    "mul": re.compile(r"vmulpd"),
    "add": re.compile(r"v(add|sub)pd"),
    "div": re.compile(r"v(div|sqrt)pd"),
    "spread": re.compile(r"vp?broadcast\w+"),  # one number into every lane
}
CALLS = 2000  # of one function, for a time
TURNS, PEAKS = 9, 10  # marches, and peak rates beside each


def kinds(line):
    """What an instruction of x86-64 counts as: "all", and KINDS, "load", "store" if it is wide."""
    name, _, rest = line.strip().partition("\t")
    rest = rest.split("#")[0]
    if not WIDE.search(rest):
        return ["all"]
    found = ["all", *(kind for kind, pattern in KINDS.items() if pattern.fullmatch(name))]
    operands = re.split(r",(?![^(]*\))", rest)
    if "(" in operands[-1]:
        return [*found, "store"]
    return [*found, "load"] if any("(" in x for x in operands) else found


def assembly(text):
    """The assembly of a program, by the engine's own way to machine code."""
    _, target, _ = compiler._tools()
    target.emit_object, kept = target.emit_assembly, target.emit_object
    try:
        return compiler.compiled(text)
    finally:
        target.emit_object = kept


def counted(lines):
    """{function: Counter of kinds, what it calls included}, {function: all it runs, itself too},
    and the functions that have loops. Of a loop one turn is counted."""
    own, loops, seen = {}, set(), set()
    for line in lines:
        if label := re.match(r"(\.?\w+):", line):
            seen.add(label[1])
            if not label[1].startswith("."):
                here, calls = own.setdefault(label[1], (Counter(), Counter()))
                name = label[1]
        elif re.match(r"\t[a-z]", line) and own:
            here.update(kinds(line))
            word, _, rest = line.strip().partition("\t")
            if word.startswith("call"):
                calls[rest.split("@")[0]] += 1
            elif word.startswith("j") and rest in seen:
                loops.add(name)

    def whole(name):
        total = Counter(own[name][0])
        for other, times in own[name][1].items():
            if other in own:
                total.update({kind: times * n for kind, n in whole(other).items()})
        return total

    def reached(name):
        return {name}.union(*(reached(other) for other in own[name][1] if other in own))

    return {name: whole(name) for name in own}, {name: reached(name) for name in own}, loops


def repeated(name, arguments):
    """Text of @repeat_NAME(arguments, n): the function n times."""
    given = re.sub(r"\b(noalias|readonly) ", "", arguments)
    return f"""
define void @repeat_{name}({given}, i64 %n) noinline {{
entry:
  br label %go
go:
  %i = phi i64 [ 0, %entry ], [ %j, %go ]
  call void @{name}({given})
  %j = add i64 %i, 1
  %more = icmp slt i64 %j, %n
  br i1 %more, label %go, label %end
end:
  ret void
}}
"""


class Marches:
    """Marches of our cohort on one core, and each function of a step alone."""

    def __init__(self, people):
        self.people, self.spent, self.ran = people, 0.0, []
        out = self.march()
        self.steps, (self.engine, self.plan) = int(out.attrs["steps"]), self.ran[0][:2]
        self.groups = sum(len(groups) for _, _, groups in self.ran)
        self.functions = dict(DEFINED.findall(self.engine.program.text))
        self._link()

    def march(self):
        """simulate() on one core; what its marches took is added to `spent`."""
        kept = native.Engine._run
        self.ran.clear()

        def run(engine, plan, groups):
            begin = time.thread_time()
            kept(engine, plan, groups)
            self.spent += time.thread_time() - begin
            self.ran.append((engine, plan, groups))

        native.Engine._run = run
        try:
            return load.ours(self.people, workers=1)
        finally:
            native.Engine._run = kept

    def _link(self):
        """The program once more, with its functions to be called from outside."""
        names = [n for n in self.functions if OF_A_STEP.match(n)]
        text = self.engine.program.text.replace("define internal ", "define ")
        text += "".join(repeated(name, self.functions[name]) for name in names)
        wanted = [*self.functions, "march", *(f"repeat_{name}" for name in names)]
        self._library, found = compiler.linked(compiler.compiled(text), wanted)
        order = sorted(found.values())
        ends = dict(zip(order, order[1:], strict=False))
        self.bytes = {n: ends[at] - at for n, at in found.items() if at in ends}
        self._march = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2, ctypes.c_int64)(found["march"])
        made, self.lanes = self.engine.program, self.engine.machine.lanes
        self._memory = native._aligned((made.memory + made.table * self.plan.sizes, self.lanes))
        self._spare = native._aligned((4 * made.table, self.lanes))
        self._calls = {name: self._call(name, found[f"repeat_{name}"]) for name in names}

    def _call(self, name, address):
        """A call of the function CALLS times, with arguments found by their names."""
        fields, at = dict(zip(FIELDS, self.plan.fields, strict=True)), self._spare.ctypes.data
        part = self._spare.nbytes // 4
        known = {"ctx": self._memory.ctypes.data, "weights": int(fields["per_step"])}
        known |= {"h": 2.0, "negative": -1e-6, "z": at, "e": at + part, "nodes": at + 3 * part}
        names = re.findall(r"%(\w+)", self.functions[name])
        types = [ctypes.c_double if isinstance(known[n], float) else ctypes.c_void_p for n in names]
        call = ctypes.CFUNCTYPE(None, *types, ctypes.c_int64)(address)
        return lambda: call(*(known[n] for n in names), CALLS)

    def alone(self):
        """{function: s a call}, {"begin": s a group before its first step}: once each."""
        out = {}
        fields = self.plan.fields.copy()
        fields[FIELDS.index("steps")] = 0
        self._memory[self.engine.program.slots["bad"]] = 0.0
        begin = time.thread_time()
        self._march(self._memory.ctypes.data, fields.ctypes.data, 0)
        out["begin"] = time.thread_time() - begin
        self._spare[:] = 0.0
        for name, call in self._calls.items():
            begin = time.thread_time()
            call()
            out[name] = (time.thread_time() - begin) / CALLS
        return out

    def often(self):
        """{function: calls a step of one group}."""
        fields = dict(zip(FIELDS, self.plan.fields, strict=True))

        def whole(name, n):
            at = ctypes.cast(int(fields[name]), ctypes.POINTER(ctypes.c_int64))
            return np.ctypeslib.as_array(at, (n,))

        changes = 1 + int((np.diff(whole("size_of", self.steps)) != 0).sum())
        looks = int((whole("looks", self.steps + 1) >= 0).sum())
        out = dict.fromkeys(self._calls, 1.0)
        return out | {"look": looks / self.steps, "prepare": changes / self.steps}


def found(people):
    """All that the page says; None where the assembly is not of x86-64."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    marches = Marches(people)
    text = marches.engine.program.text
    counts, reached, loops = counted(assembly(text).splitlines())
    (step,) = re.findall(r"^define internal void @step\(.*?^}", text, re.MULTILINE | re.DOTALL)
    often = marches.often()
    size = {name: sum(marches.bytes[part] for part in reached[name]) for name in often}
    kernels = Kernels(size["step"])
    peaks, alone, spent = [], [], []
    for _ in range(TURNS):
        peaks += [kernels.turn() for _ in range(PEAKS)]
        alone.append(marches.alone())
        marches.spent = 0.0
        marches.march()
        spent.append(marches.spent / marches.groups / marches.steps)
    straight = kernels.bytes / kernels.texts["straight"][1]
    best = {name: min(x[name] for x in peaks) for name in peaks[0]}
    return {
        "peaks": best | {"byte": best["straight"] / straight},
        "alone": {name: statistics.median(x[name] for x in alone) for name in alone[0]},
        "march": statistics.median(spent),
        "least": min(spent),
        "counts": {name: dict(counts[name]) for name in often},
        "bytes": size,
        "loops": sorted(loops & set().union(*(reached[name] for name in often))),
        "elementary": dict(Counter(re.findall(r"@k\w*_([a-z]+)\(", step))),
        "often": often,
        "lanes": marches.lanes,
        "steps": marches.steps,
        "patients": people.n,
    }


if __name__ == "__main__":
    import pprint

    pprint.pprint(found(load.cohort(256)))
