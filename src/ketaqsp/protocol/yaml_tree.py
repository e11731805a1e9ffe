"""YAML as a tree in which every value knows its line and key, so that an error can name them."""

import math
from dataclasses import dataclass
from pathlib import Path

from ketaqsp.dose.quantity import parse_time
from ketaqsp.errors import BadInput, MachineError, unknown

MOST_BYTES = 1_000_000
MOST_VALUES = 20_000  # aliases of aliases would make millions of values from a few lines
DEEPEST = 30
LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Spot:
    """One value of the file: plain (None, bool, number, text), or tuples of Spots."""

    file: str
    line: int
    path: str
    value: object

    def refuse(self, message, field=None):
        """Raise BadInput with file, line and key before `message`."""
        where = f"key {self.path}" if self.path else "the file"
        raise BadInput(f"{self.file}, line {self.line}, {where}: {message}", field=field)

    def checked(self, function, *args):
        """function(*args), its BadInput told with file, line and key."""
        try:
            return function(*args)
        except BadInput as problem:
            self.refuse(problem)

    @property
    def shown(self):
        """The value as a message shows it, short."""
        if isinstance(self.value, Entries):
            return "a mapping"
        text = "a list" if isinstance(self.value, tuple) else repr(self.value)
        return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."

    def mapping(self, known, needed=(), hint="Write 'key: value' pairs."):
        """{key: Spot}, every key among `known` and none of `needed` missing."""
        if not isinstance(self.value, Entries):
            self.refuse(f"{self.shown} is not a mapping; allowed keys: {', '.join(known)}. {hint}")
        for key, spot in self.value.items():
            if key not in known:
                spot.refuse(unknown("key", key, known))
        for key in needed:
            if key not in self.value:
                self.refuse(f"{key!r} is missing; needed: {', '.join(needed)}. {hint}")
        return self.value

    def items(self, what, least=1, most=1000):
        """The Spots of a list."""
        if not isinstance(self.value, tuple):
            self.refuse(f"{self.shown} is not a list of {what}. Write '- ...' lines or [a, b].")
        if not least <= len(self.value) <= most:
            self.refuse(f"{len(self.value)} {what}; allowed: {least} to {most}.")
        return self.value

    def text(self, what, most=120):
        """The value as text on one line."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            self.refuse(f"{what} is {self.shown}; write text, in quotes if need be.")
        text = str(self.value).strip()
        if not text or len(text) > most or any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text):
            self.refuse(f"{what} is {self.shown}; allowed: 1 to {most} printable characters.")
        return text

    def choice(self, what, known):
        """One word of `known`; YAML's null is 'none'."""
        value = "none" if self.value is None and "none" in known else self.value
        if not isinstance(value, str) or value not in known:
            self.refuse(unknown(what, value if isinstance(value, str) else self.shown, known))
        return value

    def number(self, what, low, high, unit="", *, open_low=False):
        """A finite number in [low, high] (above low if open_low)."""
        x = self.value
        bounds = f"{'above' if open_low else 'from'} {low:g} to {high:g} {unit}".rstrip()
        if isinstance(x, bool) or not isinstance(x, int | float):
            self.refuse(f"{what} is {self.shown}, not a number; allowed: {bounds}.")
        try:
            x = float(x)
        except OverflowError:
            x = math.inf
        if not (math.isfinite(x) and low <= x <= high) or (open_low and x == low):
            self.refuse(f"{what} is {self.shown}; allowed: {bounds}.")
        return x

    def whole(self, what, low, high):
        """A whole number in [low, high]."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.refuse(f"{what} is {self.shown}; allowed: a whole number, {low} to {high}.")
        if not low <= self.value <= high:
            self.refuse(f"{what} is {self.shown}; allowed: {low} to {high}.")
        return self.value

    def time(self, what):
        """Hours, from text such as '24 h'."""
        return self.checked(parse_time, self.value, what)


class Entries(dict):
    """A mapping of the file: {key: Spot}."""


def load(path):
    """The tree of a YAML file as one Spot. Raises BadInput, MachineError."""
    name = str(path)
    return parse(name, _text(name, path))


def parse(name, text):
    """The tree of YAML text; `name` is said in errors."""
    import yaml

    loader = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            raise BadInput(f"{name}: the file is empty. Begin with 'name: my-trial'.")
        return _Builder(name, loader).spot(node, "", 0)
    except yaml.YAMLError as problem:
        raise BadInput(f"{name}{_place(problem)}: not YAML: {_problem(problem)}") from None
    except RecursionError:
        raise BadInput(f"{name}: lists within lists without end. Write it flat.") from None
    finally:
        if loader is not None:
            loader.dispose()


def _text(name, path):
    if "\0" in name:
        raise BadInput(f"{name!r} is no name of a file.")
    try:
        file = Path(path)
        if file.is_dir():
            raise BadInput(f"{name}: a folder, not a protocol file. Name a .yaml file.")
        with open(file, "rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise BadInput(f"{name}: there is no such file. Name a protocol file (.yaml).") from None
    except PermissionError:
        raise BadInput(f"{name}: the file may not be read. Change its permissions.") from None
    except OSError as problem:
        if problem.errno is not None and problem.errno in (5, 12, 23, 24):
            raise MachineError(f"{name}: cannot be read: {problem.strerror}.") from None
        raise BadInput(f"{name}: cannot be read: {problem.strerror}.") from None
    if len(raw) > MOST_BYTES:
        raise BadInput(f"{name}: more than {MOST_BYTES} bytes; no protocol is that long.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise BadInput(f"{name}, line {line}: not text in UTF-8. Save it as UTF-8.") from None


def _place(problem):
    mark = getattr(problem, "problem_mark", None)
    if mark is not None:
        return f", line {mark.line + 1}"
    return ""


def _problem(problem):
    said = getattr(problem, "problem", None) or getattr(problem, "reason", None)
    if said is None:
        return "it cannot be read. Check indents, colons and quotes."
    return f"{said}. Check indents, colons and quotes."


class _Builder:
    """Turns YAML nodes into Spots, each once for each place where it stands."""

    def __init__(self, name, loader):
        self.name, self.loader, self.count = name, loader, 0

    def spot(self, node, path, depth):
        import yaml

        line = node.start_mark.line + 1
        self.count += 1
        if depth > DEEPEST or self.count > MOST_VALUES:
            raise BadInput(
                f"{self.name}, line {line}: more than {DEEPEST} levels or {MOST_VALUES} values. "
                "Write it flat, without aliases."
            )
        if isinstance(node, yaml.MappingNode):
            value = self._entries(node, path, depth)
        elif isinstance(node, yaml.SequenceNode):
            value = tuple(
                self.spot(child, f"{path}[{i}]", depth + 1) for i, child in enumerate(node.value)
            )
        else:
            value = self._scalar(node, path, line)
        return Spot(self.name, line, path, value)

    def _entries(self, node, path, depth):
        import yaml

        found = Entries()
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            here = Spot(self.name, line, path, None)
            if not isinstance(key_node, yaml.ScalarNode):
                here.refuse("a key is a list or a mapping; write a plain word.")
            key = key_node.value
            if key == "<<":
                here.refuse("merged mappings ('<<') are not read; write the keys out.")
            inside = f"{path}.{key}" if path else key
            if key in found:
                first = found[key].line
                Spot(self.name, line, inside, None).refuse(
                    f"is there twice, first on line {first}. Remove one."
                )
            found[key] = self.spot(child, inside, depth + 1)
        return found

    def _scalar(self, node, path, line):
        here = Spot(self.name, line, path, None)
        try:
            value = self.loader.construct_object(node)
        except (ValueError, OverflowError, KeyError) as problem:
            here.refuse(f"{node.value[:LONGEST_SHOWN]!r} cannot be read ({problem}).")
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return here.refuse(f"{node.value[:LONGEST_SHOWN]!r} is read as a date; put it in quotes.")
