"""The commands and their options. Each loads what it needs when it runs."""

from importlib import import_module
from typing import Annotated

from typer import Argument, Exit, Option, Typer

from ketaqsp.cli import options as o

app = Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool):
    if wanted:
        from ketaqsp import __version__

        print(f"ketaqsp {__version__}")
        raise Exit()


def _run(command, given):
    """Load the module of a command now, not before, and run it with the options given."""
    try:
        return import_module(f"ketaqsp.cli.{command}").run(**given)
    except KeyboardInterrupt:  # typer would leave without a word
        from ketaqsp.cli.output import Interrupted

        raise Interrupted("interrupted.") from None


@app.callback()
def ketaqsp(
    version: Annotated[
        bool, Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
):
    """Ketamine in depression, from dose to mood. For research and teaching only."""


@app.command(epilog=o.STATUS)
def demo(
    out: Annotated[
        str, Option("--out", help="Folder of the report; it is replaced.", metavar="FOLDER")
    ] = "ketaqsp-demo",
    patients: Annotated[
        str, Option("--patients", help="How many in each arm, at least 2.", metavar="N")
    ] = "1000",
    seed: Annotated[
        str, Option("--seed", help="Number that fixes every random draw.", metavar="N")
    ] = "1",
    as_json: o.Json = False,
):
    """One infusion of ketamine against midazolam, from dose to MADRS, as a page to read."""
    return _run("demo", locals())


@app.command(epilog=o.STATUS)
def simulate(
    drug: o.Drug = None,
    route: o.Route = None,
    dose: o.Dose = None,
    duration: o.Duration = None,
    days: o.Days = None,
    events: o.Events = None,
    inhibitor: o.Inhibitor = None,
    patients: o.Patients = None,
    typical: o.Typical = False,
    seed: o.Seed = None,
    preset: o.Preset = "trd",
    pk: o.Pk = None,
    cut: o.Cut = None,
    scenario: o.Scenario = None,
    until: o.Until = "28 d",
    every: o.Every = None,
    out: o.Result = None,
    rater_noise: o.RaterNoise = False,
    workers: o.Workers = None,
    chunk: o.Chunk = None,
    rescue: o.Rescue = False,
    overwrite: o.Overwrite = False,
    resume: o.Resume = False,
    as_json: o.Json = False,
):
    """Give a regimen to virtual patients; print a summary, or write every curve.

    Example: ketaqsp simulate --dose '0.5 mg/kg' --days 0,3,7 --patients 200 --out run.zarr
    """
    return _run("simulate", locals())


@app.command(epilog=o.STATUS)
def cohort(
    preset: Annotated[
        str,
        Option(
            "--preset",
            help=f"Population: {o.PRESETS}; or your own table, .csv or .parquet.",
            rich_help_panel=o.PEOPLE,
            metavar="NAME",
        ),
    ] = "trd",
    patients: Annotated[
        str | None,
        Option(
            "-n",
            "--patients",
            help="How many. Default: 100.",
            rich_help_panel=o.PEOPLE,
            metavar="N",
        ),
    ] = None,
    seed: o.Seed = None,
    match: Annotated[
        str | None,
        Option(
            "--match",
            help="Table 1 to match: a protocol, or YAML such as 'age_years: {mean: 46, sd: 12}'.",
            rich_help_panel=o.PEOPLE,
            metavar="FILE",
        ),
    ] = None,
    base: Annotated[
        str,
        Option(
            "--base",
            help="Population from which a table's missing covariates are drawn.",
            rich_help_panel=o.PEOPLE,
            metavar="NAME",
        ),
    ] = "trd",
    out: Annotated[
        str | None,
        Option(
            "--out",
            help="Where to write: .csv or .parquet, one row a patient.",
            rich_help_panel=o.RESULT,
            metavar="PATH",
        ),
    ] = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
):
    """Draw virtual patients with their covariates, and print table 1.

    Example: ketaqsp cohort --preset late_life -n 200 --seed 1 --out cohort.csv
    """
    return _run("cohort", locals())


@app.command(epilog=o.STATUS)
def trial(
    file: Annotated[str, Argument(help="Protocol file (YAML).", metavar="FILE")],
    out: Annotated[
        str | None,
        Option("--out", help="Folder for tables and report.", metavar="DIR"),
    ] = None,
    seed: Annotated[
        str | None, Option("--seed", help="In place of the file's.", metavar="N")
    ] = None,
    replicates: Annotated[
        str | None, Option("--replicates", help="In place of the file's.", metavar="N")
    ] = None,
    workers: o.Workers = None,
    overwrite: o.Overwrite = False,
    resume: o.Resume = False,
    as_json: o.Json = False,
):
    """Run a protocol: a whole trial, repeated, with 90% predictive intervals.

    Example: ketaqsp trial protocols/one-infusion.yaml --out my-trial
    """
    return _run("trial", locals())


@app.command(epilog=o.STATUS)
def supervise(
    drug: o.Drug = None,
    route: o.Route = None,
    dose: o.Dose = None,
    duration: o.Duration = None,
    days: o.Days = None,
    events: o.Events = None,
    patients: o.Patients = None,
    typical: o.Typical = False,
    seed: o.Seed = None,
    preset: o.Preset = "trd",
    pk: o.Pk = None,
    cut: o.Cut = None,
    scenario: o.Scenario = None,
    as_json: o.Json = False,
):
    """How often rules of supervision would fire in a virtual clinic, and which cannot be run.

    Example: ketaqsp supervise --dose '0.5 mg/kg' --patients 1000
    """
    return _run("supervise", locals())


@app.command(epilog=o.STATUS)
def parameters(
    link: Annotated[
        str | None, Option("--link", help=f"Only this link: {o.LINKS}.", metavar="NAME")
    ] = None,
    confidence: Annotated[
        str | None,
        Option("--confidence", help=f"Only rows of this kind: {o.CONFIDENCE}.", metavar="NAME"),
    ] = None,
    as_json: o.Json = False,
):
    """Every number of the model with unit, spread, source and confidence.

    Example: ketaqsp parameters --link mood --confidence assumed
    """
    return _run("parameters", locals())


@app.command(epilog=o.STATUS)
def export(
    out: Annotated[
        str | None,
        Option("--out", help="File to write.", rich_help_panel=o.RESULT, metavar="FILE"),
    ] = None,
    format: Annotated[
        str,
        Option("--format", help="sbml, antimony, omex.", rich_help_panel=o.RESULT, metavar="NAME"),
    ] = "sbml",
    drug: o.Drug = None,
    route: o.Route = None,
    dose: o.Dose = None,
    duration: o.Duration = None,
    days: o.Days = None,
    events: o.Events = None,
    inhibitor: o.Inhibitor = None,
    patient: Annotated[
        str | None,
        Option(
            "--patient",
            help="Number K of the cohort drawn with --seed. Default: the typical patient.",
            rich_help_panel=o.PEOPLE,
            metavar="K",
        ),
    ] = None,
    seed: o.Seed = None,
    preset: o.Preset = "trd",
    pk: o.Pk = None,
    cut: o.Cut = None,
    scenario: o.Scenario = None,
    until: Annotated[
        str | None,
        Option(
            "--until",
            help="omex: length of the experiment. Default: 28 d.",
            rich_help_panel=o.RESULT,
            metavar="TIME",
        ),
    ] = None,
    every: Annotated[
        str | None,
        Option(
            "--every",
            help="omex: its output interval. Default: 1 h.",
            rich_help_panel=o.RESULT,
            metavar="TIME",
        ),
    ] = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
):
    """Write the model of one patient, dosing included, for other software.

    Example: ketaqsp export --format sbml --dose '0.5 mg/kg' --out ketamine.xml
    """
    return _run("export", locals())
