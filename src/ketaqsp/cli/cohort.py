"""`ketaqsp cohort`: virtual patients with their covariates, and their table 1."""

from ketaqsp.cli.dosing import MOST, seed_of, whole
from ketaqsp.cli.output import emit_json, emit_rich
from ketaqsp.errors import BadInput, unknown

SUFFIXES = (".csv", ".parquet")


def run(*, preset, patients, seed, match, base, out, overwrite, as_json):
    """Everything is checked before anything is drawn or written."""
    from ketaqsp.patient import own_table, store
    from ketaqsp.patient.populations import PRESETS

    seed = seed_of(seed)
    n = whole(patients, "--patients", 1, MOST)
    mine = own_table.is_table(preset)
    if base not in PRESETS:
        raise unknown("base", base, PRESETS)
    if not mine and base != "trd":
        raise BadInput(f"--base {base} goes with a table in --preset. Write --preset {base}.")
    if not mine and preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    if mine and n is not None:
        raise BadInput(f"--patients {n} and the table {preset} both say how many. Leave one out.")
    path = None
    if out is not None:
        path = store.check_target(out, overwrite=overwrite, suffixes=SUFFIXES)
    group, report = _drawn(preset, n, seed, match, base)
    if path is not None:
        from ketaqsp.patient import cohort_table

        store.put(path, lambda part: cohort_table.write(group, part, path.suffix), overwrite=True)
        report["out"] = str(path)
    if as_json:
        emit_json(report)
    else:
        emit_rich(*_page(report))
    return 0


def _drawn(preset, n, seed, match, base):
    """The cohort, and what is said of it."""
    from ketaqsp.cli.identity import model_identity
    from ketaqsp.patient import cohort, matching, own_table
    from ketaqsp.patient.summary import NOTICE
    from ketaqsp.patient.table_one import table_one

    figures = None
    if match is not None:
        named, figures = matching.read(match)
        if named not in (None, preset):
            raise BadInput(
                f"--match {match} is about the population {named!r}, --preset says {preset!r}. "
                "Write the same in both, or take preset out of the file."
            )
    group = cohort(preset, n, seed, match=figures, base=base)
    mine = own_table.is_table(preset)
    report = {
        "model": model_identity(),
        "population": group.preset,
        "table": str(preset) if mine else None,
        "ignored_columns": list(own_table.read(preset).ignored) if mine else [],
        "given": group.given,
        "matched": figures or {},
        "match": match,
        "patients": group.n,
        "seed": seed,
        "rejected": group.rejected,
        "held_at_limit": group.held,
        "table_one": table_one(group),
        "out": None,
        "notice": NOTICE,
    }
    return group, report


def _page(report):
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for k, heading in enumerate(("", "drawn", "target", "source")):
        table.add_column(heading, justify="right" if k in (1, 2) else "left", overflow="fold")
    for row in report["table_one"]:
        unit = "" if row["unit"] == "1" or row["kind"] == "share" else f", {row['unit']}"
        said = f"{row['source']} ({row['confidence']})"
        table.add_row(f"{row['long_name']}{unit}", _own(row), _target(row["target"]), said)
    n, who = report["patients"], report["population"]
    title = f"{n} virtual patient{'s' if n > 1 else ''} ({who}), seed {report['seed']}"
    parts = [Text(title, style="bold"), "", table, *_remarks(report)]
    if report["out"]:
        parts.append(f"Written: {report['out']}")
    return (*parts, report["notice"])


def _remarks(report):
    from ketaqsp.patient.covariates import FAR, TAIL

    yield (
        "Mean ± SD, or share in %. Target: what the population was made to have; what was drawn "
        "differs from it by chance, and where one covariate bounds another."
    )
    if report["rejected"]:
        yield f"{report['rejected']} draws were not stably ill and were drawn again."
    if report["held_at_limit"]:
        held = ", ".join(f"{name} {n}" for name, n in report["held_at_limit"].items())
        yield (
            f"Patients at a limit: {held}. A given value further than {FAR:g} SDs out stays, but "
            f"counts as {FAR:g} for what is drawn beside it; a drawn dose ends at {TAIL:g} SDs."
        )
    if report["table"]:
        n = report["patients"]
        held = ", ".join(f"{k} ({v} of {n})" for k, v in report["given"].items())
        yield f"From {report['table']}: {held}."
        yield f"All else was drawn from {report['population']}, given what the table holds."
    if report["ignored_columns"]:
        yield f"Columns without meaning here: {', '.join(report['ignored_columns'])}."


def _own(row):
    if row["kind"] == "share":
        return f"{100 * row['fraction']:.1f}%"
    if row["mean"] is None:
        return "none"
    sd = "" if row["sd"] is None else f" ± {row['sd']:.3g}"
    return f"{row['mean']:.3g}{sd}"


def _target(aim):
    if "fraction" in aim:
        return f"{100 * aim['fraction']:.1f}%"
    words = f"{aim['mean']:.3g}" if "mean" in aim else ""
    words += f" ± {aim['sd']:.3g}" if "sd" in aim else ""
    bounds = [f"{k} {aim[k]:g}" for k in ("min", "max") if k in aim]
    return f"{words} ({', '.join(bounds)})" if bounds else words
