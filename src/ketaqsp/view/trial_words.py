"""What the report of a trial says in words and cells."""

from ketaqsp.patient import clipping
from ketaqsp.patient.failures import told
from ketaqsp.protocol.endpoints import TOPS
from ketaqsp.protocol.schema import INERT
from ketaqsp.trial import observed
from ketaqsp.view import table
from ketaqsp.view.trial_data import VERSIONS

MINUS, NBSP = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
MOST_FAILED = 5  # patients whose reasons are on the page; all are in failures.csv
MASKING = {
    "open": "open label",
    "saline": "masked, beside saline (a drug that is felt can be guessed)",
    "active": "masked, beside a drug that is felt as well",
    "masked": "masked so that nobody can know",
}
BACKGROUND = {
    "none": "no other antidepressant",
    "continued": "antidepressants go on",
    "new_oral_antidepressant": "everybody begins a new oral antidepressant",
}
ASSUMPTIONS = (
    ("Disinhibition comes first (inferred).", "Block of NMDA receptors on interneurons starts the "
     "surge of glutamate. Rival mechanisms can be switched on or cut in simulate."),
    ("The landscape of mood (assumed, fitted).", "One number stands for severity; stress and "
     "spines hold each other. Its numbers were fitted to published response rates."),
    ("Belief acts on the score only (assumed).", "MADRS = M0 (1 - d)(1 - e); belief cures nobody. "
     "How much is believed in each arm is a prior, not a measurement."),
    ("Trials differ (assumed).", "Each repeat has its own multiplier on the drug's effect and on "
     "both parts of expectancy, log-normal with SD 0.5 and mean 1."),
    ("Patients leave at one rate (derived).", "About 3% a week, whatever their course."),
    ("Virtual patients were ill for good (assumed).", "Who would not stay ill without a dose was "
     "drawn again."),
    ("The human size of most steps is unknown (assumed).", "Block, surge, translation and spines "
     "rest on animals and cells; the gain in man is fitted through mood alone."),
)  # fmt: skip


def arms(protocol):
    """[(arm, what it is given)]."""
    out = []
    for phase in protocol.phases:
        for a in phase.arms:
            name = f"{a.name}, {phase.name}" if phase.name else a.name
            parts = [f"n = {a.n}", *(treatment(t) for t in a.treatments)]
            parts += [policy(p) for p in a.policies]
            parts += [MASKING[a.masking], BACKGROUND[a.background]]
            if phase.enter != "all":
                parts.append(f"entered by {phase.enter.replace('_', ' ')}")
            out.append((name, "; ".join(parts)))
    return out


def treatment(t):
    """One treatment in words."""
    days = [h / 24 for h in t.hours]
    when = f"on day{'s' * (len(days) > 1)} {', '.join(f'{d:g}' for d in days[:8])}" if days else ""
    if len(days) > 8:
        when += f" ... ({len(days)} times, to day {days[-1]:g})"
    if t.drug in INERT:
        return f"{t.drug} {when}".strip()
    over = f" over {60 * t.duration_h:.0f} min" if t.duration_h else ""
    return f"{t.drug} {t.route} {t.amount:g} {t.unit}{over} {when}"


def policy(p):
    """One rule in words."""
    if p.rule == "titrate":
        return f"raised through {', '.join(f'{d:g}' for d in p.doses)} until {p.goal}"
    if p.rule == "stop_at":
        return f"ends at {p.goal}"
    if p.rule == "taper":
        every = ", ".join(f"{h / 24:g}" for h in p.every)
        return f"intervals of {every} d, longer while in {p.goal}"
    if p.rule == "hold":
        said = " or ".join(f"{n.replace('_', ' ')} {x:g}" for n, x in p.when)
        return f"held at {said}"
    return "at relapse: " + ", ".join(treatment(t) for t in p.course)


def endpoints(protocol):
    """[(endpoint, its rule in words)]."""
    out = []
    for name, e in protocol.endpoints.items():
        parts = []
        if e.reduction is not None:
            parts.append(f"down by at least {100 * e.reduction:g}% of the own baseline")
        if e.at_most is not None:
            parts.append(f"at most {e.at_most:g} points")
        if e.at_least is not None:
            parts.append(f"at least {e.at_least:g} points")
        if e.improvement_below is not None:
            parts.append(f"less than {100 * e.improvement_below:g}% of the own baseline gone")
        said = f"{e.scale} " + " and ".join(parts)
        if e.consecutive > 1:
            said += f", at {e.consecutive} visits in a row"
        if e.on is not None:
            least, named = e.on[0], sorted(e.on[1])
            said += (
                f", on {least} of {len(named)} named visits (none before {time(named[least - 1])})"
            )
        if e.after is not None:
            said += f", after {e.after}"
        out.append((name.capitalize(), f"{said}; {ESTIMAND[e.estimand]}"))
    return out


ESTIMAND = {
    "observed": "of those seen at the visit",
    "locf": "last value carried forward",
    "nonresponder": "who is not there counts as not",
}


def relapse(protocol):
    """How relapse is told."""
    return dict(endpoints(protocol))["Relapse"] + "."


def tables(data):
    """[{"name", "n", "rows", "treatments", "days"}] of every arm."""
    out = []
    for arm in data.trial.report["arms"]:
        s = arm["summary"]
        days = table.days(s["median_days_to_relapse"], s["median_days_to_relapse_pi90"], "")
        out.append(
            {
                "name": arm["name"],
                "n": arm["planned"],
                "solved": solved(arm),
                "rows": [_row(data, arm, v) for v in arm["visits"]],
                "treatments": _or_none(s["median_treatments"]),
                "days": days,
            }
        )
    return out


def _or_none(x):
    return "none solved" if x is None else x


def solved(arm):
    """How many of an arm entered and were solved, where not all were; else nothing."""
    said = []
    if arm["n"] != arm["planned"]:
        said.append(f"{arm['n']} entered, mean of the trials")
    if arm["solved"] < arm["simulated"]:
        said.append(f"{arm['solved']} of {arm['simulated']} simulated patients solved")
    return "; ".join(said)


def failed(report):
    """[(what, said)] of how the patients were solved, where not all were at once."""
    solver = report["solver"]
    said = told(solver["status"])
    if not said:
        return []
    out = [("Solving", f"of {sum(solver['status'].values())} patients, {said}")]
    for p in solver["phases"]:
        if p["failed"]:
            said = f"{p['failed']} of {p['patients']} patients, who are in no figure from then on"
            out.append((f"Not solved in {p['phase']}", said))
    out += [(f"Patient {f['subject']}", f["reason"]) for f in solver["failures"][:MOST_FAILED]]
    if solver["failures"]:
        out.append(("Parameters", "of each failed patient in failures.csv, with the reason"))
    return out


def cut(report):
    """[(what, said)]: ratings that were cut at an end of their scale, by arm."""
    tops = {scale.lower(): top for scale, top in TOPS.items()}
    said = ((f"Ratings, {a['name']}", clipping.told(a["clipped"], tops)) for a in report["arms"])
    return [(name, told) for name, told in said if told]


def _row(data, arm, v):
    local = v.get("phase_time_h", v["time_h"])
    name = "end of treatment" if "visit" in v else time(local)
    if v.get("phase"):
        name = f"{v['phase']}: {name}"
    cells = [("Change", points(v["change_mean"], v["change_mean_pi90"]))]
    for key, label in (
        ("response", "Response"),
        ("remission", "Remission"),
        ("relapse_free", "Relapse-free"),
    ):
        cells.append((label, share(v[key], v[f"{key}_pi90"])))
    shown = [
        _printed(o)
        for o in observed.of(data.protocol.name, arm["name"])
        if abs(o.time_h - local) < max(0.05 * local, 0.2)
        and (not o.phase or o.phase == v.get("phase"))
    ]
    return {"visit": name, "cells": cells, "published": shown}


def _printed(o):
    """A published figure with its study, scale, number of patients and how it is known."""
    unit = "%" if o.unit == "percent" else ""
    said = [o.study, o.scale, *([f"n {o.n}"] if o.n else [])]
    said += ["recalled"] if o.confidence == "recalled" else []
    form = "{:.0f}" if unit else "{:.1f}"
    noise = f" {between(o.interval, form)}".replace(" ", NBSP) if o.interval else ""
    return (
        f"{o.outcome.replace('_', ' ')} {o.value:g}{unit}".replace("-", MINUS)
        + f"{noise} ({', '.join(said)})"
    )


def time(hours):
    """A time as a visit is called."""
    if 0 < hours < 2 and abs(hours - round(hours)) > 1e-6:
        return f"{60 * hours:.0f} min"
    return f"{hours:.3g} h" if hours < 48 else f"{hours / 24:g} d"


def between(pair, form="{:.0f}", factor=1):
    """[low to high], open where undefined."""
    low, high = ("..." if x is None else form.format(factor * x) for x in pair)
    return f"[{low} to {high}]".replace("-", MINUS)


def points(x, pair):
    """A mean change with its interval."""
    return "" if x is None else f"{x:.1f} {between(pair, '{:.1f}')}".replace("-", MINUS)


def share(x, pair):
    """A share with its interval."""
    return "" if x is None else f"{100 * x:.0f}% {between(pair, '{:.0f}', 100)}"


def versions(data):
    """[(arm and visit, [(change, response) by version])]."""
    out = []
    for arm, hour, by in data.versions:
        cells = []
        for name, _ in VERSIONS:
            v = by.get(name)
            cells.append(("", "") if v is None else (
                points(v["change_mean"], v["change_mean_pi90"]),
                share(v["response"], v["response_pi90"]),
            ))  # fmt: skip
        out.append((f"{arm}, {time(hour)}", cells))
    return out


def people(data):
    """[(covariate, simulated, target, source)] of table 1."""
    out = []
    for row in data.table_one:
        unit = "" if row["unit"] in ("1", "") else f", {row['unit']}"
        if row["kind"] == "share":
            now, goal = f"{100 * row['fraction']:.0f}%", row["target"].get("fraction")
            aim = "" if goal is None else f"{100 * goal:.0f}%"
        else:
            now = "" if row["mean"] is None else f"{row['mean']:.1f} (SD {row['sd'] or 0:.1f})"
            aim = ", ".join(f"{k} {v:.3g}" for k, v in row["target"].items())
        source = f"{row['source']}, {row['confidence']}"
        out.append((row["long_name"] + unit, now, aim, source))
    return out


def rules(data):
    """[(arm, [(rule, limit, fired)] that fired most first, [(rule, why it was not run)])]."""
    out = []
    for name, found in data.rules.items():
        if found is None:
            out.append((name, [], []))
            continue
        lines, idle = [], []
        for f in found.findings.values():
            limit = f"{f.rule.limit} {f.rule.unit}".strip() if f.rule.limit else ""
            if f.of:
                noise = table.between(table.share_interval(f.fired, f.of, found.n), table.percent)
                share_said = f"{table.percent(f.share)} [{noise}]".replace(" ", NBSP)
                said = f"{f.fired} of {f.of} {f.rule.counts}: {share_said}"
                lines.append((-f.fired / f.of, (f.rule.said, limit, said)))
            else:
                idle.append((f.rule.said, f.why or f.status))
        lines.sort(key=lambda x: x[0])
        out.append((name, [line for _, line in lines], idle))
    return out


def decisions(done):
    """[(arm, rule, decision, mean number in a trial)] of the ledger."""
    counts = {}
    for part in done.parts:
        for time_h, rule, _, what, who in part.ledger.lines:
            if time_h >= part.start_h - 1e-9:
                key = (part.arm.name, rule.replace("_", " "), what)
                counts[key] = counts.get(key, 0) + len(who)
    return [(*key, f"{n / done.replicates:.1f}") for key, n in counts.items()]


def cited(data):
    """One line a study of the published figures that are shown."""
    found = {}
    for o in data.figures:
        found.setdefault((o.study, o.doi_or_pmid), []).append(o.place)
    return [
        f"{study}, {doi}. {'; '.join(dict.fromkeys(places))}"
        for (study, doi), places in found.items()
    ]
