"""Whatever is wrong in a protocol or an event table, it is told in one line: no traceback."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mutants import EVENTS, mutated, seeds, verdict

GOOD = [(suffix, text.encode()) for suffix, text in seeds()]


def test_the_seeds_are_good(tmp_path):
    assert [verdict(*one, tmp_path) for one in GOOD] == ["good"] * len(GOOD)
    assert len(GOOD) > 15 and (".csv", EVENTS.encode()) in GOOD


def test_a_fault_would_be_seen(tmp_path, monkeypatch):
    from ketaqsp.protocol import yaml_tree

    def broken(*_):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(yaml_tree, "parse", broken)
    assert verdict(*GOOD[0], tmp_path) == "ZeroDivisionError: planted"


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_mutants_are_good_or_refused(number):
    with tempfile.TemporaryDirectory() as folder:
        assert verdict(*mutated(number), Path(folder)) in ("good", "refused")


YAML = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "name population preset arms n treatments drug dose days visits endpoints response "
                "scale policy rule phases until enter replicates seed on every when".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(YAML)
def test_any_yaml_is_good_or_refused(tree):
    import yaml

    raw = yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
    with tempfile.TemporaryDirectory() as folder:
        assert verdict(".yaml", raw, Path(folder)) in ("good", "refused")


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200), st.sampled_from([".yaml", ".csv"]))
def test_any_bytes_are_good_or_refused(raw, suffix):
    with tempfile.TemporaryDirectory() as folder:
        assert verdict(suffix, raw, Path(folder)) in ("good", "refused")
