"""Options that several commands share, each with its one help text. All arrive as text."""

from typing import Annotated

from typer import Option

DOSING = "Dosing"
PEOPLE = "Patients"
RESULT = "Results"

Drug = Annotated[
    str | None, Option("--drug", help="Default: ketamine.", rich_help_panel=DOSING, metavar="NAME")
]
Route = Annotated[
    str | None,
    Option(
        "--route", help="Default: the drug's first route.", rich_help_panel=DOSING, metavar="NAME"
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
Preset = Annotated[
    str, Option("--preset", help="Population.", rich_help_panel=PEOPLE, metavar="NAME")
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
    Option("--typical", help="One patient with the typical values.", rich_help_panel=PEOPLE),
]
Cut = Annotated[
    list[str] | None,
    Option(
        "--cut",
        help="Take a step of the chain out, such as spines. May be repeated.",
        rich_help_panel=PEOPLE,
        metavar="NAME",
    ),
]
Scenario = Annotated[
    list[str] | None,
    Option(
        "--scenario",
        help="Turn a switch, such as agonist. May be repeated.",
        rich_help_panel=PEOPLE,
        metavar="NAME",
    ),
]
Pk = Annotated[
    str | None,
    Option(
        "--pk",
        help="Published plasma model in place of ours.",
        rich_help_panel=PEOPLE,
        metavar="NAME",
    ),
]
Overwrite = Annotated[
    bool, Option("--overwrite", help="Replace an existing result.", rich_help_panel=RESULT)
]
Json = Annotated[
    bool,
    Option(
        "--json",
        help="One JSON object on standard output, nothing else there.",
        rich_help_panel=RESULT,
    ),
]
