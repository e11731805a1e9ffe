"""`ketaqsp simulate`: a regimen given to virtual patients."""

import sys
from dataclasses import asdict

from ketaqsp.cli.dosing import MOST, check_horizon, dosing, draw, inhibited, people, whole
from ketaqsp.cli.output import Interrupted, Progress, emit_json, emit_rich, note

MOST_LISTED = 20
MOST_WORKERS = 1024  # threads: more are a slip
MOST_DAYS = 730  # that of patient.simulate, which a wrong option need not wait for
DOSING = ("drug", "route", "dose", "duration", "days", "events")
PEOPLE = ("patients", "typical", "seed", "preset", "pk", "cut", "scenario")


def run(
    *, out, overwrite, resume, rater_noise, rescue, until, every, workers, chunk, as_json, **given
):
    """Everything is checked before anything is solved or written."""
    pace = {"workers": threads(workers), "chunk": whole(chunk, "--chunk", 1, MOST)}
    plan = inhibited(dosing(**_pick(given, *DOSING)), given["inhibitor"])
    until_h, every_h = _times(plan, until, every)
    who = people(plan, **_pick(given, *PEOPLE))
    from ketaqsp.cli.identity import model_identity
    from ketaqsp.cli.machine import Clock, check_room

    if rescue:
        check_rescue()
    path = _target(out, overwrite, resume)
    room = {"path": path, "chunk": pace["chunk"], "resume": resume}
    check_room(who.n, until_h, every_h, plan, **room)
    about = {
        **_asked(plan, given["events"]),
        "inhibitor": plan.inhibitor,
        "population": who.preset,
        "typical": who.typical,
        "seed": who.seed,
        "pk": who.pk,
        "cut": list(who.cut),
        "scenario": list(who.scenario),
        "rater_noise": rater_noise,
        "rescue": rescue,
        "every_h": every_h,
        "until_h": until_h,
        "model": model_identity(who.pk),
        "out": None if path is None else str(path),
    }
    clock = Clock()
    with Progress("simulating", who.n) as progress:
        report = _go(plan, who, about, path, clock, progress, pace, overwrite, resume)
    _show(report, as_json)
    return _status(report)


def threads(text):
    """--workers as a number; None is every core."""
    return whole(text, "--workers", 1, MOST_WORKERS)


def _pick(given, *names):
    return {name: given[name] for name in names}


def _times(plan, until, every):
    """--until and --every in hours, checked."""
    from ketaqsp.dose.quantity import even_step, parse_time
    from ketaqsp.errors import BadInput
    from ketaqsp.patient.asked import SAME_H

    until_h = parse_time(until, "--until")
    if not 0 < until_h <= 24 * MOST_DAYS:
        raise BadInput(
            f"--until {until!r} is {until_h:g} h; allowed: above 0 and at most {MOST_DAYS} d. "
            "Write for example '28 d'."
        )
    check_horizon(plan, until_h, until)
    every_h = min(1.0, until_h) if every is None else even_step(parse_time(every, "--every"))
    if not 1 / 60 - SAME_H <= every_h <= until_h + SAME_H:
        raise BadInput(
            f"--every {every!r} is {every_h:g} h; allowed: from 1 min to the length of the run, "
            f"{until_h:g} h. Write for example '{min(1.0, until_h):g} h'."
        )
    return until_h, every_h


def _target(out, overwrite, resume):
    """--out as a path, or None. Options that need it are refused without it."""
    from ketaqsp.errors import BadInput
    from ketaqsp.patient import store

    if resume and out is None:
        raise BadInput("--resume has no effect without --out. Name the result to finish.")
    if resume and overwrite:
        raise BadInput("--resume and --overwrite exclude each other. Leave one of them out.")
    if out is None:
        if overwrite:
            note("--overwrite has no effect without --out.")
        return None
    return store.check_target(out, overwrite=overwrite, resume=resume)


def _asked(plan, events):
    if plan.ids is not None:
        return {"events": str(events)}
    return {"regimen": [asdict(d) for d in plan.doses()]}


def _go(plan, who, about, path, clock, progress, pace, overwrite, resume):
    """Draw, solve, write. pace: keywords of Run that no result depends on. Returns the report."""
    from ketaqsp.cli.pieces import Run, length
    from ketaqsp.patient import store, summary

    progress.stage("drawing patients")
    group = draw(plan, who)
    progress.stage("simulating")
    span = length(plan, about["until_h"], about["every_h"])
    rater = who.seed if about["rater_noise"] else None
    job = Run(plan, group, span, rater, rescue=about["rescue"], **pace)
    writer = path and job.writer(path, about, overwrite=overwrite, resume=resume)
    try:
        found = job(writer, progress)
        if writer:
            progress.stage("finishing")
            writer.finish(steps=found.steps)
            store.write_record(path, clock.record(found, group, job, resumed=resume))
    except KeyboardInterrupt:
        raise Interrupted(_left(writer)) from None
    more = {"ids": group.ids, "units": job.units, "clipped": job.clipped}
    report = with_intervals(summary.report(found, about, **more))
    return report | {"failures": {str(i): job.failures[str(i)] for i in report["failed_patients"]}}


def check_rescue():
    """Raise BadInput, before anything is solved, if the reference solver is not installed."""
    from importlib.util import find_spec

    from ketaqsp.errors import BadInput

    if find_spec("diffrax") is None:
        raise BadInput(
            "--rescue needs the reference solver, diffrax, which is not installed. Run: "
            "pip install 'ketaqsp[jax]', or leave --rescue out."
        )


def _left(writer):
    """What an interrupted run leaves."""
    if not writer or not writer.part.exists():
        return "interrupted."
    done, n = writer.count(), len(writer.ids)
    return (
        f"interrupted; {writer.part} holds {done} of {n} patients. ketaqsp.open reads it, the same "
        "command with --resume finishes it."
    )


def with_intervals(report):
    """Wilson's 95% interval beside each share: what this many virtual patients pin down."""
    from ketaqsp.trial.endpoints import wilson

    for entry in report["summary"]:
        for share, count in (("response", "responders"), ("remission", "remitters")):
            low, high = wilson(entry[count], entry["n"])
            entry[f"{share}_ci95"] = [low, high] if entry["n"] else None
    return report


def _show(report, as_json):
    if as_json:
        return emit_json(report)
    from ketaqsp.cli.tables import simulate_tables

    return emit_rich(*simulate_tables(report))


def _status(report):
    """0, or 3 with a line on the patients that failed; and one on totals that were cut."""
    from ketaqsp.patient import clipping
    from ketaqsp.patient.summary import TOPS

    cut = clipping.told(report["clipped"], TOPS)
    if cut:
        note(cut)
    failed = report["failed_patients"]
    if not failed:
        return 0
    listed = ", ".join(map(str, failed[:MOST_LISTED]))
    more = f" and {len(failed) - MOST_LISTED} more" if len(failed) > MOST_LISTED else ""
    number, told = next(iter(report["failures"].items()))
    first = f" Patient {number}: {told['reason']}."
    held = f"{report['out']}.run.json has" if report["out"] else "--json shows"
    where = f" {held} every reason and the parameters."
    print(
        f"ketaqsp: {len(failed)} of {report['patients']} patients could not be solved: {listed}"
        f"{more}. Their values are NaN; the others stand.{first}{where}",
        file=sys.stderr,
    )
    return 3
