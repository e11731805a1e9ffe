"""`ketaqsp supervise`: rules of supervision run over a virtual clinic."""

from dataclasses import asdict

from ketaqsp.cli.dosing import check_horizon, dosing, draw, people
from ketaqsp.cli.output import Progress, emit_json, emit_rich
from ketaqsp.cli.simulate import DOSING, PEOPLE

AFTER_H = 4.0  # the run goes on so long after the last dose: observation fits in
KEY = (
    "In square brackets the 95% interval of a share, as this many virtual patients pin it down; "
    "sessions of one patient count as one."
)
AT_ONCE = 1024  # patients whose sessions are held in memory together


def run(*, as_json, **given):
    """Everything is checked before anything is solved."""
    plan = dosing(**{name: given[name] for name in DOSING})
    who = people(plan, **{name: given[name] for name in PEOPLE})
    from ketaqsp.cli.identity import model_identity
    from ketaqsp.supervision import clinic_times
    from ketaqsp.supervision.report import joined
    from ketaqsp.view.table import share_interval

    last = max((dose.stop_h for dose in plan.doses()), default=0.0)
    until = last + AFTER_H
    check_horizon(plan, 24.0 * 730, "730 d")
    with Progress("supervising", who.n) as progress:
        progress.stage("drawing patients")
        group = draw(plan, who)
        progress.stage("simulating")
        times = clinic_times(plan.given, until)
        found = joined(_piece(plan, group, first, until, times, who.seed, progress)
                       for first in range(0, who.n, _size(plan, who)))  # fmt: skip
    report = {
        "regimen": [asdict(d) for d in plan.doses()] if plan.ids is None else [],
        "population": who.preset,
        "seed": who.seed,
        "model": model_identity(who.pk),
        **found.as_dict(),
        "failed_patients": who.n - found.n,
    }
    for entry in report["rules"]:
        if entry["status"] == "simulated":
            low, high = share_interval(entry["fired"], entry["of"], found.n)
            entry["share_ci95"] = [low, high] if entry["of"] else None
    _show(report, as_json)
    return 3 if report["failed_patients"] else 0


def _size(plan, who):
    """Event tables go in one piece, as in simulate."""
    return who.n if plan.ids is not None else AT_ONCE


def _piece(plan, group, first, until, times, seed, progress):
    from ketaqsp.patient import simulate
    from ketaqsp.supervision import supervise
    from ketaqsp.supervision.clinic import NEEDED

    some = group.take(slice(first, first + _size(plan, group)))
    out = simulate(
        plan.given,
        some,
        days=until / 24,
        every=f"{min(until / 2, 24.0)!r} h",
        extra_times=times,
        wanted=(*NEEDED, "madrs"),
        progress=lambda done, _: progress(first + done, group.n),
    )
    return supervise(out, some, plan.given, seed=seed)


def _show(report, as_json):
    if as_json:
        return emit_json(report)
    from rich.text import Text

    from ketaqsp.cli.tables import _table
    from ketaqsp.view.table import between, percent

    head = f"{report['patients']} virtual patients ({report['population']}), "
    head += f"{report['sessions']} sessions"
    table = _table("rule", "limit", "fired", "of", "share")
    other = _table("not run", "why")
    table.columns[1].justify = other.columns[1].justify = "left"
    for entry in report["rules"]:
        if entry["status"] == "simulated":
            share = ""
            if entry["of"]:
                share = f"{percent(entry['share'])} [{between(entry['share_ci95'], percent)}]"
            limit = f"{entry['limit']} {entry['unit']}"
            of = f"{entry['of']} {entry['counts']}"
            table.add_row(entry["said"], limit, str(entry["fired"]), of, share)
        else:
            other.add_row(entry["said"], f"{entry['status']}: {entry['why']}")
    return emit_rich(
        Text(head, style="bold"), "", table, "", other, "", KEY, *_how(report), report["notice"]
    )


def _how(report):
    """Lines on how patients were solved, where not all were at once, and on the first failure."""
    from ketaqsp.patient.failures import told

    said = told(report["status"])
    if said:
        yield f"Of {sum(report['status'].values())} patients, {said}; who failed is not counted."
    for number, lost in list(report["failures"].items())[:1]:
        yield f"Patient {number}: {lost['reason']}. --json shows every reason and the parameters."
