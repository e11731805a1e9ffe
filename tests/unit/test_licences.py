"""Everything that ketaqsp needs at run time is free software, by name."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]

FREE = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD",  # old metadata that does not say how many clauses: all are free
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "LGPL-2.1",
    "MIT",
    "MIT-CMU",
    "MPL-2.0",
    "PSF-2.0",
    "Zlib",
}
SPELLINGS = {  # what a classifier or a one-line licence field says
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
ODD = {  # package: (licence, why its metadata is not enough)
    "python-libsbml": ("LGPL-2.1", "metadata says LGPL without a version; imported, never copied"),
}


def is_free(expression):
    """True if an SPDX expression can be met with licences of FREE; brackets count as unknown."""
    if re.search(r"[()]", expression):
        return False
    choices = (choice.split(" AND ") for choice in expression.split(" OR "))
    return any(all(term.strip() in FREE for term in terms) for terms in choices)


def stated_licence(package, info):
    """The licence that a package states: table of odd cases, SPDX, classifiers, one-line field."""
    if package in ODD:
        return ODD[package][0]
    if info.get("License-Expression"):
        return info["License-Expression"]
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in info.get_all("Classifier", [])
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    if classifiers:
        return " AND ".join(SPELLINGS.get(name, name) for name in classifiers)
    lines = (info.get("License") or "unknown").strip().splitlines()
    return SPELLINGS.get(lines[0], lines[0]) if len(lines) == 1 else "unknown"


def runtime_packages():
    """Names of everything installed for the run-time dependencies, theirs and extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]["jax"]
    waiting = [Requirement(line) for line in (*project["dependencies"], *optional)]
    seen = set()
    while waiting:
        need = waiting.pop()
        extras = need.extras | {""}
        if need.marker and not any(need.marker.evaluate({"extra": name}) for name in extras):
            continue
        package = canonicalize_name(need.name)
        if package not in seen:
            seen.add(package)
            waiting += [Requirement(line) for line in metadata.requires(package) or []]
    return sorted(seen)


def test_runtime_licences_are_free():
    packages = runtime_packages()
    assert {"jax", "jaxlib", "numpy", "python-libsbml"} <= set(packages)
    stated = {name: stated_licence(name, metadata.metadata(name)) for name in packages}
    unknown = {name: licence for name, licence in stated.items() if not is_free(licence)}
    assert not unknown, f"not in the list of free licences (add it, or a row to ODD): {unknown}"


def test_odd_cases_are_still_needed():
    assert set(ODD) <= set(runtime_packages())


@pytest.mark.parametrize(
    ("expression", "free"),
    [
        ("MIT", True),
        ("BSD-3-Clause AND Zlib", True),
        ("Apache-2.0 OR Proprietary", True),
        ("MIT AND Proprietary", False),
        ("unknown", False),
        ("(MIT)", False),
    ],
)
def test_expressions(expression, free):
    assert is_free(expression) is free
