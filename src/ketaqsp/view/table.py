"""The result table's cells as text: the terminal and the report print the same ones."""

from ketaqsp.patient import clipping
from ketaqsp.patient.failures import told
from ketaqsp.patient.summary import TOPS
from ketaqsp.trial.endpoints import wilson
from ketaqsp.trial.published import beside

TIMES = {4.0: "4 h", 24.0: "24 h", 72.0: "72 h", 168.0: "7 d", 336.0: "14 d", 672.0: "28 d"}
SHORT_TIMES = (24.0, 72.0, 168.0, 672.0)
CAVEAT = (
    "Belief, visits and the passing of time are switched off: the simulated arms are pharmacology "
    "alone. Published arms contain all three, so the midazolam arm lies under published control "
    "arms, and the gap between the simulated arms is no forecast of the gap in a trial."
)
INTERVALS = (
    "Square brackets: 95% interval of the number before them (simulated: from the number of "
    "virtual patients; published: computed here where the arm's own n is known). Braces: where "
    "90% of trials with 48 patients an arm would land if the model were true; neither contains "
    "what is unknown about the parameters. (in the fit): the calibration was given this figure, "
    "so agreement with it proves nothing."
)


def percent(share):
    """0.4333 -> '43%'; below 10% with one decimal, so that 0.4% is not 0%."""
    value = 100 * share
    return f"{value:.0f}%" if value >= 9.95 or value < 0.05 else f"{value:.1f}%"


def points(value):
    """-14.23 -> '−14.2', 1.4 -> '+1.4': a change always shows its sign; zero has none."""
    text = f"{value:+.1f}"
    return "0.0" if text in ("-0.0", "+0.0") else text.replace("-", "\N{MINUS SIGN}")


def between(pair, form):
    """'40 to 46' from two numbers, the unit left to the number in front."""
    low, high = (form(x).rstrip("%") for x in pair)
    return f"{low} to {high}"


def days(middle, pair, unit=" d"):
    """'87 d [38 to not reached]': a median time with its interval, None where none is reached."""
    if middle is None:
        return "not reached"
    said = ["not reached" if x is None else f"{x:.1f}".removesuffix(".0") for x in (middle, *pair)]
    return f"{said[0]}{unit} [{said[1]} to {said[2]}]"


def share_interval(fired, of, patients):
    """Wilson's 95% interval of fired / of, where a patient's sessions may be all alike.

    No more is learned from many sessions of one patient than from one: the widest of the answers.
    """
    n = min(of, patients)
    return wilson(fired * n / of, n) if of else (0.0, 1.0)


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


def published_cell(outcome, treatment, time_h, interval=True):
    """['64% [50 to 76] Murrough 2013', ...]: value, interval if asked for and known, study, marks.

    A change has its SD where printed. Marks: recalled, derived, in the fit.
    """
    out = []
    for f in beside(outcome, treatment, time_h):
        text = f"{f.value:g}%" if f.unit == "percent" else points(f.value) + _sd(f)
        if interval and f.interval:
            form = "{:.0f}".format if f.unit == "percent" else points
            text += " " + _whole("[{} to {}]".format(*map(form, f.interval)))
        marks = [f.confidence] if f.confidence != "read" else []
        marks += ["in the fit"] if f.in_fit == "yes" else []
        text = f"{text} {_whole(f.study)}"
        out.append(text + (f" ({', '.join(map(_whole, marks))})" if marks else ""))
    return out


def _whole(text):
    """The text with spaces at which no line may break."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _sd(figure):
    for f in beside("change_sd", figure.treatment, figure.time_h):
        if f.study == figure.study:
            return f" (SD about {f.value:g})"
    return ""


def measures(visit_of, time_h, interval=True):
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
            {t: published_cell(key, t, time_h, interval) for t in ("ketamine", "control")},
        )
        for key, cell in cells.items()
    ]


def rows(arms, times=tuple(TIMES), interval=True):
    """[(time in h, its name, measures)] for the visits that the arms have.

    interval: with the published figures' intervals.
    """
    out = []
    for time_h in times:
        visit_of = {
            name: next((v for v in arm.visits if v.time_h == time_h), None)
            for name, arm in arms.arms.items()
        }
        if all(visit_of.values()):
            out.append((time_h, TIMES[time_h], measures(visit_of, time_h, interval)))
    return out


PRIOR_NAMES = {
    "response": "response",
    "remission": "remission",
    "change_mean": "mean change, points",
    "change_sd": "SD of change, points",
}


def prior_rows(prior):
    """[(measure, {arm: (5th, median, 95th) as text})] of the prior predictive range."""
    forms = {"response": percent, "remission": percent, "change_mean": points}
    return [
        (
            name,
            {
                arm: tuple(forms.get(key, "{:.1f}".format)(x) for x in prior.range(arm, key))
                for arm in prior.values
            },
        )
        for key, name in PRIOR_NAMES.items()
    ]


def lost_line(arms):
    """What is said of patients that could not be solved; empty if there are none."""
    parts = []
    for arm in arms.arms.values():
        if arm.failed:
            shown = ", ".join(map(str, arm.lost[:10])) + (", ..." if arm.failed > 10 else "")
            parts.append(f"{arm.failed} in the {arm.name} arm (patient {shown})")
    lost = f"Not solved, and in no figure: {'; '.join(parts)}. All are listed in result.json."
    return " ".join([*([lost] if parts else []), *other_ways(arms)])


def other_ways(arms):
    """What is said of patients who were solved otherwise than at once, and of totals cut."""
    for arm in arms.arms.values():
        said = told({how: 0 if how == "failed" else n for how, n in arm.status.items()})
        if said:
            yield f"{arm.name.capitalize()} arm: {said}."
        cut = clipping.told(arm.cut, TOPS)
        if cut:
            yield f"{arm.name.capitalize()} arm. {cut}"
