"""`ketaqsp export`: the model of one patient, dosing included, for other software."""

from ketaqsp.cli.dosing import MOST, Dosing, dosing, draw, people, whole
from ketaqsp.cli.output import emit, emit_json

FORMATS = ("sbml",)
LATER = ("antimony", "omex")


def run(
    *,
    out,
    format,
    drug,
    route,
    dose,
    duration,
    days,
    events,
    patient,
    seed,
    preset,
    pk,
    cut,
    scenario,
    overwrite,
    as_json,
):
    """Check, build, write to a partial file, rename."""
    from ketaqsp.errors import BadInput, unknown
    from ketaqsp.patient.store import check_target, put

    if format in LATER:
        raise BadInput(f"format {format!r} is not written yet. Use --format {FORMATS[0]}.")
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    if out is None:
        raise BadInput("export needs a file. Write for example --out ketamine.xml.")
    path = check_target(out, overwrite=overwrite, suffixes=None)
    plan = dosing(drug, route, dose, duration, days, events)
    if len(plan.regimens) != 1:
        raise BadInput(
            f"--events {events!r} has {len(plan.regimens)} IDs; allowed: one, as the file holds "
            "one patient. Keep the rows of one ID."
        )
    number = whole(patient, "--patient", 0, MOST - 1)
    if seed is not None and number is None:
        raise BadInput(
            f"--seed {seed} has no effect on the typical patient. Add --patient K, or leave it out."
        )
    text, states = _text(plan, number, seed, preset, pk, cut, scenario)
    put(path, lambda part: part.write_text(text, encoding="utf-8"), overwrite=overwrite)
    _show(path, format, number, seed, states, pk, as_json)
    return 0


def _text(plan, number, seed, preset, pk, cut, scenario):
    """The file's text and the number of states in it."""
    import numpy as np

    from ketaqsp.dose.schedule import schedule
    from ketaqsp.export.sbml import to_sbml
    from ketaqsp.patient.simulate import model_for

    plan = Dosing(plan.regimens)  # a table of one ID is one regimen
    who = people(
        plan,
        patients=None if number is None else str(number + 1),
        typical=number is None,
        seed=seed,
        preset=preset,
        pk=pk,
        cut=cut,
        scenario=scenario,
    )
    group = draw(plan, who)
    place = number or 0
    model = model_for(plan.regimens[0])
    one = {
        name: float(np.asarray(group.parameters[name]).reshape(-1)[-1 if number else 0])
        if np.ndim(group.parameters[name])
        else float(group.parameters[name])
        for name in model.parameters
    }
    arrives = schedule(plan.regimens[0], group.weight()[place : place + 1])
    return to_sbml(model, one, arrives), len(model.states)


def _show(path, format, number, seed, states, pk, as_json):
    from ketaqsp.cli.identity import model_identity
    from ketaqsp.patient.summary import NOTICE

    who = "typical" if number is None else number
    if as_json:
        emit_json(
            {
                "out": str(path),
                "format": format,
                "patient": who,
                "seed": None if number is None else int(seed or 0),
                "states": states,
                "model": model_identity(pk),
                "notice": NOTICE,
            }
        )
    else:
        emit(f"written: {path} ({format}, patient {who}, {states} states)\n{NOTICE}")
