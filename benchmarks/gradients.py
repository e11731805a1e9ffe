"""What a gradient costs beside the solution: python benchmarks/gradients.py [patients]

Six infusions, 28 days, MADRS at the end, by every parameter; all cores. Compiled anew first.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

TURNS = 7


def main(n=500):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KETAQSP_CACHE"] = folder
        import ketaqsp as kq

        sys.path.insert(0, str(Path(__file__).parent))
        import workload as load

        people, dose = load.cohort(n), load.regimen()
        options = {"days": load.LAST, "every": f"{load.LAST} d", "wanted": ("madrs",)}

        def plain():
            return kq.simulate(dose, people, **options)

        def slopes():
            return kq.gradient(dose, people, of="madrs", at=24.0 * load.LAST)

        plain()
        before, begin = load.peak_memory(), time.perf_counter()
        out = slopes()
        first = time.perf_counter() - begin
        pairs = []
        for _ in range(TURNS):
            start = time.perf_counter()
            plain()
            middle = time.perf_counter()
            slopes()
            pairs.append((middle - start, time.perf_counter() - middle))
        one, other = (statistics.median(x) for x in zip(*pairs, strict=True))
        # gradient() solves first, to know who needs finer steps: that is in its time.
        print(
            f"{n} patients, {out.sizes['parameter']} parameters, load {os.getloadavg()[0]:.1f}: "
            f"solution {one:.3f} s, gradient {other:.3f} s, {other / one:.1f} solutions "
            f"(worst turn {max(b / a for a, b in pairs):.1f}); first call {first:.1f} s; "
            f"peak memory {load.peak_memory():.0f} MiB ({before:.0f} before)"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
