"""gradient() and sensitivity(): derivatives of read-outs with respect to parameters.

The method, the grid and the equations are those of simulate(); see docs/decisions/0016. Each
patient's derivative is with respect to his own values.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ketaqsp.errors import BadInput, unknown
from ketaqsp.patient import asked, outcomes
from ketaqsp.solve import grid
from ketaqsp.solve.native.engine import default_workers

CHUNK = 32  # patients that JAX differentiates at once: what is kept for the way back stays small
COLUMNS = 2000  # patients times parameters that JAX pushes forward at once
RATER = "rater_sd"
WAYS = ("native", "jax")


def gradient(
    regimen, cohort=None, *, of="madrs", at=672.0, parameters=None, exit="slow", by="native"
):
    """Derivative of one read-out with respect to every parameter, by one reverse pass.

    of: a variable of simulate() at the time `at` (h), or "response" (probability of a rated fall
    by half at `at`), "remission" (to be rated 10 or less) or "relapse" (to have responded and to be
    rated 22 or more later; `at` lists the visits). parameters: symbols (default: all that the model
    reads, and rater_sd where ratings matter). by: "native" is the solver's own code run backwards,
    "jax" the same method in JAX (the extra jax), on a card where there is one. Returns an xarray
    Dataset: gradient (parameter, patient) in units of the read-out a unit of the parameter, value
    (patient), status (patient). The severity before any dose follows its landscape, and a dose per
    kg follows the weight. Raises BadInput.
    """
    if not isinstance(of, str):
        raise BadInput(
            f"of is {of!r}; allowed: one read-out, such as 'madrs'. For several use sensitivity().",
            field="of",
        )
    job = _job(regimen, cohort, (of,), at, parameters, exit, by, last=True)
    if len(job.times) > 1 and of != "relapse":
        raise BadInput(
            f"at is {at!r}; allowed for {of}: one time in h (only relapse counts over several). "
            "For several use sensitivity().",
            field="at",
        )
    return job.dataset(job.run(last=True), {of: "gradient"}, last=True)


def sensitivity(
    regimen,
    cohort=None,
    *,
    of=("madrs", "spine_density"),
    at=(672.0,),
    parameters=None,
    exit="slow",
    by="native",
):
    """Derivatives of several read-outs at several times.

    As gradient(), but `of` lists read-outs and every time of `at` is kept: one variable
    (parameter, time, patient) for each, and its value beside it as `<name>_value`. relapse at a
    time counts the visits of `at` up to it. by: "native" takes a reverse pass for each read-out
    and time, "jax" a forward pass for each parameter.
    """
    names = asked.listed(of, "of", "read-outs, such as ['madrs']")
    if not names:
        raise BadInput("of is empty; allowed: one read-out or more, such as 'madrs'.", field="of")
    job = _job(regimen, cohort, names, at, parameters, exit, by, last=False)
    return job.dataset(job.run(last=False), {name: name for name in names}, last=False)


def _job(regimen, cohort, names, at, parameters, exit, by, last):
    """A Job, after everything that can be wrong with what was asked."""
    from ketaqsp.patient.simulate import model_for

    asked.regimens(regimen)
    asked.means("default", False, None, exit)
    people = asked.patients(cohort)
    if by not in WAYS:
        raise unknown("way to a derivative", by, WAYS, field="by")
    model = model_for(regimen, exit)
    readouts = sorted({*model.states, *model.signals, *outcomes.WORDS})
    for name in names:
        if name not in readouts:
            raise unknown("read-out", name, readouts, field="of")
    times = _times(at)
    rated = any(name in outcomes.WORDS for name in names)
    known = tuple(sorted({*model.parameters, *((RATER,) if rated else ())} - {"D_ill"}))
    chosen = known
    if parameters is not None:
        chosen = asked.listed(parameters, "parameters", "symbols, such as ['CL']")
    for name in chosen:
        if name not in known:
            raise unknown("parameter of this model", name, known, field="parameters")
    return _kind(by)(regimen, people, model, names, times, chosen, last=last)


def _times(at):
    """Hours in order."""
    try:
        times = np.unique(np.atleast_1d(np.asarray(at, dtype=float)))
    except (TypeError, ValueError):
        times = np.array([np.nan])
    longest = 24.0 * asked.MOST_DAYS
    if not times.size or not np.isfinite(times).all() or not grid.SAME < times[-1] <= longest:
        times = np.array([-1.0])
    if times[0] < 0:
        raise BadInput(
            f"at is {at!r}; allowed: hours from 0 to {longest:g}, the last above 0.", field="at"
        )
    # As the solver has them: two that are one to it are one, at 0 too.
    first, *later = grid.merged(np.round([0.0, *times], 9))
    return np.array([first, *later] if times[0] <= grid.SAME else later)


def _kind(by):
    """The class that does the work."""
    if by == "native":
        from ketaqsp.patient.adjoint import NativeJob

        return NativeJob
    try:
        import jax  # noqa: F401
    except ImportError:
        raise BadInput(
            "by=\"jax\" needs JAX, which is not installed. Run: pip install 'ketaqsp[jax]'"
        ) from None
    from ketaqsp.patient.differentiate import JaxJob

    _keep_programs()
    return JaxJob


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
