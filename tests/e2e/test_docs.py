"""The documentation builds without a warning, loads nothing from elsewhere, and fits a phone."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from e2e.browser import chromium, console, requests
from ketaqsp.parameters import rows
from ketaqsp.parameters.table import LINKS

ROOT = Path(__file__).resolve().parents[2]
PHONE = 390  # CSS pixels, the width of a common phone
DESK = 1280
OPENED = ("links/synapse.html", "links/receptor.html", "start.html")
# Equations, tables and programs scroll in boxes of their own. The page must not, nor the box of the
# whole text, which the theme lets scroll so that the page would hide it.
WIDTHS = """
document.querySelectorAll('details').forEach(d => d.open = true);
const root = document.documentElement;
return [document.querySelector('.content').scrollWidth, root.scrollWidth, root.clientWidth];
"""
WIDE_EQUATIONS = """
return [...document.querySelectorAll('.equation')]
  .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.parentElement.id);
"""
UNDRAWN = """
return [...document.querySelectorAll('math')]
  .filter(m => m.getBoundingClientRect().height < 5).length;
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Folder of the built pages."""
    out = tmp_path_factory.mktemp("docs") / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    run = subprocess.run(
        [*command, str(ROOT / "docs"), str(out)], capture_output=True, encoding="utf-8", timeout=300
    )
    assert run.returncode == 0, run.stderr
    return out


@pytest.fixture(scope="module")
def driver():
    """A browser with the width of a phone."""
    with chromium(PHONE) as opened:
        yield opened


class Loaded(HTMLParser):
    """Addresses that a browser fetches by itself, and all ids and local targets."""

    def __init__(self):
        super().__init__()
        self.fetched, self.ids, self.targets, self.code = [], set(), [], []
        self._in_code = False

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        if tag in ("script", "img", "iframe", "source", "video", "audio", "object", "embed"):
            self.fetched += [given.get(k) for k in ("src", "srcset", "data") if given.get(k)]
        if tag == "link":
            self.fetched.append(given.get("href", ""))
        if tag == "a" and "href" in given:
            self.targets.append(given["href"])
        self._in_code = tag in ("code", "span") and (tag == "code" or self._in_code)

    def handle_data(self, data):
        if self._in_code:
            self.code.append(data)


def parsed(path):
    parser = Loaded()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def test_every_link_has_a_built_page(pages):
    assert [link for link in LINKS if not (pages / "links" / f"{link}.html").is_file()] == []


def test_nothing_is_loaded_from_elsewhere(pages):
    files = list(pages.rglob("*.html"))
    assert len(files) > len(LINKS)
    for file in files:
        outside = [a for a in parsed(file).fetched if "//" in a and not a.startswith("data:")]
        assert not outside, f"{file.relative_to(pages)} loads {outside}"
    for sheet in pages.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert "@import" not in text and "url(http" not in text and "url(//" not in text


def test_every_symbol_of_the_tables_is_on_a_page(pages):
    for link in LINKS:
        found = set(parsed(pages / "links" / f"{link}.html").code)
        missing = [row.symbol for row in rows(link) if row.symbol not in found]
        assert not missing, f"{link}: {missing}"


def test_local_links_lead_somewhere(pages):
    known = {file: parsed(file) for file in pages.rglob("*.html")}
    broken = []
    for file, page in known.items():
        for target in page.targets:
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, anchor = target.partition("#")
            there = (file.parent / path).resolve() if path else file
            if not there.is_file() or (
                anchor and there in known and anchor not in known[there].ids
            ):
                broken.append(f"{file.relative_to(pages)}: {target}")
    assert not broken


def test_no_page_is_wider_than_a_phone(pages, driver):
    resize(driver, PHONE)
    for page in sorted(pages.rglob("*.html")):
        driver.get(page.as_uri())
        *wide, room = driver.execute_script(WIDTHS)
        assert max(wide) <= room <= PHONE, f"{page.name}: text and page {wide} px on {room}"


@pytest.mark.parametrize("name", OPENED)
def test_a_page_in_a_browser(pages, driver, name):
    resize(driver, PHONE)
    requests(driver), console(driver)  # what belongs to the page before
    driver.get((pages / name).as_uri())
    driver.execute_script(WIDTHS)
    assert console(driver) == []
    asked = requests(driver)
    assert asked and [url for url in asked if not url.startswith(("file:", "data:"))] == []
    resize(driver, DESK)
    assert driver.execute_script(WIDE_EQUATIONS) == []
    assert driver.execute_script(UNDRAWN) == 0


def resize(driver, width):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
