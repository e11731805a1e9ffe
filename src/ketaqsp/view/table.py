"""The result table's cells as text: the terminal and the report print the same ones."""

from ketaqsp.trial.published import beside

TIMES = {4.0: "4 h", 24.0: "24 h", 72.0: "72 h", 168.0: "7 d", 336.0: "14 d", 672.0: "28 d"}
SHORT_TIMES = (24.0, 72.0, 168.0, 672.0)
CAVEAT = (
    "Published arms contain expectancy, unblinding and the passing of time; the simulated ones do "
    "not (the belief part is off). A simulated control arm has to lie below a published one."
)
INTERVALS = (
    "In square brackets the 95% interval of the simulation itself; in braces where 90% of trials "
    "with 48 patients an arm would land if the model were true."
)


def percent(share):
    """0.4333 -> '43%'; below 10% with one decimal, so that 0.4% is not 0%."""
    value = 100 * share
    return f"{value:.0f}%" if value >= 9.95 or value < 0.05 else f"{value:.1f}%"


def points(value):
    """-14.23 -> '−14.2', with a true minus sign; nothing is ever minus zero."""
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text.replace("-", "\N{MINUS SIGN}")


def between(pair, form):
    """'40 to 46' from two numbers, the unit left to the number in front."""
    low, high = (form(x).rstrip("%") for x in pair)
    return f"{low} to {high}"


def share_cell(estimate):
    """(value, noise, trial): '43%', '40 to 46', '31 to 56'."""
    return percent(estimate.value), between(estimate.noise, percent), between(
        estimate.trial, percent
    )  # fmt: skip


def change_cell(visit):
    """(value, noise, trial) of the mean change, the SD of patients in the value."""
    mean = visit.change_mean
    value = f"{points(mean.value)} (SD {visit.change_sd:.1f})"
    return value, between(mean.noise, points), between(mean.trial, points)


def published_cell(outcome, treatment, time_h):
    """['64% Murrough 2013', ...]; a change with its SD where printed; recalled ones say so."""
    out = []
    for f in beside(outcome, treatment, time_h):
        if f.unit == "percent":
            text = f"{f.value:g}%"
        else:
            text = points(f.value) + _sd(f)
        mark = "" if f.confidence == "read" else f" ({f.confidence})"
        out.append(f"{text} {f.study}{mark}")
    return out


def _sd(figure):
    for f in beside("change_sd", figure.treatment, figure.time_h):
        if f.study == figure.study:
            return f" (SD about {f.value:g})"
    return ""


def measures(visit_of, time_h):
    """[(name, {arm: cell}, {treatment: published})] of one visit, in the order of the table."""
    cells = {
        "response": lambda v: share_cell(v.response),
        "remission": lambda v: share_cell(v.remission),
        "change_mean": change_cell,
    }
    names = {
        "response": "response",
        "remission": "remission",
        "change_mean": "mean change, points",
    }
    return [
        (
            names[key],
            {arm: cell(visit) for arm, visit in visit_of.items()},
            {t: published_cell(key, t, time_h) for t in ("ketamine", "control")},
        )
        for key, cell in cells.items()
    ]


def rows(arms, times=tuple(TIMES)):
    """[(time in h, its name, measures)] for the visits that the arms have."""
    out = []
    for time_h in times:
        visit_of = {
            name: next((v for v in arm.visits if v.time_h == time_h), None)
            for name, arm in arms.arms.items()
        }
        if all(visit_of.values()):
            out.append((time_h, TIMES[time_h], measures(visit_of, time_h)))
    return out
