"""`ketaqsp trial`: a protocol file run as a whole trial."""

from ketaqsp.cli.dosing import seed_of, whole
from ketaqsp.cli.output import Interrupted, Progress, emit_json, emit_rich, note
from ketaqsp.cli.simulate import threads


def run(*, file, out, seed, replicates, workers, overwrite, resume, as_json):
    """Everything is checked before anything is solved or written."""
    from ketaqsp.errors import BadInput
    from ketaqsp.protocol import read
    from ketaqsp.protocol.read import MOST_REPLICATES

    if resume and out is None:
        raise BadInput("--resume has no effect without --out. Name the trial to finish.")
    if resume and overwrite:
        raise BadInput("--resume and --overwrite exclude each other. Leave one of them out.")

    many = whole(replicates, "--replicates", 1, MOST_REPLICATES)
    number, workers = None if seed is None else seed_of(seed), threads(workers)
    folder = None
    protocol = read(file)
    if out is not None:
        from ketaqsp.trial.folder import Folder

        folder = Folder(out, overwrite=overwrite, resume=resume)
    elif overwrite:
        note("--overwrite has no effect without --out.")
    from ketaqsp.trial.protocol_trial import perform

    patients = (many or protocol.replicates) * sum(a.n for a in protocol.phases[0].arms)
    kept = folder and folder.pieces(protocol, number, many)
    with Progress("running the trial", patients * len(protocol.phases), patients) as progress:
        try:
            found = perform(protocol, number, many, workers, progress, kept)
            if folder is not None:
                from ketaqsp.view import trial_report

                progress.stage("writing")
                folder.write(found, (trial_report.write,), kept)
        except KeyboardInterrupt:
            raise Interrupted(_left(kept)) from None
    if as_json:
        emit_json(found.report)
    else:
        from ketaqsp.cli.trial_table import parts

        emit_rich(*parts(found.report, folder and folder.path))
    for said in cut(found.report):
        note(said)
    return _status(found.report["solver"], folder and folder.path)


def _left(kept):
    """What an interrupted trial leaves."""
    if not kept or not kept.part.exists():
        return "interrupted."
    return (
        f"interrupted; {kept.part} holds {kept.count()} settled pieces. ketaqsp.open reads it, "
        "the same command with --resume finishes it."
    )


def cut(report):
    """A line an arm of which ratings were cut at an end of their scale."""
    from ketaqsp.patient import clipping
    from ketaqsp.protocol.endpoints import TOPS

    tops = {scale.lower(): top for scale, top in TOPS.items()}
    said = ((arm["name"], clipping.told(arm["clipped"], tops)) for arm in report["arms"])
    return [f"Arm {name}. {told}" for name, told in said if told]


def _status(solver, path):
    """0, or 3 with a line on the patients that failed, and in which phase."""
    failed = solver["failed_patients"]
    if not failed:
        return 0
    phases, first = solver["phases"], solver["failures"][0]
    said, left = f"{failed} of {phases[0]['patients']} patients", "no figure"
    if len(phases) > 1:
        each = (f"{p['failed']} of {p['patients']} in {p['phase']}" for p in phases if p["failed"])
        said, left = f"{said} ({', '.join(each)})", "no figure from then on"
    listed = f"{path / 'failures.csv'} lists them" if path else "--json lists them"
    note(
        f"{said} could not be solved; they are in {left}, the others stand. "
        f"Patient {first['subject']}: {first['reason']}. {listed}, with their parameters."
    )
    return 3
