"""`ketaqsp trial` as its reader meets it: the folder, the page in a browser, hostile names."""

import json

import pytest

from e2e import browser
from ketaqsp.cli import main

SECTIONS = (
    *("simulated", "range", "results", "relapse", "belief", "people", "acute", "chain"),
    *("assumed", "credibility", "versions"),
)
HOSTILE = "<script>document.title = 'owned'</script>"
PROTOCOL = f"""
name: =1+1
masking: saline
arms:
  - name: "{HOSTILE}"
    n: 4
    treatments:
      - {{drug: ketamine, route: iv, dose: 2 mg/kg, duration: 40 min, days: [0, 7]}}
    policy: {{rule: stop_at, goal: remission}}
  - name: saline
    n: 4
    treatments: [{{drug: saline, days: [0, 7]}}]
visits: [0 h, 4 h, 24 h, 7 d, 14 d]
replicates: 4
"""
LEADING = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("trial")
    (home / "x.yaml").write_text(PROTOCOL)
    assert main(["trial", str(home / "x.yaml"), "--out", str(home / "out"), "--json"]) == 0
    return home / "out"


@pytest.fixture(scope="module", params=[1280, 390])
def seen(request, folder):
    return browser.look(folder / "report.html", request.param)


def test_the_folder_is_whole(folder):
    names = {p.name for p in folder.iterdir()}
    tables = {"adsl.csv", "adqs.csv", "adex.csv", "adtte.csv", "ledger.csv", "failures.csv"}
    assert names == {*tables, "run.json", "result.json", "report.html", "figures"}
    drawn = {p.name for p in (folder / "figures").iterdir()}
    figures = ("course", "response", "remission", "relapse", "acute", "chain")
    assert {f"{n}.{kind}" for n in figures for kind in ("svg", "png")} == drawn
    assert [p.name for p in folder.parent.iterdir() if "partial" in p.name] == []
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result["arms"][0]["name"] == HOSTILE and "wall_s" not in result


def test_a_spreadsheet_is_given_no_formula(folder):
    for table in folder.glob("*.csv"):
        for line in table.read_text(encoding="utf-8").splitlines():
            cells = [c.strip('"') for c in line.split(",")]
            assert not any(c[:1] in ("=", "@", "+") for c in cells), f"{table.name}: {line}"
    assert "'=1+1" in (folder / "adsl.csv").read_text(encoding="utf-8")


def test_names_stay_text(seen):
    assert seen["title"] == "ketaqsp trial: =1+1"
    assert seen["scripts"] == 0 and seen["console"] == []
    assert seen["all_text"].count(HOSTILE) > 5
    assert any(HOSTILE in words for d in seen["drawings"] for words, *_ in d["texts"])


def test_nothing_is_loaded_and_nothing_reaches_out(seen):
    assert [u for u in seen["requests"] if not u.startswith(("file:", "data:"))] == []
    assert seen["scroll_width"] <= seen["width"] and seen["outside"] == []


def test_every_section_and_figure_is_there(seen):
    assert tuple(name for name, _ in seen["sections"]) == SECTIONS
    assert seen["links"] == [f"#{name}" for name in SECTIONS]
    assert len(seen["drawings"]) == 6
    assert seen["notice"][3] == "For research and teaching, never for dosing a person."
    for drawing in seen["drawings"]:
        left, top, right, bottom = drawing["box"]
        for words, x0, y0, x1, y1 in drawing["texts"]:
            inside = x0 > left - LEADING and x1 < right + LEADING
            inside &= y0 > top - LEADING and y1 < bottom + LEADING
            assert inside, f"{words!r} leaves {drawing['name']}"


def test_the_page_says_that_the_dose_is_untried(seen):
    assert "outside the evidence" in seen["text"] and "2 mg/kg" in seen["text"]
    for words in ("Belief: twice", "Kaplan-Meier", "CADSS", "sha256", "treatment ends"):
        assert words in seen["text"]
