"""`ketaqsp simulate`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from ketaqsp.cli.dosing import check_horizon, dosing, people, seed_of
from ketaqsp.cli.output import Progress, emit_json, emit_rich, note

MOST_LISTED = 20


def run(
    *,
    drug,
    route,
    dose,
    duration,
    days,
    events,
    patients,
    typical,
    seed,
    preset,
    pk,
    cut,
    scenario,
    until,
    every,
    out,
    rater_noise,
    overwrite,
    as_json,
):
    """Everything is checked before anything is solved, and solved before anything is written."""
    from ketaqsp.cli.identity import model_identity
    from ketaqsp.cli.machine import Clock, check_memory
    from ketaqsp.patient import store, summary

    clock = Clock()
    if out is not None:
        store.check_target(out, overwrite=overwrite)
    elif overwrite:
        note("--overwrite has no effect without --out.")
    plan = dosing(drug, route, dose, duration, days, events)
    until_h, every_h = _times(until, every)
    check_horizon(plan, until_h, until)
    group = people(
        plan,
        patients=patients,
        typical=typical,
        seed=seed,
        preset=preset,
        pk=pk,
        cut=cut,
        scenario=scenario,
    )
    check_memory(group.n, until_h, every_h, plan.given, whole=out is not None)
    about = {
        **_asked(plan, events),
        "population": preset,
        "typical": typical,
        "seed": seed_of(seed),
        "pk": pk,
        "cut": list(cut or ()),
        "scenario": list(scenario or ()),
        "rater_noise": rater_noise,
        "every_h": every_h,
        "until_h": until_h,
        "model": model_identity(pk),
        "out": None if out is None else str(out),
    }
    with Progress("simulating", group.n) as progress:
        result, looks = _solve(plan, group, until_h, every_h, out, progress)
        if rater_noise:
            result = summary.rated(result, group.parameters, about["seed"])
        report = summary.report(result, looks, about)
        if out is not None:
            progress.stage("writing results")
            whole = _on_grid(_stamped(result, about, plan), until_h, every_h)
            store.save(whole, Path(out), overwrite=overwrite, run=clock.record(result, group))
    _show(report, as_json)
    return _status(report)


def _times(until, every):
    """--until and --every in hours, checked."""
    from ketaqsp.dose.quantity import parse_time
    from ketaqsp.errors import BadInput
    from ketaqsp.patient.simulate import MOST_DAYS

    until_h, every_h = parse_time(until, "--until"), parse_time(every, "--every")
    if not 0 < until_h <= 24 * MOST_DAYS:
        raise BadInput(
            f"--until {until!r} is {until_h:g} h; allowed: above 0 and at most {MOST_DAYS} d. "
            "Write for example '28 d'."
        )
    if not 1 / 60 - 1e-9 <= every_h <= until_h:
        raise BadInput(
            f"--every {every!r} is {every_h:g} h; allowed: from 1 min to the length of the run, "
            f"{until_h:g} h. Write for example '1 h'."
        )
    return until_h, every_h


def _asked(plan, events):
    if plan.ids is not None:
        return {"events": str(events)}
    return {"regimen": [asdict(d) for d in plan.doses()]}


def _solve(plan, group, until_h, every_h, out, progress):
    """The run with extra times: those of the summary, and those where a peak may sit."""
    from ketaqsp.patient import simulate, summary

    looks = summary.looks(until_h)
    extra = sorted({*looks, *summary.peak_times(plan.doses(), until_h)})
    result = simulate(
        plan.given,
        group,
        days=until_h / 24,
        every=f"{every_h!r} h",
        extra_times=extra,
        wanted=None if out is not None else summary.WANTED,
        progress=progress,
    )
    return result, looks


def _on_grid(result, until_h, every_h):
    """Only the times that were asked for: every `every_h` hours, and the end."""
    import numpy as np

    times = result["time"].values
    near = np.abs(times - np.rint(times / every_h) * every_h) < 1e-8
    return result.isel(time=np.flatnonzero(near | (times == times[-1])))


def _stamped(result, about, plan):
    """With what made it, for whoever opens the file; nothing here depends on clock or place."""
    from ketaqsp.parameters import rows

    used = {r.symbol: [r.value, r.unit, r.confidence] for r in rows() if r.role == "default"}
    asked = {key: value for key, value in about.items() if key != "out"}
    asked["regimens"] = [[asdict(d) for d in regimen.doses] for regimen in plan.regimens]
    stamp = {"asked": json.dumps(asked, sort_keys=True), "parameters": json.dumps(used)}
    return result.assign_attrs(**about["model"], **stamp)


def _show(report, as_json):
    if as_json:
        return emit_json(report)
    from ketaqsp.cli.tables import simulate_tables

    return emit_rich(*simulate_tables(report))


def _status(report):
    """0, or 3 with a line on the patients that failed."""
    failed = report["failed_patients"]
    if not failed:
        return 0
    listed = ", ".join(map(str, failed[:MOST_LISTED]))
    more = f" and {len(failed) - MOST_LISTED} more" if len(failed) > MOST_LISTED else ""
    print(
        f"ketaqsp: {len(failed)} of {report['patients']} patients could not be solved: {listed}"
        f"{more}. Their values are NaN; the others stand.",
        file=sys.stderr,
    )
    return 3
