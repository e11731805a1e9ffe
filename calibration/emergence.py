"""In how much of the prior each effect holds; draw by draw, stored beside the package's tables.

    python calibration/emergence.py [draws]

Writes src/ketaqsp/trial/emergence.csv: one row an effect, with the share among draws that are
ill before any dose, and the outcome of every draw as a string of 1, 0 and - (not ill). A test
repeats the first draws and the hashes.
"""

import csv
import sys
import time
from pathlib import Path

from ketaqsp.patient import typical
from ketaqsp.trial import emergence
from ketaqsp.trial.endpoints import wilson
from ketaqsp.trial.identity import identity

TARGET = Path(__file__).resolve().parents[1] / "src" / "ketaqsp" / "trial" / "emergence.csv"
COLUMNS = (
    "effect,statement,cut,default,default_cut,draws,ill,holds,share,low,high,"
    "parameters_sha256,equations_sha256,outcome"
).split(",")


def row(effect, people, ill, about):
    """One line of the table."""
    alone = typical()
    default = bool(emergence.holds(effect, alone)[0])
    cut = bool(emergence.holds(effect, alone, effect.cut)[0]) if effect.cut else None
    found = emergence.holds(effect, people)
    k, n = int(found[ill].sum()), int(ill.sum())
    low, high = wilson(k, n)
    outcome = "".join("-" if not i else "1" if f else "0" for f, i in zip(found, ill, strict=True))
    return {
        "effect": effect.name,
        "statement": effect.statement,
        "cut": " ".join(effect.cut),
        "default": int(default),
        "default_cut": "" if cut is None else int(cut),
        "draws": len(ill),
        "ill": n,
        "holds": k,
        "share": f"{k / n:.3f}",
        "low": f"{low:.3f}",
        "high": f"{high:.3f}",
        "parameters_sha256": about["parameters_sha256"],
        "equations_sha256": about["equations_sha256"],
        "outcome": outcome,
    }


def main(draws=200):
    people, ill = emergence.prior_people(draws)
    about = identity()
    print(f"{ill.sum()} of {draws} draws are ill before any dose")
    rows = []
    for effect in emergence.EFFECTS:
        start = time.perf_counter()
        rows.append(row(effect, people, ill, about))
        shown = {
            k: rows[-1][k] for k in ("effect", "default", "default_cut", "share", "low", "high")
        }
        print(*shown.values(), f"{time.perf_counter() - start:.1f} s", flush=True)
    with open(TARGET, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:2]))
