"""Mutated protocols and event tables, for fuzzing: bytes of a good file with something wrong."""

import random
from pathlib import Path

from ketaqsp.errors import KetaqspError

ROOT = Path(__file__).resolve().parents[1]
PIECES = (
    *("", "0", "-1", "1e400", ".nan", ".inf", "null", "true", "~", "[]", "{}", "''", '"', "'"),
    *(":", "-", "&a", "*a", "<<", "!!python/name:os.system", "%", "@", "`", "\t", "\n", "\r\n"),
    *(
        "é",
        "\u2028",
        "\ufeff",
        "\x00",
        "\x1b",
        "=1+1",
        "<script>",
        "9" * 400,
        "a" * 300,
        "70 mg/kg",
    ),
    *("0.5 mg", "24 h", "1 month", "2 of [24 h]", "on", "2024-01-01", "0x10", "1_000", "12:30:00"),
    *("MADRS", "ketamine", "response", "end_of_treatment", "titrate", "all", "phases", "policy"),
)
EVENTS = """ID,TIME,EVID,AMT,RATE,II,ADDL,SS,CMT,DRUG,ROUTE,AMT_UNIT
1,0,1,35,52.5,72,2,0,2,ketamine,iv,mg
1,24,0,0,0,0,0,0,0,.,.,mg
2,0,1,0.5,0.75,0,0,0,central,ketamine,iv,mg/kg
3,0,1,56,0,84,7,0,.,esketamine,in,mg
"""


def seeds():
    """Good protocols and event tables as text: [(suffix, text)]."""
    files = sorted((ROOT / "protocols").glob("*.yaml"))
    found = [(".yaml", path.read_text(encoding="utf-8")) for path in files]
    return [*found, *[(".csv", EVENTS)] * (len(found) // 3)]


def mutated(number):
    """(suffix, bytes) of mutant `number`: always the same one."""
    dice = random.Random(number)
    kinds = seeds()
    suffix, text = kinds[number % len(kinds)]
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        text = dice.choice(_CHANGES)(dice, text, suffix)
    raw = text.encode("utf-8", "surrogatepass")
    if dice.random() < 0.05:
        raw = bytes(dice.choice(raw or b" ") ^ dice.randrange(256) if k % 97 == 3 else b
                    for k, b in enumerate(raw))  # fmt: skip
    return suffix, raw


def _words(text, suffix):
    marks = "," if suffix == ".csv" else " []{},:"
    edges = [0, *(k for k, c in enumerate(text) if c in marks or c == "\n"), len(text)]
    return [(a + 1, b) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a + 1]


def _replace(dice, text, suffix):
    spans = _words(text, suffix)
    if not spans:
        return text + dice.choice(PIECES)
    a, b = dice.choice(spans)
    return text[:a] + dice.choice(PIECES) + text[b:]


def _swap(dice, text, suffix):
    spans = _words(text, suffix)
    if len(spans) < 2:
        return text
    (a, b), (c, d) = sorted(dice.sample(spans, 2))
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def _drop_line(dice, text, _suffix):
    lines = text.split("\n")
    del lines[dice.randrange(len(lines))]
    return "\n".join(lines)


def _twice(dice, text, _suffix):
    lines = text.split("\n")
    k = dice.randrange(len(lines))
    return "\n".join([*lines[: k + 1], *lines[k:]])


def _indent(dice, text, _suffix):
    lines = text.split("\n")
    k = dice.randrange(len(lines))
    lines[k] = " " * dice.randrange(9) + lines[k].lstrip()
    return "\n".join(lines)


def _cut(dice, text, _suffix):
    return text[: dice.randrange(len(text) + 1)]


def _letter(dice, text, _suffix):
    k = dice.randrange(len(text) + 1)
    return text[:k] + dice.choice(PIECES)[:1] + text[k + dice.randrange(2) :]


def _number(dice, text, _suffix):
    spots = [k for k, c in enumerate(text) if c.isdigit()]
    if not spots:
        return text
    k = dice.choice(spots)
    return text[:k] + dice.choice(("-", "0", "99999", ".", "e9", "")) + text[k:]


_CHANGES = (_replace, _replace, _swap, _drop_line, _twice, _indent, _cut, _letter, _number)


def verdict(suffix, raw, folder):
    """ "good", "refused", or a fault as text, of one mutant read from a file in `folder`.

    A fault is anything but a BadInput in one line that names the file, or a file left behind.
    """
    path = folder / f"mutant{suffix}"
    path.write_bytes(raw)
    try:
        _read(path, suffix)
        found = "good"
    except KetaqspError as problem:
        said = str(problem)
        found = "refused"
        if problem.exit_status != 2:
            found = f"status {problem.exit_status}: {said}"
        elif path.name not in said or "\n" in said:
            found = f"says {said!r}"
    except Exception as problem:  # what a fuzzer looks for
        found = f"{type(problem).__name__}: {problem}"
    left = sorted(p.name for p in folder.iterdir())
    path.unlink()
    return found if left == [path.name] else f"leaves {left}"


def _read(path, suffix):
    if suffix == ".csv":
        from ketaqsp.dose.event_table import read_events

        return read_events(path)
    from ketaqsp.protocol import read

    return read(path)
