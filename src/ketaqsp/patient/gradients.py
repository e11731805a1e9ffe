"""gradient() and sensitivity(): derivatives of read-outs with respect to parameters, by JAX.

Needs the extra: pip install 'ketaqsp[jax]'. The method, the grid and the equations are those of
simulate(); see docs/decisions/0014. Each patient's derivative is with respect to his own values.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ketaqsp.errors import BadInput, unknown
from ketaqsp.patient import outcomes
from ketaqsp.patient.cohort import Cohort, typical
from ketaqsp.solve.native.engine import default_workers
from ketaqsp.solve.run import STATUS

CHUNK = 32  # patients differentiated at once: what is kept for the way back stays small
COLUMNS = 2000  # patients times parameters pushed forward at once
RATER = "rater_sd"


def gradient(regimen, cohort=None, *, of="madrs", at=672.0, parameters=None, exit="slow"):
    """Derivative of one read-out with respect to every parameter, by one reverse pass.

    of: a variable of simulate() at the time `at` (h), or "response" (probability of a rated fall
    by half at `at`), or "relapse" (probability to have responded and to be rated 22 or more
    later; `at` lists the visits). parameters: symbols (default: all that the model reads, and
    rater_sd where ratings matter). Returns an xarray Dataset: gradient (parameter, patient) in
    units of the read-out a unit of the parameter, value (patient), status (patient). The severity
    before any dose follows its landscape, and a dose per kg follows the weight. Raises BadInput.
    """
    job = _job(regimen, cohort, (of,), at, parameters, exit)
    found = job.run("reverse")
    return job.dataset(found, {of: "gradient"}, last=True)


def sensitivity(
    regimen,
    cohort=None,
    *,
    of=("madrs", "spine_density"),
    at=(672.0,),
    parameters=None,
    exit="slow",
):
    """Derivatives of several read-outs at several times, by forward passes, one a parameter.

    As gradient(), but `of` lists read-outs and every time of `at` is kept: one variable
    (parameter, time, patient) for each, and its value beside it as `<name>_value`. relapse at a
    time counts the visits of `at` up to it.
    """
    names = (of,) if isinstance(of, str) else tuple(of)
    job = _job(regimen, cohort, names, at, parameters, exit)
    found = job.run("forward")
    return job.dataset(found, {name: name for name in names}, last=False)


def _job(regimen, cohort, names, at, parameters, exit):
    """A Job, after everything that can be wrong with what was asked."""
    from ketaqsp.patient.simulate import model_for

    people = cohort if cohort is not None else typical()
    if not isinstance(people, Cohort):
        raise BadInput(f"cohort is {type(people).__name__}; make one with ketaqsp.cohort(...).")
    try:
        import jax  # noqa: F401
    except ImportError:
        raise BadInput(
            "derivatives need JAX, which is not installed. Run: pip install 'ketaqsp[jax]'"
        ) from None
    from ketaqsp.patient.differentiate import Job

    _keep_programs()
    model = model_for(regimen, exit)
    for name in names:
        if name not in (*model.states, *model.signals, *outcomes.WORDS):
            known = sorted({*model.states, *model.signals, *outcomes.WORDS})
            raise unknown("read-out", name, known, field="of")
    times = np.unique(np.atleast_1d(np.asarray(at, dtype=float)))
    if not times.size or not np.isfinite(times).all() or times[0] < 0 or times[-1] <= 0:
        raise BadInput(f"at is {at!r}; allowed: hours from 0, the last above 0.", field="at")
    rated = any(name in outcomes.WORDS for name in names)
    known = tuple(sorted({*model.parameters, *((RATER,) if rated else ())} - {"D_ill"}))
    chosen = known if parameters is None else tuple(parameters)
    for name in chosen:
        if name not in known:
            raise unknown("parameter of this model", name, known, field="parameters")
    return Job(regimen, people, model, names, times, chosen)


def _keep_programs():
    """Let JAX keep what it compiles beside our own code, unless the user chose a place for it."""
    import jax

    from ketaqsp.solve.native.cache import folder

    where = folder()
    if where is not None and jax.config.jax_compilation_cache_dir is None:
        jax.config.update("jax_compilation_cache_dir", str(where / "jax"))


def pieces(n):
    """[(first, stop)] of at most CHUNK patients."""
    return [(i, min(i + CHUNK, n)) for i in range(0, n, CHUNK)]


def in_threads(tasks):
    """Results of calls without arguments, in order, on every core."""
    if len(tasks) == 1:
        return [tasks[0]()]
    with ThreadPoolExecutor(min(default_workers(), len(tasks))) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


FAILED = STATUS.index("failed")
