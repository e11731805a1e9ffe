"""Pictures of a report: at 1280 and 390 pixels, and as printed.

    python docs/screenshots.py my-trial/report.html pictures

Writes NAME-1280-K.png, NAME-390-K.png and NAME-print-K.png (the whole page, cut in pieces; print is
688 pixels wide, a sheet of A4 between its margins) and NAME-print.pdf.
"""

import base64
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from e2e.browser import chromium  # noqa: E402

SHEET = 688  # CSS pixels between the margins of A4
LOOKS = ((1280, "screen", "1280"), (390, "screen", "390"), (SHEET, "print", "print"))
PIECE = 1800  # pixels of one picture: a whole page would be scaled down by whoever shows it


def shoot(page, folder):
    """Write every picture; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for width, media, name in LOOKS:
        with chromium(width) as driver:
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
            driver.get(page.resolve().as_uri())
            height = driver.execute_script("return document.documentElement.scrollHeight")
            for k, top in enumerate(range(0, height, PIECE)):
                clip = {"x": 0, "y": top, "width": width, "height": min(PIECE, height - top)}
                asked = {"captureBeyondViewport": True, "clip": {**clip, "scale": 1}}
                shot = driver.execute_cdp_cmd("Page.captureScreenshot", asked)
                path = folder / f"{page.stem}-{name}-{k + 1}.png"
                path.write_bytes(base64.b64decode(shot["data"]))
                made.append(path)
            if media == "print":
                asked = {"printBackground": True, "paperWidth": 8.27, "paperHeight": 11.69}
                printed = driver.execute_cdp_cmd("Page.printToPDF", asked)
                path = folder / f"{page.stem}-print.pdf"
                path.write_bytes(base64.b64decode(printed["data"]))
                made.append(path)
    return made


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python docs/screenshots.py REPORT.html FOLDER")
    for path in shoot(Path(sys.argv[1]), Path(sys.argv[2])):
        print(path)
