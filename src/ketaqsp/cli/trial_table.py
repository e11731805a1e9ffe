"""What `trial` prints on a terminal: one table an arm."""

from rich import box
from rich.table import Table
from rich.text import Text

from ketaqsp import NOTICE
from ketaqsp.patient.failures import told
from ketaqsp.view.table import days

MINUS = "\N{MINUS SIGN}"


def parts(report, path):
    """The parts to print: a headline, a table an arm, what made it."""
    found = [
        Text(f"{report['protocol']}: {report['replicates']} virtual trials", style="bold"),
        "",
    ]
    for arm in report["arms"]:
        found += [Text(heading(arm), style="bold"), _table(arm), _told(arm), ""]
    found.append(
        "Means over all virtual patients; in brackets: 90% of trials of this size would fall "
        "there. Response and remission as the protocol defines them; relapse-free: of those who "
        "met the goal, who left as last seen."
    )
    found.append(
        "Arms with ketamine are too high: the drug was fitted to published arms as if all of their "
        "change were drug, and belief, visits and time come on top. The report shows the trial "
        "without them."
    )
    how = told(report["solver"]["status"])
    if how:
        found.append(f"Of {sum(report['solver']['status'].values())} patients: {how}.")
    model = report["model"]
    found.append(
        f"Model {model['version']}, parameters {model['parameters_sha256'][:12]}, seed "
        f"{report['seed']}, {report['wall_s']:.1f} s"
    )
    if path is not None:
        found.append(f"Written: {path}, report in {path / 'report.html'}")
    return (*found, NOTICE)


def heading(arm):
    """Name and planned n; beside them how many entered and were solved, where not all were."""
    said = f"{arm['name']}, n = {arm['planned']}"
    if arm["n"] != arm["planned"]:
        said += f"; {arm['n']} entered, mean of the trials"
    if arm["solved"] < arm["simulated"]:
        said += f"; {arm['solved']} of {arm['simulated']} simulated patients solved"
    return said


def _table(arm):
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    phased = any("phase" in v for v in arm["visits"])
    for k, name in enumerate(
        (*(("phase",) if phased else ()), "time", "change, points", "response", "remission",
         "relapse-free")
    ):  # fmt: skip
        made.add_column(name, justify="right" if k else "left", overflow="fold")
    for v in arm["visits"]:
        cells = [v["phase"]] if phased else []
        cells += [
            v.get("visit", _time(v.get("phase_time_h", v["time_h"]))).replace("_", " "),
            _points(v["change_mean"], v["change_mean_pi90"]),
            *(_share(v[k], v[f"{k}_pi90"]) for k in ("response", "remission", "relapse_free")),
        ]
        made.add_row(*cells)
    return made


def _told(arm):
    s = arm["summary"]
    said = days(s["median_days_to_relapse"], s["median_days_to_relapse_pi90"])
    many = "none solved" if s["median_treatments"] is None else s["median_treatments"]
    return f"Median treatments {many}; median time to relapse {said}."


def _time(hours):
    if 0 < hours < 2 and abs(hours - round(hours)) > 1e-6:
        return f"{60 * hours:.0f} min"
    return f"{hours:.3g} h" if hours < 48 else f"{hours / 24:g} d"


def _points(x, between):
    if x is None:
        return ""
    low, high = (f"{v:.1f}".replace("-", MINUS) for v in between)
    return f"{x:.1f} [{low} to {high}]".replace("-", MINUS)


def _share(x, between):
    if x is None:
        return ""
    low, high = (f"{100 * v:.0f}" for v in between)
    return f"{100 * x:.0f}% [{low} to {high}]"
