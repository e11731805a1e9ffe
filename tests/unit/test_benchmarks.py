"""What benchmarks count in assembly is what stands there."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import limit


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("vfmadd213pd\t%ymm1, %ymm2, %ymm3", {"all", "fma"}),
        ("vfnmadd231pd\t64(%rdi), %ymm2, %ymm3", {"all", "fma", "load"}),
        ("vmulpd\t.LCPI3_1(%rip){1to8}, %zmm2, %zmm3", {"all", "mul", "load"}),
        ("vsubpd\t(%rdi,%rax,8), %ymm2, %ymm3", {"all", "add", "load"}),
        ("vdivpd\t%ymm1, %ymm2, %ymm3", {"all", "div"}),
        ("vbroadcastsd\t.LCPI3_1(%rip), %ymm3", {"all", "spread", "load"}),
        ("vmovapd\t%ymm3, 64(%rsp)", {"all", "store"}),
        ("vmovapd\t64(%rsp), %ymm3", {"all", "load"}),
        ("vmovapd\t%ymm3, %ymm4", {"all"}),
        ("vmovups\t%xmm3, 64(%rsp)", {"all"}),
        ("movq\t%rdi, %rax", {"all"}),
    ],
)
def test_an_instruction_has_its_kinds(line, found):
    assert set(limit.kinds(f"\t{line}")) == found


def test_what_is_called_counts_and_a_loop_is_named():
    text = """
inner:
\tvmulpd\t%ymm1, %ymm2, %ymm3
\tretq
outer:
\tcallq\tinner
.LBB1_1:
\tcallq\tinner
\tjne\t.LBB1_1
\tretq
"""
    counts, reached, loops = limit.counted(text.splitlines())
    assert counts["inner"] == {"all": 2, "mul": 1}
    assert counts["outer"] == {"all": 8, "mul": 2}
    assert reached["outer"] == {"inner", "outer"}
    assert loops == {"outer"}
