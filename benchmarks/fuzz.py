"""Read mutated protocols and event tables: each is good, or refused in one line that names it.

    python benchmarks/fuzz.py 10000

Prints how many of each, and every fault with the number of the mutant that shows it.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from mutants import mutated, verdict  # noqa: E402


def run(count, first=0):
    """(Counter of verdicts, [(number, fault)]) of so many mutants."""
    found, faults = Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            said = verdict(*mutated(number), Path(folder))
            if said not in ("good", "refused"):
                faults.append((number, said))
                said = "fault"
            found[said] += 1
    return found, faults


if __name__ == "__main__":
    begun = time.perf_counter()
    found, faults = run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    for number, said in faults:
        print(f"mutant {number}: {said[:300]}")
    without = found["good"] + found["refused"]
    print(f"{without} of {sum(found.values())} without a fault ({found['good']} good, "
          f"{found['refused']} refused), {time.perf_counter() - begun:.0f} s")  # fmt: skip
    sys.exit(bool(faults))
