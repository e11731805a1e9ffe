"""Each equation of the chain, traced and compiled, against the plain function it came from."""

import numpy as np
import pytest

from ketaqsp.blocks import terms as of_block
from ketaqsp.blocks import use
from ketaqsp.chain import everything
from ketaqsp.maths import exp, hill, log, power, softplus, sqrt
from ketaqsp.solve.native.expressions import Graph
from native_code import terms
from tolerances import TRACED


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("exit", ["slow", "split"])
def test_every_term(exit, fixed):
    model = everything(exit)
    every = [t for block in model.blocks for _, t in of_block(block)]
    compiled = terms(every, fixed)
    rng = np.random.default_rng(5)
    names = sorted({name for t in every for name in t.names})
    for _ in range(10):
        values = {name: float(rng.uniform(0.05, 2.0)) for name in names}
        found = compiled(values)
        for term, got in zip(every, found, strict=True):
            wanted = float(term(values))
            assert got == pytest.approx(wanted, rel=TRACED, abs=TRACED), term.function.__name__
            assert (got == got[0]).all()


def test_every_function_and_operation():
    def all_of_them(x, y):
        return (
            exp(-x) + log(y) - sqrt(x) * power(x, y) / softplus(x - y)
            + hill(x, y, 2) + x**3 - 2 * y**-1 + (1 - x) / 2 + y**0
        )  # fmt: skip

    term = use(all_of_them, x="x", y="y")
    for fixed in (True, False):
        got = terms([term], fixed)({"x": 0.7, "y": 1.3})[0]
        assert got[0] == pytest.approx(all_of_them(0.7, 1.3), rel=TRACED)


def test_what_cannot_be_traced_says_so():
    graph = Graph({"x": False})
    with pytest.raises(TypeError, match="whole numbers"):
        graph.trace(use(lambda x: x**0.5))
    with pytest.raises(TypeError, match="not known to the native solver"):
        graph.name("x").call("sin", graph.name("x"))


def test_equal_nodes_are_one_and_signed_zeros_are_two():
    graph = Graph({"x": False, "p": True})
    assert graph.trace(use(lambda x: exp(x))) is graph.trace(use(lambda x: exp(x)))
    assert graph.node(0.0) is not graph.node(-0.0)
    assert graph.trace(use(lambda p: 2 * p)).fixed and not graph.trace(use(lambda x: 2 * x)).fixed
