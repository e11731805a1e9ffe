"""What was run: versions, and sha256 of the tables and equations that the numbers came from."""

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
COVARIATES = (
    "patient/covariates.csv",
    "patient/populations.csv",
    "patient/correlations.csv",
    "patient/occasions.csv",
    "patient/effects.csv",
)
LIBRARIES = ("numpy", "scipy", "xarray", "matplotlib", "llvmlite")
PARAMETERS = ("*/parameters.csv", "dose/drugs.csv", *COVARIATES)
EQUATIONS = (
    *("*/equations.py", "*/model.py", "plasma/companions.py", "blocks.py", "maths.py"),
    *("chain/rest.py", "chain/cuts.py"),
)
SOLVER = ("solve/**/*.py",)
PATIENTS = (
    *("patient/cohort.py", "patient/prior.py", "patient/random.py", "patient/covariates.py"),
    *(
        "patient/marginal.py",
        "patient/populations.py",
        "patient/matching.py",
        "patient/effects.py",
        "patient/occasions.py",
    ),
)


def _files(patterns):
    return sorted({path for pattern in patterns for path in HOME.glob(pattern)})


def _text(path):
    """Content with line ends of one kind, so that a checkout on another system hashes the same."""
    return path.read_text(encoding="utf-8").encode()


def _joint(paths):
    joint = hashlib.sha256()
    for path in paths:
        joint.update(f"{path.relative_to(HOME).as_posix()}\n".encode())
        joint.update(_text(path))
    return joint.hexdigest()


def identity():
    """{"ketaqsp", "python", "platform", "libraries", "*_sha256", "files": {path: sha256}}.

    parameters_sha256, equations_sha256, solver_sha256 and patients_sha256 (how patients are
    drawn) each cover the names and contents of their files, in the order of the names.
    """
    import ketaqsp

    groups = {
        "parameters": PARAMETERS,
        "equations": EQUATIONS,
        "solver": SOLVER,
        "patients": PATIENTS,
    }
    found = {name: _files(patterns) for name, patterns in groups.items()}
    libraries = {}
    for name in LIBRARIES:
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "not installed"
    return {
        "ketaqsp": ketaqsp.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": libraries,
        **{f"{name}_sha256": _joint(paths) for name, paths in found.items()},
        "files": {
            path.relative_to(HOME).as_posix(): hashlib.sha256(_text(path)).hexdigest()
            for paths in found.values()
            for path in paths
        },
    }
