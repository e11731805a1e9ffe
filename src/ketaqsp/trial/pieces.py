"""The replicates of a trial, written as they are settled: FOLDER.partial/pieces.

A piece is an npz of plain numbers (never a pickle) of one group of patients, a range of
replicates and a phase. Beside it lies its mark with the sha256 of the npz, written when that is
complete: a piece without a mark, or with another content, is settled again.
"""

import hashlib
import io
import json
import os

import numpy as np

from ketaqsp.errors import BadInput
from ketaqsp.patient.stream import Disk, remove

PIECES = "pieces"
RECORD = "run.json"
FIXED = ("hours", "amounts", "given", "status", "reasons", "steps", "place", "replicate")
SAID = {
    "protocol_sha256": "a protocol file with sha256",
    "seed": "seed",
    "replicates": "replicates",
    "patients": "patients (a table named in the protocol?) with sha256",
}


def asked(protocol, seed, replicates):
    """What makes the numbers of a run, as plain values: a run is resumed by the same only."""
    from ketaqsp.trial.identity import identity

    made = identity()
    return {
        "protocol_sha256": protocol.sha256,
        "seed": protocol.seed if seed is None else seed,
        "replicates": protocol.replicates if replicates is None else replicates,
        "ketaqsp": made["ketaqsp"],
        **{k: v for k, v in made.items() if k.endswith("_sha256")},
        "protocol": protocol.name,
        "arms": [[a.name, a.n] for a in protocol.phases[0].arms],
        "phases": [p.name or f"phase {k + 1}" for k, p in enumerate(protocol.phases)],
    }


class Pieces:
    """part: FOLDER.partial. Raises BadInput if it is to be resumed but was begun with others."""

    def __init__(self, part, about, *, resume=False):
        self.part, self.home, self.asked, self.resume = part, part / PIECES, about, resume
        self.begun = False
        if resume:
            check(part, read_record(part), about)

    def begin(self, groups):
        """Called when everybody is enrolled: nothing is created before."""
        self.asked = {**self.asked, "patients": _digest(groups)}
        if self.resume:
            check(self.part, read_record(self.part), self.asked)
        with Disk(self.part.with_suffix("")):
            try:
                self._open()
            except OSError:
                if not self.resume:
                    remove(self.part)  # without its record nobody could say what it is
                raise
        self.begun = True

    def _open(self):
        if not self.resume:
            remove(self.part)
            self.part.mkdir()
        text = json.dumps({"asked": self.asked, "finished": None}, indent=1)
        self._put(self.part / RECORD, (text + "\n").encode())
        self.home.mkdir(exist_ok=True)
        for each in self.home.glob("*.new"):
            remove(each)

    def discard(self):
        """Remove what this run began."""
        if self.begun:
            remove(self.part)

    def find(self, phase, path, first, stop, trip):
        """The Settled of a piece, or None if it is not there, not whole, or of other patients."""
        from ketaqsp.trial.conduct.settled import Settled

        found = load(self.home / f"{_name(phase, path, first, stop)}.npz")
        if found is None or set(found) != {*FIXED, *(f"seen {k}" for k in trip.seen)}:
            return None
        same = (np.array_equal(found["hours"], trip.hours)
                and np.array_equal(found["place"], trip.people.place)
                and np.array_equal(found["replicate"], trip.people.replicate))  # fmt: skip
        if not same:
            return None
        seen = {k: found[f"seen {k}"] for k in trip.seen}
        reasons = found["reasons"].astype(object)
        return Settled(found["hours"], seen, found["amounts"], found["given"], found["status"],
                       reasons, int(found["steps"]))  # fmt: skip

    def add(self, phase, path, first, stop, trip, settled):
        """Write a piece, then its mark. Raises MachineError."""
        held = {name: getattr(settled, name) for name in FIXED[:6]}
        held["reasons"] = settled.reasons.astype(str)  # plain text: objects would need a pickle
        held |= {f"seen {k}": x for k, x in settled.seen.items()}
        held |= {"place": trip.people.place, "replicate": trip.people.replicate}
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **held)
        name = _name(phase, path, first, stop)
        with Disk(self.part.with_suffix("")):
            self._put(self.home / f"{name}.npz", content.getbuffer())
            mark = hashlib.sha256(content.getbuffer()).hexdigest()
            self._put(self.home / f"{name}.done", mark.encode())

    def count(self):
        """How many pieces are there."""
        return len(list(self.home.glob("*.done")))

    def _put(self, path, content):
        fresh = path.with_name(path.name + ".new")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)


def _name(phase, path, first, stop):
    """For example phase2-arms1.2-replicates41-80: the arm in each phase so far."""
    arms = ".".join(str(k + 1) for k in path)
    return f"phase{phase + 1}-arms{arms}-replicates{first + 1}-{stop}"


def load(path):
    """{name: array} of a piece that is whole, else None."""
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != path.with_suffix(".done").read_text().strip():
            return None
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def read_record(part):
    """What an unfinished trial says that it was asked. Raises BadInput if it is none."""
    try:
        return dict(json.loads((part / RECORD).read_text(encoding="utf-8"))["asked"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(
            f"{str(part)!r} is no unfinished trial: its {RECORD} says nothing of what was asked. "
            "Choose another name."
        ) from problem


def check(part, was, now):
    """Raise BadInput unless an unfinished trial was asked the same."""
    for key, mine in now.items():
        if key == "patients" and key not in was:
            continue
        theirs = was.get(key)
        if theirs == mine:
            continue
        said = SAID.get(key, f"a model with another {key}:" if "sha256" in key else key)
        raise BadInput(
            f"{str(part)!r} was begun with {said} {_short(theirs)}, not {_short(mine)}; --resume "
            "needs the same protocol, seed, replicates and model. Repeat that command, or add "
            "--overwrite in place of --resume to begin anew."
        )


def _short(x):
    text = str(x)
    return f"{text[:12]}..." if len(text) == 64 else text


def _digest(groups):
    """sha256 over every patient's parameters, and when he leaves."""
    joint = hashlib.sha256()
    for group in groups:
        parameters = group.people.cohort.parameters
        for name in sorted(parameters):
            joint.update(name.encode())
            joint.update(np.ascontiguousarray(parameters[name], dtype=float).tobytes())
        joint.update(np.ascontiguousarray(group.left, dtype=float).tobytes())
    return joint.hexdigest()
