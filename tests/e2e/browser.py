"""Chromium without a screen: opens a page and tells what it did and how it looks."""

import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

# Nothing of the browser's own may go out: what is seen on the network is the page's.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
HEIGHT = 900
# The whole box of each text in a drawing, with the box of its drawing.
TEXTS = """
return [...document.querySelectorAll('figure svg')].filter(s => s.getBoundingClientRect().width)
  .map(s => { const b = s.getBoundingClientRect();
    return {name: s.getAttribute('aria-label'), box: [b.left, b.top, b.right, b.bottom],
      texts: [...s.querySelectorAll('text')].map(t => { const r = t.getBoundingClientRect();
        return [t.textContent, r.left, r.top, r.right, r.bottom]; })}; });
"""
# Elements that reach out of the page to the right, outside of anything that is hidden.
OUTSIDE = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll('body *')].filter(e => !e.closest('svg') || e.tagName == 'svg')
  .filter(e => { const r = e.getBoundingClientRect(); return r.height > 1 && r.width > 1 &&
    (r.right > wide + 0.5 || r.left < -0.5); })
  .map(e => e.tagName + ' ' + e.textContent.slice(0, 40));
"""


@contextmanager
def chromium(width):
    """A driver with a window of this width in CSS pixels and a profile of its own.

    Raises FileNotFoundError with the remedy where there is no browser.
    """
    names = (("chromium", "chromium-browser"), ("chromedriver",))
    found = [next(filter(None, map(shutil.which, few)), None) for few in names]
    if None in found:
        raise FileNotFoundError(
            "chromium and chromedriver are needed to look at pages: "
            "apt-get install chromium chromium-driver"
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = found[0]
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(found[1]))
        try:
            metrics = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            driver.get("about:blank")  # away from the browser's own first page, which asks for much
            driver.get_log("performance")
            yield driver
        finally:
            driver.quit()


def requests(driver):
    """Addresses that were asked for since the last look, in order."""
    events = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


def console(driver):
    """What the browser had to say: errors, warnings, breaches of the page's policy."""
    return [entry["message"] for entry in driver.get_log("browser")]


def look(path, width, media="screen"):
    """Open a file at a width, on a screen or as printed; return what is seen as plain values."""
    with chromium(width) as driver:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
        address = Path(path).resolve().as_uri()
        driver.get(address)
        ask = driver.execute_script
        seen = {
            "address": address,
            "width": ask("return document.documentElement.clientWidth"),
            "title": driver.title,
            "text": ask("return document.body.innerText"),
            "scripts": ask("return document.scripts.length"),
            "notice": ask(
                "const r = document.querySelector('.notice').getBoundingClientRect();"
                "return [r.top, r.bottom, r.width, document.querySelector('.notice').innerText]"
            ),
            "sections": ask(
                "return [...document.querySelectorAll('section')].map("
                "s => [s.id, s.getBoundingClientRect().height])"
            ),
            "links": ask("return [...document.links].map(a => a.getAttribute('href'))"),
            "drawings": ask(TEXTS),
        }
        # What is folded away has to fit as well.
        ask("document.querySelectorAll('details').forEach(d => d.open = true)")
        seen["scroll_width"] = ask("return document.documentElement.scrollWidth")
        seen["outside"] = ask(OUTSIDE)
        seen["all_text"] = ask("return document.body.innerText")
        seen["requests"] = requests(driver)
        seen["console"] = console(driver)
    return seen
