"""The folder of a trial: written as FOLDER.partial, renamed when complete."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from ketaqsp.errors import BadInput
from ketaqsp.patient.stream import Disk, remove, rename
from ketaqsp.trial.pieces import PIECES, Pieces, asked

OWN = "run.json"  # a folder without it is somebody else's


class Folder:
    """A name that may be written. Raises BadInput when made, and then has created nothing.

    resume: FOLDER.partial has to be there, left by a run of the same that was stopped.
    """

    def __init__(self, path, *, overwrite=False, resume=False):
        text = str(path)
        if not text.strip() or "\0" in text:
            raise BadInput(f"--out {text!r} is no name of a folder. Write for example my-trial.")
        self.path = Path(text)
        above = self.path.parent
        if self.path.name in ("", "..") or self.path.resolve() in [Path.cwd(), *Path.cwd().parents]:
            raise BadInput(f"--out {text!r} holds the current folder. Choose another name.")
        if not above.is_dir():
            raise BadInput(f"--out {text!r}: there is no folder {str(above)!r}. Make it first.")
        if not os.access(above, os.W_OK | os.X_OK):
            raise BadInput(
                f"--out {text!r}: the folder {str(above)!r} may not be written to. Choose another."
            )
        self.part = self.path.with_name(self.path.name + ".partial")
        self.overwrite, self.resume = overwrite, resume
        self._check(self.path, "is there already. Choose another name, or add --overwrite to "
                    "replace it.")  # fmt: skip
        if resume:
            if not (self.part / OWN).is_file():
                raise BadInput(
                    f"--resume: there is no unfinished trial {str(self.part)!r}. Leave --resume "
                    "out."
                )
        else:
            self._check(self.part, "is an unfinished trial. Add --resume to finish it, "
                        "--overwrite to begin anew, or choose another name.")  # fmt: skip

    def _check(self, path, remedy):
        if not os.path.lexists(path):
            return
        if not self.overwrite:
            raise BadInput(f"--out: {str(path)!r} {remedy}")
        ours = path.is_dir() and not path.is_symlink() and (
            not any(path.iterdir()) or (path / OWN).is_file()
        )  # fmt: skip
        if not ours:
            raise BadInput(
                f"--out: {str(path)!r} holds something else than a trial, so --overwrite leaves "
                "it alone. Choose another name."
            )

    def pieces(self, protocol, seed, replicates):
        """The Pieces of a run. Raises BadInput if what is there is to be resumed but differs."""
        return Pieces(self.part, asked(protocol, seed, replicates), resume=self.resume)

    def write(self, trial, extra=(), kept=None):
        """Write everything and rename. extra: functions of (trial, folder) that write more.

        kept: the Pieces of the run, which are there until all else is.
        """
        from ketaqsp.trial import adam

        begun = kept.asked if kept else asked(trial.conduct.protocol, trial.conduct.seed,
                                              trial.conduct.replicates)  # fmt: skip
        with Disk(self.path):
            self._cleared(kept)
            steady = {k: v for k, v in trial.report.items() if k != "wall_s"}
            _json(self.part / "result.json", steady)
            adam.write(trial.conduct, self.part)
            for more in extra:
                more(trial, self.part)
            _json(self.part / OWN, record(trial, begun, self.resume))
            remove(self.part / PIECES)
            rename(self.part, self.path, overwrite=self.overwrite)
        return self.path

    def _cleared(self, kept):
        """The unfinished folder, with nothing in it but its pieces and what they are of."""
        if kept is None:
            remove(self.part)
            self.part.mkdir()
        for each in self.part.iterdir():
            if each.name not in (OWN, PIECES):
                remove(each)


def record(trial, begun, resumed):
    """What run.json holds: clock, host, versions, hashes; outside any promise of equal bytes."""
    from ketaqsp import NOTICE
    from ketaqsp.trial.identity import identity

    p = trial.conduct.protocol
    return {
        "notice": NOTICE,
        "protocol": p.name,
        "protocol_sha256": p.sha256,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_s": trial.report["wall_s"],
        "status": trial.report["solver"]["status"],
        "failures": trial.report["solver"]["failures"],
        "host": platform.node(),
        "platform": platform.platform(),
        "identity": identity(),
        "asked": begun,
        "resumed": resumed,
    }


def _json(path, payload):
    text = json.dumps(payload, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
