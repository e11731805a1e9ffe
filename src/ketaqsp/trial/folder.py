"""The folder of a trial: written as FOLDER.partial, renamed when complete."""

import json
import os
import platform
import shutil
from datetime import UTC, datetime
from pathlib import Path

from ketaqsp.errors import BadInput, MachineError

OWN = "run.json"  # a folder without it is somebody else's


class Folder:
    """A name that may be written. Raises BadInput when made; creates nothing until write()."""

    def __init__(self, path, *, overwrite=False):
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
        self._check(self.path, overwrite)
        if os.path.lexists(self.part):
            self._check(self.part, overwrite, "an unfinished trial")

    def _check(self, path, overwrite, what="there already"):
        if not os.path.lexists(path):
            return
        if not overwrite:
            raise BadInput(
                f"--out: {str(path)!r} is {what}. Choose another name, or add --overwrite to "
                "replace it."
            )
        ours = path.is_dir() and not path.is_symlink() and (
            not any(path.iterdir()) or (path / OWN).is_file()
        )  # fmt: skip
        if not ours:
            raise BadInput(
                f"--out: {str(path)!r} holds something else than a trial, so --overwrite leaves "
                "it alone. Choose another name."
            )

    def write(self, trial, extra=()):
        """Write everything and rename. extra: functions of (trial, folder) that write more."""
        from ketaqsp.trial import adam

        try:
            if self.part.exists():
                shutil.rmtree(self.part)
            self.part.mkdir()
            _json(self.part / OWN, record(trial))
            steady = {k: v for k, v in trial.report.items() if k != "wall_s"}
            _json(self.part / "result.json", steady)
            adam.write(trial.conduct, self.part)
            for more in extra:
                more(trial, self.part)
            if self.path.exists():
                shutil.rmtree(self.path)
            self.part.rename(self.path)
        except OSError as problem:
            raise MachineError(
                f"{self.path} cannot be written: {problem.strerror or problem}. Free some space, "
                "or name another folder."
            ) from problem
        return self.path


def record(trial):
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
        "host": platform.node(),
        "platform": platform.platform(),
        "identity": identity(),
    }


def _json(path, payload):
    text = json.dumps(payload, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
