"""Write a stored calibration into the parameter tables, three digits of each number.

python calibration/apply.py calibration/landscape-seed1.json
"""

import csv
import json
import sys
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "src" / "ketaqsp"


def rounded(x):
    """Three significant digits, as text."""
    return f"{x:.3g}"


def wanted(stored):
    """{(symbol, column): text} of a stored calibration."""
    out = {}
    for symbol, x in stored["parameters"].items():
        column = "iiv_omega" if symbol.startswith("~") else "value"
        out[symbol.lstrip("~"), column] = rounded(x)
    return out


def main(path):
    change = wanted(json.loads(Path(path).read_text(encoding="utf-8")))
    for table in sorted(TABLES.glob("*/parameters.csv")):
        with open(table, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns, rows = reader.fieldnames, list(reader)
        for row in rows:
            for column in ("value", "iiv_omega"):
                text = change.pop((row["symbol"], column), None)
                if text is not None:
                    row[column], row["confidence"], row["source"] = text, "fitted", "calibration"
        with open(table, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    if change:
        raise SystemExit(f"no row for {sorted(change)}")


if __name__ == "__main__":
    main(sys.argv[1])
