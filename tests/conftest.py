"""Rules that hold for every test.

Numbers are float64. A warning raised inside ketaqsp is an error. Every expected failure is
strict and is counted aloud. With CI=true a skipped test fails the run: a check that did not
happen is not a check that passed.
"""

import os
import sys

import pytest

os.environ["JAX_ENABLE_X64"] = "1"
if "jax" in sys.modules:  # a plugin was faster: the variable is read at import only
    sys.modules["jax"].config.update("jax_enable_x64", True)

CI = os.environ.get("CI", "").lower() == "true"


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", r"error:::ketaqsp(\.|$)")


def pytest_collection_modifyitems(items):
    """Refuse an expected failure that would not notice its own repair."""
    for item in items:
        for mark in item.iter_markers("xfail"):
            if mark.kwargs.get("strict") is False:
                raise pytest.UsageError(
                    f"{item.nodeid}: xfail(strict=False) passes either way; remove strict=False"
                )
            if not mark.kwargs.get("reason"):
                raise pytest.UsageError(f"{item.nodeid}: xfail needs reason='...'")


def _outcomes(config, kind):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get(kind, []) if reporter else []


def pytest_terminal_summary(terminalreporter, config):
    skipped = _outcomes(config, "skipped")
    expected = _outcomes(config, "xfailed")
    terminalreporter.line(f"skipped tests: {len(skipped)}   strict xfails: {len(expected)}")
    if CI and skipped:
        terminalreporter.section("skipped, which CI=true does not allow", red=True)
        for report in skipped:
            terminalreporter.line(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if CI and session.exitstatus == pytest.ExitCode.OK and _outcomes(session.config, "skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
