"""`ketaqsp trial`: a protocol file run as a whole trial."""

from ketaqsp.cli.dosing import seed_of, whole
from ketaqsp.cli.output import Progress, emit_json, emit_rich, note


def run(*, file, out, seed, replicates, overwrite, as_json):
    """Everything is checked before anything is solved or written."""
    from ketaqsp.protocol import read
    from ketaqsp.protocol.read import MOST_REPLICATES

    many = whole(replicates, "--replicates", 1, MOST_REPLICATES)
    number = None if seed is None else seed_of(seed)
    folder = None
    protocol = read(file)
    if out is not None:
        from ketaqsp.trial.folder import Folder

        folder = Folder(out, overwrite=overwrite)
    elif overwrite:
        note("--overwrite has no effect without --out.")
    from ketaqsp.trial.protocol_trial import perform

    patients = (many or protocol.replicates) * sum(a.n for a in protocol.phases[0].arms)
    with Progress("running the trial", patients * len(protocol.phases)) as progress:
        found = perform(protocol, number, many, progress=progress)
        if folder is not None:
            from ketaqsp.view import trial_report

            progress.stage("writing")
            folder.write(found, (trial_report.write,))
    if as_json:
        emit_json(found.report)
    else:
        from ketaqsp.cli.trial_table import parts

        emit_rich(*parts(found.report, folder and folder.path))
    return _status(found)


def _status(found):
    failed = found.report["solver"]["failed_patients"]
    if failed:
        note(f"{failed} patients could not be solved; they are in no figure. The others stand.")
    return 3 if failed else 0
