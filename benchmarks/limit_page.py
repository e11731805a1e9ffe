"""The section on the machine's limit, from what limit.py measured."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from tables import head, row  # noqa: E402

CACHE = 32  # KiB of code that the first cache of the processors we know holds
SIMPLE = ("fma", "mul", "add")


def totals(x):
    """{kind: vector instructions, or bytes of code, a step of one group}."""
    out = {
        kind: sum(n * x["counts"][name].get(kind, 0) for name, n in x["often"].items())
        for kind in (*SIMPLE, "div", "load", "store", "all")
    }
    return out | {"byte": sum(n * x["bytes"][name] for name, n in x["often"].items())}


def bounds(x):
    """[(what, how many a step and group, least ns for them)], the longest first."""
    n, peak = totals(x), x["peaks"]
    simple = sum(n[kind] for kind in SIMPLE)
    # Some processors have pipes of their own for sums, some do not.
    arithmetic = max((n["fma"] + n["mul"]) * peak["fma"], n["add"] * peak["add"],
                     simple * peak["both"])  # fmt: skip
    out = [
        ("products, sums and both fused", f"{simple:.0f}", arithmetic),
        ("divisions", f"{n['div']:.0f}", n["div"] * peak["div"]),
        ("loads", f"{n['load']:.0f}", n["load"] * peak["load"]),
        ("stores", f"{n['store']:.0f}", n["store"] * peak["store"]),
        ("reading the code itself", f"{n['byte'] / 1024:.1f} KiB", n["byte"] * peak["byte"]),
    ]
    return sorted(out, key=lambda each: -each[2])


def flops(x):
    """Operations on doubles a patient: a fused one counts as two."""
    n = totals(x)
    return (2 * n["fma"] + n["mul"] + n["add"] + n["div"]) * x["steps"]


def machine(x):
    """Table of what a core can do at most."""
    out = head("one core at its best", f"ns a vector of {x['lanes']}", "in a second")
    for kind, label, unit, each in (
        ("fma", "fused multiply-add", "GFlop", 2 * x["lanes"]),
        ("both", "fused multiply-adds and sums in turn", "GFlop", 1.5 * x["lanes"]),
        ("div", "division", "G divisions", x["lanes"]),
        ("load", "load from the first cache", "GB", 8 * x["lanes"]),
        ("store", "store into it", "GB", 8 * x["lanes"]),
    ):
        spent = x["peaks"][kind] * 1e9
        out.append(row(label, f"{spent:.3f}", f"{each / spent:.1f} {unit}"))
    rate = 1e-9 / x["peaks"]["byte"]
    return [*out, row("code without loops, as long as a step", "", f"{rate:.0f} GB of code")]


def functions(x):
    """Table of the functions of a step: what is in them and what they take."""
    out = head("function", "calls a step", "instructions", "KiB", "products", "sums", "divisions",
               "loads", "stores", "ns a call", "share of the march")  # fmt: skip
    left = x["march"]
    for name, often in sorted(x["often"].items(), key=lambda i: -i[1] * x["alone"][i[0]]):
        n, spent = x["counts"][name], x["alone"][name]
        left -= often * spent
        products = n.get("fma", 0) + n.get("mul", 0)
        kinds = [n.get(kind, 0) for kind in ("add", "div", "load", "store")]
        cells = (f"`{name}`", f"{often:.3g}", n["all"], f"{x['bytes'][name] / 1024:.1f}")
        share = f"{often * spent / x['march']:.0%}"
        out.append(row(*cells, products, *kinds, f"{spent * 1e9:.0f}", share))
    begin = x["alone"]["begin"] / x["steps"]
    for label, spent in (("before the first step", begin), ("the rest", left - begin)):
        out.append(row(label, *[""] * 8, f"{spent * 1e9:.0f} a step", f"{spent / x['march']:.0%}"))
    return out


def limits(x):
    """Table of the bounds of a step, and how near the march comes."""
    out = head("bound by", "a step and group", "ns at least", "share reached")
    for what, count, least in bounds(x):
        out.append(row(what, count, f"{least * 1e9:.0f}", f"{least / x['march']:.0%}"))
    measured = f"{x['march'] * 1e9:.0f} (least {x['least'] * 1e9:.0f})"
    return [*out, row("measured", f"{totals(x)['all']:.0f} instructions", measured, "")]


def section(x, said):
    """The section's paragraphs; said(...) fills lines."""
    if x is None:
        yield said("Counted and measured on x86-64 only.")
        return
    (tightest, _, least), *_ = bounds(x)
    peak = 2 * x["lanes"] / x["peaks"]["fma"]
    each, seconds = flops(x), x["march"] * x["steps"] / x["lanes"]
    loops = f"Loops, counted as one turn, are in {', '.join(x['loops'])}." if x["loops"] else (
        "The functions of a step have no loops, so what is counted is what runs."
    )  # fmt: skip
    yield said(
        f"One core, {x['patients']} patients in groups of {x['lanes']}, {x['steps']} steps; thread",
        "time inside the machine code, medians of turns, beside the best rates in the same turns.",
        "Counted in the assembly of the program: instructions on whole vectors, and all.", loops,
    )  # fmt: skip
    yield "\n".join(machine(x))
    yield "\n".join(functions(x))
    yield "\n".join(limits(x))
    yield said(
        f"A patient takes {each / 1e6:.1f} million operations, {seconds * 1e3:.2f} ms:",
        f"{each / seconds / 1e9:.1f} GFlop/s, {each / seconds / peak:.0%} of {peak / 1e9:.0f}. At",
        f"that peak a core would solve {peak / each:.0f} patients/s; at the tightest bound,",
        f"{tightest}, {x['lanes'] / least / x['steps']:.0f}; it solves {1 / seconds:.0f}, and",
        f"reaches {least / x['march']:.0%} of that bound ({least / x['least']:.0%} in its best",
        "turn).",
    )
    yield said(*advice(x))


def advice(x):
    """Sentences: where the time goes, and what would help."""
    size, counts = x["bytes"]["step"] / 1024, x["counts"]["step"]
    cycles = x["march"] / (2 * x["peaks"]["fma"])
    share = x["often"]["step"] * x["alone"]["step"] / x["march"]
    terms = ", ".join(f"{n} {name}" for name, n in sorted(x["elementary"].items()))
    # Functions of their own have no name in the step: they count among what it calls.
    terms = f"In it are {terms} (power and softplus are a log and an exp). " if terms else ""
    yield (
        f"**Where the time goes.** Into `step`, {share:.0%}: {counts['all']} instructions, of "
        f"which {counts.get('spread', 0)} only spread a number over the lanes. {terms}"
        "Arithmetic is not what holds it: "
        f"{totals(x)['all'] / cycles:.1f} instructions end in the time of two fused "
        "multiply-adds, about a cycle, where three could."
    )
    if size > CACHE:
        yield (
            f"`step` is {size:.0f} KiB of code, run once a step for one group, and the first cache "
            f"of such processors holds {CACHE}: every step fetches it again from the second. What "
            "would help most is less of it: exp and log are written out at every use, and could be "
            "one piece of code that takes the three nodes of a step together, which also keeps "
            "the pipes busy while each node waits for its last result."
        )
    else:
        yield (
            "Its code fits the first cache; the rest is probably waiting: each link reads the one "
            "before it, and exp and log are long chains. What would help most are shorter ones."
        )
