"""The good path of each command, as a user types it, against the names that others rely on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import ketaqsp
from ketaqsp.cli import main

DOSE = ("--dose", "0.5 mg/kg")
SHORT = (*DOSE, "--patients", "6", "--until", "6 h", "--every", "2 h")
FORMS = ("", "_s", "_r")
POOLS = ("pv", "sst", "pyramidal", "rest", "lhb")
NAMES = (
    *(f"ketamine_{where}{form}" for where in ("arterial", "venous") for form in FORMS),
    *(f"{what}_venous{form}" for what in ("norketamine", "hnk") for form in FORMS),
    *(f"nmda_block_{pool}" for pool in POOLS),
    *("glutamate", "ampa_throughput", "bdnf", "trkb", "mtorc1", "eef2", "synaptic_protein"),
    *("spine_density", "spine_density_absolute", "madrs"),
    *("cadss", "sbp_change"),
)
PROMISED = {
    "bdnf_absolute": "only spine density has its absolute twin",
}
QUANTILES = ("p10", "p50", "p90")
OF_A_TIME = {
    *("time_h", "n", "madrs_mean", "madrs_sd", "change_mean", "change_sd", "responders"),
    *("response", "response_ci95", "remitters", "remission", "remission_ci95"),
    *(f"{what}_{q}" for what in ("madrs", "spine_density") for q in QUANTILES),
}


def ketaqsp_process(*arguments, cwd, **more):
    """Run the command as a process of its own."""
    command = [sys.executable, "-m", "ketaqsp", *arguments]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", cwd=cwd, timeout=120, **more
    )


def answer(capsys, *arguments, status=0):
    """The JSON object of a command run here; nothing but it may be on standard output."""
    assert main([*arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """One run with a store, as a process: (its JSON object, the Dataset, its folder)."""
    where = tmp_path_factory.mktemp("simulate")
    run = ketaqsp_process("simulate", *SHORT, "--out", "run.zarr", "--json", cwd=where)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout), ketaqsp.open(where / "run.zarr"), where


def test_simulate_answers_with_one_json_object(result):
    report, _, _ = result
    assert report["patients"] == 6 and report["failed_patients"] == []
    assert report["seed"] == 0 and report["population"] == "trd"
    assert report["until_h"] == 6 and report["every_h"] == 2 and report["out"] == "run.zarr"
    assert report["solver"]["failed_patients"] == 0
    assert set(report["model"]) == {"version", "parameters_sha256", "equations_sha256"}
    assert report["regimen"][0]["unit"] == "mg/kg"
    assert [entry["time_h"] for entry in report["summary"]] == report["times"] == [0, 4, 6]
    for entry in report["summary"]:
        assert set(entry) == OF_A_TIME
        assert entry["madrs_p10"] <= entry["madrs_p50"] <= entry["madrs_p90"]
        low, high = entry["response_ci95"]
        assert 0 <= low <= entry["response"] <= high <= 1
    assert {entry["unit"] for entry in report["peaks"].values()} == {"ng/mL", "fraction"}
    assert "never for dosing a person" in report["notice"]


def test_the_store_has_the_promised_names(result):
    _, out, _ = result
    assert set(out.dims) == {"patient", "time"}
    assert out["time"].values.tolist() == [0, 2, 4, 6]
    assert out["patient"].values.tolist() == list(range(6))
    missing = [name for name in NAMES if name not in out]
    assert not missing
    assert out["status"].dims == ("patient",)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=pytest.mark.xfail(
                strict=True,
                reason=f"observed: no variable {name}; predicted: one; reason: {why}",
            ),
        )
        for name, why in PROMISED.items()
    ],
)
def test_the_store_has_the_names_of_later_links(result, name):
    assert name in result[1]


def test_every_variable_says_what_it_is(result):
    _, out, _ = result
    bare = [
        (name, key)
        for name, x in out.variables.items()
        for key in ("units", "long_name", "source")
        if not x.attrs.get(key)
    ]
    assert not bare
    assert {out[f"ketamine_venous{form}"].attrs["units"] for form in FORMS} == {"ng/mL"}
    assert out["nmda_block_pv"].attrs["units"] == "fraction"
    assert out["time"].attrs["units"] == "h"


def test_the_whole_is_the_sum_of_its_forms(result):
    _, out, _ = result
    for name in ("ketamine_arterial", "ketamine_venous", "norketamine_venous", "hnk_venous"):
        both = out[f"{name}_s"] + out[f"{name}_r"]
        xr.testing.assert_allclose(out[name], both)


def test_relative_signals_begin_at_one(result):
    start = result[1].isel(time=0)
    for name in ("spine_density", "bdnf", "trkb", "mtorc1", "synaptic_protein", "ampa_throughput"):
        np.testing.assert_allclose(start[name].values, 1.0, err_msg=name)


def test_the_store_carries_what_made_it(result):
    report, out, where = result
    assert out.attrs["parameters_sha256"] == report["model"]["parameters_sha256"]
    asked = json.loads(out.attrs["asked"])
    assert asked["seed"] == 0 and asked["regimens"][0][0]["drug"] == "ketamine"
    used = json.loads(out.attrs["parameters"])
    assert used["tau_mood"][1] == "h"
    record = json.loads((where / "run.zarr.run.json").read_text(encoding="utf-8"))
    assert {"started", "seconds", "host", "command", "failed"} <= set(record)
    stamped = json.dumps(out.attrs)
    assert record["host"] not in stamped and record["started"] not in stamped


def test_the_same_run_from_python(result):
    """The store holds what simulate() returns; the output times differ, so the steps do."""
    from tolerances import SCIPY

    _, out, _ = result
    mine = ketaqsp.simulate(
        ketaqsp.infusion(mg_per_kg=0.5), ketaqsp.cohort("trd", n=6), days=0.25, every="2 h"
    )
    span = float(mine["madrs"].max() - mine["madrs"].min())
    assert float(abs(out["madrs"] - mine["madrs"]).max()) < SCIPY * span


def files(path):
    """{name: bytes} of a file or a folder."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {
        str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()
    }


@pytest.mark.parametrize("kind", ["zarr", "csv"])
def test_two_same_runs_give_equal_bytes(kind, result, folder, capsys):
    first = folder / f"a.{kind}"
    if kind == "zarr":
        first = result[2] / "run.zarr"
    else:
        assert main(["simulate", *SHORT, "--out", first.name]) == 0
    assert main(["simulate", *SHORT, "--out", f"b.{kind}"]) == 0
    capsys.readouterr()
    assert files(first) == files(folder / f"b.{kind}")
    left = {path.name for path in folder.iterdir()}
    assert not [name for name in left if name.endswith((".partial", ".replaced"))]


def test_another_seed_gives_other_patients(result, capsys):
    report = answer(capsys, "simulate", *SHORT, "--seed", "1")
    assert report["summary"][0]["madrs_mean"] != result[0]["summary"][0]["madrs_mean"]


def test_a_csv_reads_back(result, folder, capsys):
    assert main(["simulate", *SHORT, "--out", "run.csv"]) == 0
    capsys.readouterr()
    head = (folder / "run.csv").read_text(encoding="utf-8").splitlines()[0]
    assert head == "patient,variable,time_h,value,unit,status"
    table, store = ketaqsp.open(folder / "run.csv"), result[1]
    assert {"madrs", "ketamine_venous_s", "status"} <= set(table)
    for name in table.data_vars:
        np.testing.assert_array_equal(table[name].values, store[name].values, err_msg=name)
        assert table[name].attrs["units"] == store[name].attrs["units"]


def test_an_event_table_gives_each_id_its_doses(folder, capsys):
    mg = 0.5 * ketaqsp.typical().weight()[0]
    rows = f"7,0,1,{mg},{1.5 * mg},ketamine,iv,mg\n3,0,1,0.5,0.75,ketamine,iv,mg/kg\n"
    rows += "9,0,0,0,0,.,.,.\n"
    text = "ID,TIME,EVID,AMT,RATE,DRUG,ROUTE,AMT_UNIT\n" + rows
    (folder / "doses.csv").write_text(text, encoding="utf-8")
    report = answer(
        capsys,
        "simulate",
        "--events",
        "doses.csv",
        "--typical",
        "--until",
        "2 h",
        "--out",
        "r.zarr",
    )
    assert report["patients"] == 3 and report["events"] == "doses.csv"
    out = ketaqsp.open(folder / "r.zarr")
    assert out["patient"].values.tolist() == [7, 3, 9]
    peak = out["ketamine_venous"].max("time").values
    # 7 is given in mg what 3 is given in mg/kg; 9 gets nothing.
    np.testing.assert_allclose(peak[0], peak[1])
    assert peak[0] > 50 and peak[2] == 0


def test_saline_changes_nothing(capsys):
    report = answer(capsys, "simulate", "--drug", "saline", "--typical", "--until", "1 d")
    assert report["regimen"] == []
    assert all(abs(entry["change_mean"]) < 1e-3 for entry in report["summary"])
    assert report["peaks"]["ketamine_venous"]["peak_p50"] == 0


def test_rater_noise_gives_whole_points(folder, capsys):
    report = answer(capsys, "simulate", *SHORT, "--rater-noise", "--out", "r.zarr")
    out = ketaqsp.open(folder / "r.zarr")
    assert report["rater_noise"] is True
    assert (out["madrs"].values == np.rint(out["madrs"].values)).all()
    assert not (out["madrs"].values == out["madrs_true"].values).any()


def test_overwrite_replaces_a_result(folder, capsys):
    arguments = ("simulate", *DOSE, "--typical", "--until", "1 h", "--out", "r.csv")
    (folder / "r.csv").write_text("old", encoding="utf-8")
    assert main([*arguments, "--overwrite"]) == 0
    capsys.readouterr()
    assert ketaqsp.open(folder / "r.csv").sizes["patient"] == 1


def test_parameters(capsys):
    report = answer(capsys, "parameters")
    assert report["count"] == len(report["parameters"]) == sum(report["by_confidence"].values())
    needed = ("symbol", "meaning", "value", "unit", "omega", "confidence", "citation", "link")
    for row in report["parameters"]:
        assert all(key in row for key in needed) and row["unit"] and row["citation"]
    some = answer(capsys, "parameters", "--link", "mood", "--confidence", "assumed")
    kinds = {(row["link"], row["confidence"]) for row in some["parameters"]}
    assert kinds == {("mood", "assumed")} and some["count"] < report["count"]


def test_supervise(capsys):
    from ketaqsp.supervision import rules

    arguments = ("supervise", *DOSE, "--days", "0,3", "--patients", "8", "--seed", "2")
    report = answer(capsys, *arguments)
    assert report["patients"] == 8 and report["sessions"] == 16
    assert [entry["rule"] for entry in report["rules"]] == [rule.rule for rule in rules()]
    for entry in report["rules"]:
        if entry["status"] == "simulated":
            assert entry["fired"] <= entry["of"] in (8, 16)
            assert entry["share"] == entry["fired"] / entry["of"]
            low, high = entry["share_ci95"]
            assert (
                low <= entry["share"] <= high and high - low > 0.2
            )  # of 8 people, not 16 sessions
        else:
            assert entry["why"] and "fired" not in entry
    again = answer(capsys, *arguments)
    assert again == report
    assert main([*arguments]) == 0
    assert "sedation at any time" in capsys.readouterr().out


def test_export_writes_sbml_with_the_doses(folder, capsys):
    import libsbml

    arguments = ("export", "--format", "sbml", *DOSE, "--days", "0,3")
    report = answer(capsys, *arguments, "--out", "k.xml")
    assert report["format"] == "sbml" and report["patient"] == "typical" and report["states"] > 20
    document = libsbml.readSBMLFromFile(str(folder / "k.xml"))
    assert document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) == 0
    model = document.getModel()
    assert model.getNumRules() > report["states"]
    # Each infusion begins and ends; the first begins in the initial values.
    assert model.getNumEvents() == 3
    assert main([*arguments, "--out", "k2.xml"]) == 0
    capsys.readouterr()
    assert (folder / "k.xml").read_bytes() == (folder / "k2.xml").read_bytes()
    assert sorted(os.listdir(folder)) == ["k.xml", "k2.xml"]


def test_export_of_a_drawn_patient_is_that_patient(folder, capsys):
    import libsbml

    from tolerances import ROUNDING

    assert answer(capsys, "export", *DOSE, "--patient", "2", "--seed", "5", "--out", "k.xml")
    model = libsbml.readSBMLFromFile(str(folder / "k.xml")).getModel()
    people = ketaqsp.cohort("trd", n=3, seed=5)
    for name in ("M0", "rho"):
        value = model.getParameter(name).getValue()  # written with 15 digits
        assert value == pytest.approx(people.parameters[name][2], rel=ROUNDING)


@pytest.fixture
def demonstrated(demo, monkeypatch):
    """The demonstration of the whole session in place of another minute of work.

    Returns a dict; what it holds replaces entries of the first arm's result.
    """
    changed = {}

    def again(folder, n, seed, quiet):
        assert quiet
        shutil.copytree(demo.folder, folder)
        path = Path(folder) / "result.json"
        result = json.loads(path.read_text(encoding="utf-8"))
        result["arms"][0].update(changed)
        path.write_text(json.dumps(result), encoding="utf-8")
        return Path(folder) / "report.html"

    monkeypatch.setattr("ketaqsp.view.demo.run_demo", again)
    return changed


def test_the_demonstration_in_json(demonstrated, folder, capsys):
    report = answer(capsys, "demo", "--patients", "24", "--out", "page")
    assert report["patients"] == 24 and report["seed"] == 1
    assert (folder / report["report"]).stat().st_size > 10_000
    assert [arm["name"] for arm in report["arms"]] == ["ketamine", "midazolam"]
    assert "never for dosing a person" in report["notice"]
    assert sorted(os.listdir(folder)) == ["page"]


def test_the_demonstration_says_who_failed(demonstrated, capsys):
    demonstrated["failed"] = 2
    assert main(["demo", "--json", "--patients", "24", "--out", "page"]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["arms"][0]["failed"] == 2
    assert "2 of 24 patients of ketamine could not be solved" in err


def test_the_demonstration_as_a_process(demo):
    assert demo.status == 0, demo.err
    assert "response" in demo.out and "Report: " in demo.out
    assert "Traceback" not in demo.err
    assert not demo.folder.with_name(f"{demo.folder.name}.partial").exists()


def test_version(folder):
    run = ketaqsp_process("--version", cwd=folder)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"ketaqsp {ketaqsp.__version__}\n", "")


def test_help_names_what_there_is():
    """The help spells names out, so that it need not load the tables."""
    from ketaqsp.cli import options
    from ketaqsp.dose.drugs import table
    from ketaqsp.parameters import links
    from ketaqsp.parameters.table import CONFIDENCE, published_names
    from ketaqsp.patient import PRESETS
    from ketaqsp.plasma import inhibitors

    def names(text):
        return text.split(", ")

    assert names(options.DRUGS) == list(table())
    assert set(names(options.ROUTES)) == {route for d in table().values() for route in d.routes}
    assert names(options.INHIBITORS) == list(inhibitors.table())
    assert names(options.PRESETS) == list(PRESETS)
    assert names(options.PKS) == list(published_names())
    assert names(options.CUTS) == list(ketaqsp.CUTS)
    assert names(options.SCENARIOS) == list(ketaqsp.SCENARIOS)
    assert names(options.LINKS) == list(links())
    assert names(options.CONFIDENCE) == list(CONFIDENCE)
