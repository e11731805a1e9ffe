"""Options that several commands share, each with its one help text. All arrive as text.

The names are spelled out so that --help need not load the tables; a test compares them.
"""

from typing import Annotated

from typer import Option

DRUGS = (
    "ketamine, esketamine, arketamine, midazolam, memantine, mk801, lanicemine, "
    "oral_antidepressant, saline, none"
)
INHIBITORS = (
    "ticlopidine, clarithromycin, grapefruit_juice, itraconazole, rifampicin, st_johns_wort"
)
ROUTES = "iv, im, sc, in, po, po_er, sl"
PRESETS = "trd, mdd, bipolar, late_life, healthy"
PKS = "clements, domino, fanta_otto, kamp_aln, perez_ruixo"
CUTS = (
    "disinhibition, pyramidal_block, block_at_rest, rest_to_eef2, habenula, glutamate_to_ampa, "
    "surface_ampa, ampa_carries_mood, bdnf, mtorc1, spines, adaptation, sliding_threshold, "
    "feedback, opioid, ssri_to_trkb, acute_relief, dissociation, circulation, pain, "
    "brain_metabolites"
)
SCENARIOS = "agonist, hnk, late_hold, tonic_habenula, article_covariates"
LINKS = "plasma, receptor, circuit, synapse, mood, acute, expectancy, patient, trial"
CONFIDENCE = "read, recalled, derived, assumed, fitted"
FLAG = ""  # in place of <bool>
STATUS = (
    "Exit status: 0 done, 1 a fault of ours, 2 bad input, 3 some patients failed, 4 the machine, "
    "130 interrupted."
)
DOSING = "Dosing"
PEOPLE = "Patients"
RESULT = "Results"

Drug = Annotated[
    str | None,
    Option("--drug", help=f"{DRUGS}. Default: ketamine.", rich_help_panel=DOSING, metavar="NAME"),
]
Route = Annotated[
    str | None,
    Option(
        "--route",
        help=f"{ROUTES}. Default: the first that the drug has.",
        rich_help_panel=DOSING,
        metavar="NAME",
    ),
]
Dose = Annotated[
    str | None,
    Option(
        "--dose",
        help="'0.5 mg/kg' or '35 mg'. saline and none take none.",
        rich_help_panel=DOSING,
        metavar="AMOUNT",
    ),
]
Duration = Annotated[
    str | None,
    Option(
        "--duration",
        help="Length of an infusion, default '40 min'; '0 min' is a bolus.",
        rich_help_panel=DOSING,
        metavar="TIME",
    ),
]
Days = Annotated[
    str | None,
    Option(
        "--days",
        help="Days of treatment, such as 0,3,7. Default: 0.",
        rich_help_panel=DOSING,
        metavar="LIST",
    ),
]
Events = Annotated[
    str | None,
    Option(
        "--events",
        help="NONMEM event table in place of the options above: one patient per ID.",
        rich_help_panel=DOSING,
        metavar="FILE.csv",
    ),
]
Inhibitor = Annotated[
    str | None,
    Option(
        "--inhibitor",
        help=f"Taken throughout, it changes the enzymes of ketamine: {INHIBITORS}.",
        rich_help_panel=DOSING,
        metavar="NAME",
    ),
]
Preset = Annotated[
    str, Option("--preset", help=f"Population: {PRESETS}.", rich_help_panel=PEOPLE, metavar="NAME")
]
Patients = Annotated[
    str | None,
    Option("--patients", help="How many. Default: 100.", rich_help_panel=PEOPLE, metavar="N"),
]
Seed = Annotated[
    str | None,
    Option(
        "--seed",
        help="Number that fixes every random draw. Default: 0.",
        rich_help_panel=PEOPLE,
        metavar="N",
    ),
]
Typical = Annotated[
    bool,
    Option(
        "--typical",
        metavar=FLAG,
        help="One patient with the typical values.",
        rich_help_panel=PEOPLE,
    ),
]
Cut = Annotated[
    list[str] | None,
    Option(
        "--cut",
        help=f"Take a step of the chain out: {CUTS}. May be repeated.",
        rich_help_panel=PEOPLE,
        metavar="NAME",
    ),
]
Scenario = Annotated[
    list[str] | None,
    Option(
        "--scenario",
        help=f"Turn a switch: {SCENARIOS}. May be repeated.",
        rich_help_panel=PEOPLE,
        metavar="NAME",
    ),
]
Pk = Annotated[
    str | None,
    Option(
        "--pk",
        help=f"Published plasma model in place of ours: {PKS}.",
        rich_help_panel=PEOPLE,
        metavar="NAME",
    ),
]
Until = Annotated[
    str, Option("--until", help="Length of the run.", rich_help_panel=RESULT, metavar="TIME")
]
Every = Annotated[
    str | None,
    Option(
        "--every",
        help="Output interval. Default: 1 h, or the whole run if that is shorter.",
        rich_help_panel=RESULT,
        metavar="TIME",
    ),
]
Result = Annotated[
    str | None,
    Option(
        "--out",
        help="Where to write: .zarr (everything) or .csv (what can be measured, long form).",
        rich_help_panel=RESULT,
        metavar="PATH",
    ),
]
RaterNoise = Annotated[
    bool,
    Option(
        "--rater-noise",
        metavar=FLAG,
        help="MADRS as a rater would write it: whole points with error.",
        rich_help_panel=RESULT,
    ),
]
Workers = Annotated[
    str | None,
    Option(
        "--workers",
        help="Threads. Default: every core. Results do not depend on it.",
        rich_help_panel=RESULT,
        metavar="N",
    ),
]
Chunk = Annotated[
    str | None,
    Option(
        "--chunk",
        help="Patients solved and written at a time: fewer need less memory. Default: as many as "
        "fit 256 MiB, at most 1024. Results do not depend on it.",
        rich_help_panel=RESULT,
        metavar="N",
    ),
]
Rescue = Annotated[
    bool,
    Option(
        "--rescue",
        metavar=FLAG,
        help="Try patients that fail again with the reference solver: slow, needs the extra jax.",
        rich_help_panel=RESULT,
    ),
]
Resume = Annotated[
    bool,
    Option(
        "--resume",
        metavar=FLAG,
        help="Finish PATH.partial, left by the same command when it was stopped.",
        rich_help_panel=RESULT,
    ),
]
Overwrite = Annotated[
    bool,
    Option("--overwrite", metavar=FLAG, help="Replace an existing result.", rich_help_panel=RESULT),
]
Json = Annotated[
    bool,
    Option(
        "--json",
        metavar=FLAG,
        help="One JSON object on standard output, nothing else there.",
        rich_help_panel=RESULT,
    ),
]
