"""A demonstration made up from formulas: the page can be drawn without a simulation.

Its numbers mean nothing; their shapes, names and ranges are those of a real one.
"""

from types import SimpleNamespace

import numpy as np
import xarray as xr

from ketaqsp.trial.demo import BANDS, DemoData, used_rows
from ketaqsp.trial.identity import identity
from ketaqsp.trial.landscape import COURSES, Case, Path
from ketaqsp.trial.prior_predictive import MEASURES, Prior
from ketaqsp.trial.published import published
from ketaqsp.trial.two_arm import EARLY, LATER, TREATMENTS, Arms, _arm
from ketaqsp.view.chain_figure import ROWS

PATIENTS = 60
TIMES = np.unique(np.concatenate([np.arange(113) * 6.0, EARLY, LATER]))


def dataset(madrs, status=None, times=TIMES, **signals):
    """What simulate() would give: madrs and further signals (time, patient)."""
    n = madrs.shape[1]
    status = np.zeros(n, np.int8) if status is None else np.asarray(status, np.int8)
    about = {"units": "points", "long_name": "MADRS"}
    variables = {"madrs": (("time", "patient"), madrs, about), "status": (("patient",), status)}
    for name, x in signals.items():
        about = {"units": "1", "long_name": name.replace("_", " ")}
        variables[name] = (("time", "patient"), x, about)
    coords = {"time": times, "patient": np.arange(n)}
    return xr.Dataset(variables, coords=coords, attrs={"steps": 1})


def course(depth, n=PATIENTS, times=TIMES):
    """MADRS (time, n): down by up to `depth` of the total within hours, back within weeks."""
    before = np.linspace(25, 42, n)
    gone = np.linspace(0.1, 1, n) * depth
    shape = (1 - np.exp(-times / 3)) * np.exp(-times / 300)
    return before * (1 - gone * shape[:, None])


def arms(label="ketamine 0.5 mg/kg IV over 40 min", status=None):
    """Arms whose ketamine arm has this label and solver status."""
    signals = {name: 1 + course(0.3) / 100 for name in BANDS if name != "madrs"}
    made = {}
    for name, depth in (("ketamine", 0.9), ("midazolam", 0.1)):
        out = dataset(course(depth), status if name == "ketamine" else None, **signals)
        title = label if name == "ketamine" else TREATMENTS[name][0]
        made[name] = _arm(name, title, out, seed=1)
    about = {name: ("1", name.replace("_", " ")) for name in BANDS}
    people = SimpleNamespace(rejected=17, bistable=np.arange(PATIENTS) % 5 == 0)
    return Arms(PATIENTS, 1, 28, people, made, about, 880)


def chain():
    """The typical patient's Dataset: a bump in every signal."""
    times = np.unique(np.concatenate([np.arange(0, 3, 1 / 12), np.arange(3, 673.0)]))
    bump = 0.1 * times * np.exp(-times / 5)
    signals = {name: ("time", 1 + bump) for _, names in ROWS for name in names}
    return xr.Dataset(signals, coords={"time": times})


def case(kind):
    """A landscape with one valley or two."""
    grid = np.linspace(0, 1, 401)
    drift = -(grid - 0.1) * (grid - 0.5) * (grid - 0.9) if kind == "bistable" else 0.9 - grid
    rests = ((0.1, 1.0, True), (0.5, 0.9, False), (0.9, 0.75, True))
    times = np.arange(0, 1345, 3.0)
    down = np.exp(-times / 400) * (1 - np.exp(-times / 5))
    paths = tuple(
        Path(label, days, times, 0.75 + 0.2 * down, 0.9 - 0.8 * down, 35 - 25 * down)
        for label, days in COURSES.items()
    )
    return Case(
        kind=kind,
        patient=3,
        load=-1.5,
        grid=grid,
        height=-np.cumsum(drift) / 400,
        settled_spines=1.05 - 0.3 * grid,
        spine_grid=np.linspace(0.6, 1.25, 50),
        settled_severity=np.linspace(1, 0, 50),
        rests=rests if kind == "bistable" else rests[-1:],
        paths=paths,
    )


def demonstration(label="ketamine 0.5 mg/kg IV over 40 min", status=None, used=None, figures=None):
    """DemoData of all this. used, figures: other parameter rows and published figures."""
    spread = np.linspace(0.1, 0.9, 40)
    prior = Prior(
        time_h=24.0,
        draws=40,
        n=25,
        seed=1,
        values={arm: dict.fromkeys(MEASURES, spread) for arm in TREATMENTS},
        drawn=used_rows()[:9],
        held=used_rows()[9:12],
        excluded=4,
        dropped=0,
        failed=0,
    )
    return DemoData(
        arms=arms(label, status),
        prior=prior,
        chain=chain(),
        cases=(case("monostable"), case("bistable")),
        used=used or used_rows(),
        figures=figures or published(),
        identity=identity(),
        wall_s={},
    )
