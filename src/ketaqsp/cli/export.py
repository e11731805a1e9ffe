"""`ketaqsp export`: the model of one patient, dosing included, for other software."""

from dataclasses import asdict

from ketaqsp.cli.dosing import MOST, Dosing, check_horizon, dosing, draw, inhibited, people, whole
from ketaqsp.cli.output import emit, emit_json

FORMATS = ("sbml", "antimony", "omex")
UNTIL, EVERY = "28 d", "1 h"
LIBRARIES = ("numpy", "sympy", "python-libsbml")


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
    inhibitor,
    patient,
    seed,
    preset,
    pk,
    cut,
    scenario,
    until,
    every,
    overwrite,
    as_json,
):
    """Check, build, write to a partial file, rename."""
    from ketaqsp.errors import BadInput, unknown
    from ketaqsp.patient.store import check_target, put

    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    if out is None:
        raise BadInput("export needs a file. Write for example --out ketamine.xml.")
    path = check_target(out, overwrite=overwrite, suffixes=None)
    plan = inhibited(dosing(drug, route, dose, duration, days, events), inhibitor)
    if len(plan.regimens) != 1:
        raise BadInput(
            f"--events {events!r} has {len(plan.regimens)} IDs; allowed: one, as the file holds "
            "one patient. Keep the rows of one ID."
        )
    span = _span(plan, format, until, every)
    number = whole(patient, "--patient", 0, MOST - 1)
    if seed is not None and number is None:
        raise BadInput(
            f"--seed {seed} has no effect on the typical patient. Add --patient K, or leave it out."
        )
    text, model, values = _model(plan, number, seed, preset, pk, cut, scenario)
    about = {
        "patient": "typical" if number is None else number,
        "seed": None if number is None else int(seed or 0),
    }
    if format == "omex":
        asked = {"population": preset, "pk": pk, "cut": cut or [], "scenario": scenario or []}
        content = _archive(plan, text, model, values, span, {**about, **asked})
    elif format == "antimony":
        from ketaqsp.export.antimony import to_antimony

        content = to_antimony(text).encode()
    else:
        content = text.encode()
    put(path, lambda part: part.write_bytes(content), overwrite=overwrite)
    _show(path, format, {**about, "states": len(model.states)}, pk, as_json)
    return 0


def _span(plan, format, until, every):
    """(until_h, every_h) of the experiment in an archive; None for a model alone."""
    from ketaqsp.dose.quantity import even_step, parse_time
    from ketaqsp.errors import BadInput

    if format != "omex":
        for option, text in (("--until", until), ("--every", every)):
            if text is not None:
                raise BadInput(
                    f"{option} {text!r} has no effect on --format {format}, which holds the model "
                    "alone. Use --format omex, or leave it out."
                )
        return None
    until = UNTIL if until is None else until
    until_h = parse_time(until, "--until")
    every_h = even_step(parse_time(every or EVERY, "--every"))
    check_horizon(plan, until_h, until)
    pieces = until_h / every_h if every_h > 0 else 0.0
    if round(pieces) < 1 or abs(pieces - round(pieces)) > 1e-6:
        raise BadInput(
            f"--every {every or EVERY!r} does not divide --until {until!r} ({until_h:g} h); "
            "SED-ML has equal steps from 0 to the end. Write for example --every '1 h'."
        )
    return until_h, every_h


def _archive(plan, text, model, values, span, about):
    """Bytes of a COMBINE archive."""
    from importlib.metadata import version

    from ketaqsp.cli.identity import model_identity
    from ketaqsp.export.archive import MODEL, to_omex
    from ketaqsp.export.sedml import to_sedml

    names = (*model.states, *(n for n in model.signals if n not in _fixed(model)))
    made = {
        **about,
        "until_h": span[0],
        "every_h": span[1],
        "regimen": [asdict(dose) for dose in plan.doses()],
        "inhibitor": plan.inhibitor,
        "model": model_identity(about["pk"]),
        "libraries": {name: version(name) for name in LIBRARIES},
        "parameters": values,
    }
    return to_omex(text, to_sedml(MODEL, names, *span), made)


def _fixed(model):
    return {block.name for block in model.constants}


def _model(plan, number, seed, preset, pk, cut, scenario):
    """The SBML text, the chain, and {parameter: value} of the patient."""
    import numpy as np

    from ketaqsp.dose.schedule import schedule
    from ketaqsp.export.sbml import to_sbml
    from ketaqsp.patient import occasions
    from ketaqsp.patient.simulate import inhibited as factors
    from ketaqsp.patient.simulate import model_for

    plan = Dosing(plan.regimens, inhibitor=plan.inhibitor)  # a table of one ID is one regimen
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
    one.update(factors(plan.inhibitor, plan.regimens[0]))
    arrives = schedule(plan.regimens[0], group.weight()[place : place + 1])
    if group.keys is not None:  # as simulate does: each day another share of a dose is taken up
        arrives = occasions.applied(arrives, group.seed, group.keys[place : place + 1])
    return to_sbml(model, one, arrives), model, one


def _show(path, format, about, pk, as_json):
    from ketaqsp.cli.identity import model_identity
    from ketaqsp.patient.summary import NOTICE

    if as_json:
        made = {"out": str(path), "format": format, **about}
        return emit_json({**made, "model": model_identity(pk), "notice": NOTICE})
    who, states = about["patient"], about["states"]
    return emit(f"written: {path} ({format}, patient {who}, {states} states)\n{NOTICE}")
