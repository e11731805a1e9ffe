"""The faces draw what they are given: cells, figures, the page, the folder, the terminal."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import made_up
from ketaqsp.errors import BadInput, MachineError
from ketaqsp.trial.demo import NOTICE, summary
from ketaqsp.trial.endpoints import Estimate
from ketaqsp.view import demo, figures, report, style, table, terminal
from tolerances import README_FIGURE

ROOT = Path(__file__).resolve().parents[2]
CONTRAST = 3.0  # of a line against white: WCAG 2.2 for graphics
MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def data():
    return made_up.demonstration()


@pytest.fixture(scope="module")
def page(data):
    return report.render(data)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (0.004, "0.4%"), (0.0994, "9.9%"), (0.0996, "10%"), (0.436, "44%"), (1, "100%")],
)
def test_percent(share, text):
    assert table.percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(-14.23, f"{MINUS}14.2"), (1.44, "+1.4"), (0.04, "0.0"), (-0.04, "0.0")],
)
def test_points_show_their_sign(value, text):
    assert table.points(value) == text


def test_a_cell_has_both_intervals():
    cell = table.share_cell(Estimate(0.433, (0.402, 0.464), (0.313, 0.562)))
    assert cell == ("43%", "40 to 46", "31 to 56")


def test_a_published_cell_says_what_it_is():
    cells = [text.replace("\N{NO-BREAK SPACE}", " ") for text in
             table.published_cell("response", "ketamine", 168.0)]  # fmt: skip
    assert "45.7% [32 to 60] Murrough 2013 (recalled)" in cells
    assert "39.8% Han 2016 (in the fit)" in cells  # pooled: no interval from its n
    assert table.published_cell("response", "control", 500.0) == []


def test_the_clock_runs_from_minutes_to_weeks():
    ticks = style.clock([hour for hour, _ in style.TICKS])
    assert (np.diff(ticks) > 0).all()
    assert np.diff(ticks).min() > 0.06 * ticks[-1]  # a tick's label is about that wide
    assert style.clock(1 / 60) == pytest.approx(4 / 60, rel=1e-2)  # linear at first


def _luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_lines_differ_in_dash_and_stand_out():
    assert len({str(dash) for _, dash in style.LINES}) == len(style.LINES)
    for colour in (style.BLUE, style.RED, style.GREEN, style.BLACK, style.GREY):
        assert 1.05 / (_luminance(colour) + 0.05) > CONTRAST, colour


def test_an_svg_carries_no_style_and_shares_no_name(page):
    assert "style=" not in page
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names)) > 100
    used = set(re.findall(r"url\(#([^)]+)\)", page)) | set(re.findall(r'href="#([^"]+)"', page))
    assert used <= set(names)


def test_the_page_loads_nothing(page):
    assert page.count("<style") == 1 and "<script" not in page and "@import" not in page
    addresses = re.findall(r'(?:src|href|action|srcset)="([^"]*)"', page)
    assert all(a.startswith("#") or a == "data:," for a in addresses)
    assert "default-src &#39;none&#39;" in page and "unsafe" not in page


def test_a_drawing_is_the_same_again(data):
    first, second = (style.svg(figures.block_figure(data.chain), "block", "x") for _ in range(2))
    assert first == second


def test_every_parameter_row_is_on_the_page(data, page):
    for row in data.used:
        assert f"<code>{row.symbol}</code>" in page
    for row in data.used:
        if row.confidence in ("assumed", "recalled", "fitted"):
            assert f"<li><code>{row.symbol}</code>" in page


def test_failed_patients_are_on_the_page_and_the_terminal(monkeypatch):
    status = np.zeros(made_up.PATIENTS, np.int8)
    status[[5, 41]] = 2
    failed = made_up.demonstration(status=status)
    line = "2 in the ketamine arm (patient 5, 41)"
    assert line in table.lost_line(failed.arms)
    assert table.lost_line(made_up.demonstration().arms) == ""
    monkeypatch.setattr(report, "drawings", _no_drawings)
    assert line in report.render(failed)
    printed = io.StringIO()
    terminal.print_result(failed, "report.html", printed)
    assert line in printed.getvalue()


class _no_drawings(dict):
    """Stands in for the figures, which take seconds."""

    def __init__(self, _data):
        super().__init__()

    def __missing__(self, name):
        return ""

    def items(self):
        names = ("chain", "chain-narrow", "block", "response", "remission")
        kinds = [f"{part}-{kind}" for part in ("valley", "plane") for kind in
                 ("monostable", "bistable")]  # fmt: skip
        bands = [f"band-{name}" for name in figures.BANDS]
        return [(name, "") for name in (*names, *kinds, *bands)]


def test_the_terminal_prints_without_colour_into_a_file(data):
    printed = io.StringIO()
    terminal.print_result(data, "somewhere/report.html", printed)
    text = printed.getvalue()
    assert "\x1b" not in text and max(map(len, text.splitlines())) <= 150
    assert NOTICE in text and text.rstrip().endswith("Report: somewhere/report.html")
    for row in data.prior.held:
        assert row.symbol in text


def test_a_narrow_terminal_gets_two_tables_without_broken_cells(data):
    from rich.console import Console

    printed = io.StringIO()
    console = Console(file=printed, width=80)
    tables = terminal.result_tables(data, console.width)
    assert len(tables) == 2 and len(terminal.result_tables(data, terminal.WIDE)) == 1
    for made in tables:
        console.print(made)
    cells = re.findall(r"\d%? \[[\d.]+ to [\d.]+\] \{[\d.]+ to [\d.]+\}", printed.getvalue())
    assert len(cells) == 4 * 2 * 2  # visits, endpoints, arms: none is cut by a line's end
    assert max(map(len, printed.getvalue().splitlines())) <= 80


def test_progress_is_lines_in_a_log():
    log = io.StringIO()
    with terminal.progress(2, log) as tell:
        tell("first", 0, 2)
        tell("second", 1, 2)
    found = [line.split() for line in log.getvalue().splitlines()]
    assert [(words[0], *words[2:]) for words in found] == [
        ("ketaqsp", "s", "1/2", "first"),
        ("ketaqsp", "s", "2/2", "second"),
    ]


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "photo.png").touch()
    with pytest.raises(BadInput, match="something else"):
        demo.check_folder(tmp_path)
    with pytest.raises(BadInput, match="something else"):
        demo.check_folder(tmp_path / "photo.png")
    demo.check_folder(tmp_path / "new")


def test_an_earlier_demonstration_stays_when_the_next_one_fails(tmp_path, data, monkeypatch):
    folder = tmp_path / "demo"
    write = lambda _data, where: (where / "report.html").write_text("first")  # noqa: E731
    monkeypatch.setattr(report, "write_report", write)
    demo.save(data, folder, summary(data))
    assert json.loads((folder / "result.json").read_text())["n"] == made_up.PATIENTS

    def full(_data, _where):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "write_report", full)
    with pytest.raises(MachineError, match="No space left"):
        demo.save(data, folder, summary(data))
    assert (folder / "report.html").read_text() == "first"
    demo.check_folder(folder)


def test_the_front_page_shows_what_its_program_computes():
    """The figure's values against the program as printed."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {}
    exec(re.search(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)[1], names)
    shown = names["out"]["madrs"].quantile([0.1, 0.5, 0.9], dim="patient")
    expected = shown.sel(time=list(figures.README_HOURS)).values
    with Image.open(ROOT / "docs" / "figures" / "readme.png") as drawn:
        found = np.array(json.loads(drawn.text["Description"]))
        assert min(drawn.size) > 500
    stale = "draw it again: ketaqsp.view.figures.readme_figure('docs/figures/readme.png')"
    assert np.abs(found - expected).max() < README_FIGURE, stale
