"""What `simulate` prints on a terminal: 80 columns are enough."""

from rich import box
from rich.table import Table
from rich.text import Text

from ketaqsp.patient.failures import told
from ketaqsp.view.table import between, percent

PEAK_NAMES = {
    "ketamine_venous": "ketamine (S+R), forearm vein",
    "ketamine_arterial": "ketamine (S+R), artery",
    "nmda_block_sst": "NMDA block on SST interneurons",
}
FORMS = {"ng/mL": "{:.1f}", "fraction": "{:.3f}"}
NONE = "none solved"
NARROW = 80  # columns of a terminal
KEY_MANY = (
    "Median (10 to 90% of the patients); in square brackets the 95% interval of a share, as this "
    "many virtual patients pin it down."
)
KEY = (
    "Response: at least half of the MADRS gone; remission: at most 10 points. The mechanism alone: "
    "no expectancy, {noise}. What is uncertain about the model itself is not in these numbers."
)


def simulate_tables(report):
    """The parts to print: what was given, a table by time, the peaks, what made it."""
    alone = report["patients"] == 1
    parts = [Text(headline(report), style="bold"), "", _by_time(report, alone), ""]
    seen = {k: p for k, p in report["peaks"].items() if p["peak_p90"] is None or p["peak_p90"] > 0}
    if seen:
        parts += [_by_peak(seen, alone), ""]
    noise = "with rater noise" if report["rater_noise"] else "no rater noise"
    key = KEY.format(noise=noise)
    parts.append(key if alone else f"{KEY_MANY} {key}")
    parts.append(made(report))
    if report["out"]:
        parts.append(f"Written: {report['out']}")
    return (*parts, report["notice"])


def headline(report):
    """Who was given what, in one line."""
    n = report["patients"]
    kind = "typical" if report["typical"] else "virtual"
    who = f"{n} {kind} patient{'s' if n > 1 else ''} ({report['population']})"
    options = [f"pk {report['pk']}"] if report["pk"] else []
    options += [f"{key} {name}" for key in ("cut", "scenario") for name in report[key]]
    return ", ".join([f"{who}: {given(report)}", *options])


def given(report):
    """'ketamine iv 0.5 mg/kg over 40 min, day 0' from the doses of a report."""
    if "events" in report:
        return f"the event table {report['events']}"
    doses = report["regimen"]
    if not doses:
        return "no drug"
    keys = ("drug", "route", "amount", "unit", "duration_h")
    first = {key: doses[0][key] for key in keys}
    if any({key: dose[key] for key in keys} != first for dose in doses):
        return f"{len(doses)} doses"
    minutes = first["duration_h"] * 60
    over = f"over {minutes:g} min" if minutes else "at once"
    days = ", ".join(f"{dose['start_h'] / 24:g}" for dose in doses)
    what = f"{first['drug']} {first['route']} {first['amount']:g} {first['unit']} {over}"
    return f"{what}, day{'s' if len(doses) > 1 else ''} {days}"


def made(report):
    """The model and the seed: what it takes to have the same numbers again."""
    model = report["model"]
    shown = f"Model {model['version']}, parameters {model['parameters_sha256'][:12]}"
    return f"{shown}, seed {report['seed']}{how_solved(report)}"


def how_solved(report):
    """ "; of 8 patients, 3 solved on a finer grid, 1 failed", or nothing if all were at once."""
    said = told(report["solver"]["status"])
    return f"; of {report['patients']} patients, {said}" if said else ""


def _table(*headings, gap=1):
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, gap, 0, 0), show_edge=False)
    for k, heading in enumerate(headings):
        made.add_column(heading, justify="right" if k else "left", overflow="fold")
    return made


def _by_time(report, alone):
    heads = ("time", "MADRS, points", "response", "remission", "spines, change")
    rows = [
        (
            _time(entry["time_h"]),
            _range(entry, "madrs", "{:.1f}", alone),
            _share(entry, "response", alone),
            _share(entry, "remission", alone),
            _range(_changes(entry), "spine_density", "{:.1f}", alone, "%"),
        )
        for entry in report["summary"]
    ]
    # Of thousands of patients every cell is full: then one space between them, not two.
    widest = sum(max(map(len, column)) for column in zip(heads, *rows, strict=True))
    table = _table(*heads, gap=1 if widest + 2 * (len(heads) - 1) <= NARROW else 0)
    for row in rows:
        table.add_row(*row)
    return table


def _by_peak(peaks, alone):
    table = _table("highest value", "", "at")
    for name, entry in peaks.items():
        when = entry["time_h_p50"]
        form = FORMS.get(entry["unit"], "{:.3g}")
        unit = "" if entry["unit"] == "fraction" else f" {entry['unit']}"
        shown = NONE if when is None else f"{_range(entry, 'peak', form, alone)}{unit}"
        table.add_row(PEAK_NAMES[name], shown, "" if when is None else f"{when:.2f} h")
    return table


def _time(hours):
    return f"{hours:g} h" if hours < 48 else f"{hours / 24:g} d"


def _changes(entry):
    """Spine density as a change in % of what it was before the first dose."""
    names = [f"spine_density_p{p}" for p in (10, 50, 90)]
    return {k: None if entry[k] is None else 100 * (entry[k] - 1) for k in names}


def _range(entry, prefix, form, alone, unit=""):
    """Median and 10-90%; of one patient, who has no spread, the value."""
    low, middle, high = (entry[f"{prefix}_p{p}"] for p in (10, 50, 90))
    if middle is None:
        return NONE
    low, middle, high = (_number(form, x) for x in (low, middle, high))
    return f"{middle}{unit}" if alone else f"{middle}{unit} ({low} to {high})"


def _number(form, x):
    """Formatted with a true minus sign; nothing is ever minus zero."""
    text = form.format(x)
    if text.startswith("-") and not text.strip("-0."):
        text = text[1:]
    return text.replace("-", "\N{MINUS SIGN}")


def _share(entry, name, alone):
    if entry[name] is None:
        return NONE
    if alone:
        return "yes" if entry[name] else "no"
    return f"{percent(entry[name])} [{between(entry[f'{name}_ci95'], percent)}]"
