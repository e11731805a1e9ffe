"""The demonstration as its reader meets it: the terminal, the files, the page in a browser."""

import json
import re
from dataclasses import replace

import pytest

import made_up
from e2e import browser
from ketaqsp.trial.demo import BANDS
from ketaqsp.trial.published import published
from ketaqsp.view.report import write_report

SECTIONS = (
    *("simulated", "results", "limits", "chain", "population", "landscape", "prior"),
    *("uncertain", "parameters", "assumed", "versions"),
)
HOSTILE = (
    "<script>document.title = 'owned'</script>\"><img src=x onerror=\"document.title='owned'\">"
)
# Pixels by which a text may leave its drawing, or two texts touch: the browser measures a line
# with its leading, which is white.
LEADING = 2
A4 = 688  # CSS pixels between the margins of a sheet


@pytest.fixture(scope="module", params=[1280, 390])
def seen(request, demo):
    assert demo.status == 0, demo.err
    return browser.look(demo.folder / "report.html", request.param)


def test_the_terminal_shows_the_result(demo):
    assert demo.status == 0, demo.err
    for words in ("ketamine", "midazolam", "response", "remission", "Murrough 2013", "Han 2016"):
        assert words in demo.out
    assert [demo.out.count(f"│{visit} ") for visit in ("24 h", "72 h", "7 d", "28 d")] == [1] * 4
    share = r"\d+(\.\d)?% \[[\d.]+ to [\d.]+\] \{[\d.]+ to [\d.]+\}"
    assert len(re.findall(share, demo.out)) == 4 * 2 * 2  # visits, endpoints, arms
    for words in ("SD of change", "fitted", "belief", "(in the fit)", "never for dosing a person"):
        assert words.lower() in demo.out.lower()
    for figure in published():
        assert f"{figure.study} {figure.doi_or_pmid}" in " ".join(demo.out.split())
    assert f"Report: {demo.folder / 'report.html'}" in demo.out


def test_progress_is_lines_where_there_is_no_terminal(demo):
    stages = [line for line in demo.err.splitlines() if line.startswith("ketaqsp")]
    counts = [re.search(r" (\d+)/(\d+) ", line).groups() for line in stages]
    total = len(counts)
    assert counts == [(str(k), str(total)) for k in range(1, total + 1)]
    assert "\x1b" not in demo.out + demo.err


def test_the_folder_holds_the_page_and_the_numbers(demo):
    assert sorted(path.name for path in demo.folder.iterdir()) == ["report.html", "result.json"]
    assert [path.name for path in demo.folder.parent.iterdir()] == [demo.folder.name]
    result = json.loads((demo.folder / "result.json").read_text(encoding="utf-8"))
    assert result["n"] == 24
    assert [arm["n"] + arm["failed"] for arm in result["arms"]] == [24, 24]


def test_nothing_is_loaded(seen):
    others = [url for url in seen["requests"] if url != seen["address"]]
    assert seen["address"] in seen["requests"]  # else the log is not listening
    assert [url for url in others if not url.startswith("data:")] == []
    assert seen["scripts"] == 0


def test_the_browser_has_no_complaint(seen):
    assert seen["console"] == []


def test_nothing_reaches_out_of_the_page(seen):
    assert seen["scroll_width"] <= seen["width"]
    assert seen["outside"] == []


def test_a_printed_page_holds_everything(demo):
    seen = browser.look(demo.folder / "report.html", A4, media="print")
    assert seen["outside"] == []
    assert "sensitivity" in seen["text"]  # a row of a table that is folded away on a screen
    assert seen["notice"][3] in seen["text"]


def test_every_section_is_there_and_can_be_reached(seen):
    assert tuple(name for name, _ in seen["sections"]) == SECTIONS
    assert min(height for _, height in seen["sections"]) > 100
    assert seen["links"] == [f"#{name}" for name in SECTIONS]


def test_every_figure_is_drawn(seen):
    shown = len(BANDS) + 2 + 1 + 1  # bands, two endpoints, chain, block; then the landscape
    assert len(seen["drawings"]) in (shown + 2, shown + 4)  # one kind of patient, or both
    for drawing in seen["drawings"]:
        left, top, right, bottom = drawing["box"]
        assert right - left > 250 and bottom - top > 150, drawing["name"]
        assert len(drawing["texts"]) > 8, drawing["name"]


def test_no_label_is_cut_off_or_covered(seen):
    for drawing in seen["drawings"]:
        left, top, right, bottom = drawing["box"]
        boxes = [(words, *box) for words, *box in drawing["texts"] if words.strip()]
        for words, x0, y0, x1, y1 in boxes:
            inside = x0 > left - LEADING and x1 < right + LEADING
            inside &= y0 > top - LEADING and y1 < bottom + LEADING
            assert inside, f"{words!r} leaves {drawing['name']}"
        for k, (words, x0, y0, x1, y1) in enumerate(boxes):
            for other, u0, v0, u1, v1 in boxes[k + 1 :]:
                across, down = min(x1, u1) - max(x0, u0), min(y1, v1) - max(y0, v0)
                covered = across > LEADING and down > 2 * LEADING
                assert not covered, f"{words!r} covers {other!r} in {drawing['name']}"


def test_the_notice_is_the_first_thing_seen(seen):
    top, bottom, width, words = seen["notice"]
    assert words == "For research and teaching, never for dosing a person."
    assert top == 0 and 20 < bottom < 120 and width == seen["width"]


def test_the_page_says_what_it_rests_on(seen, demo):
    identity = json.loads((demo.folder / "result.json").read_text(encoding="utf-8"))["identity"]
    for name in ("parameters", "equations", "solver", "patients"):
        assert re.fullmatch("[0-9a-f]{64}", identity[f"{name}_sha256"])
        assert identity[f"{name}_sha256"] in seen["text"]
    for value in identity["files"].values():
        assert value in seen["all_text"]
    for words in ("midazolam arm lies under published control arms", "belief part is off"):
        assert words in seen["text"]


def test_a_script_in_a_name_stays_text(tmp_path):
    plain = made_up.demonstration()
    used = tuple(replace(row, note=HOSTILE, meaning=HOSTILE) for row in plain.used[:2])
    figure = replace(plain.figures[0], study=HOSTILE, citation=HOSTILE)
    data = made_up.demonstration(HOSTILE, used=used, figures=(*plain.figures, figure))
    seen = browser.look(write_report(data, tmp_path), 1280)
    assert seen["title"].startswith("ketaqsp")
    assert seen["scripts"] == 0 and seen["console"] == []
    assert [url for url in seen["requests"] if not url.startswith(("file:", "data:"))] == []
    # The arm's label, two rows twice, and the study with its citation: each as it was written.
    assert seen["all_text"].count(HOSTILE) >= 1 + 4 + 2
    assert any(HOSTILE in words for d in seen["drawings"] for words, *_ in d["texts"])
