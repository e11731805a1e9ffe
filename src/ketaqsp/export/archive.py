"""A COMBINE archive: model, experiment, and what made them, in one file with equal bytes.

manifest.xml names every file with its format; model.xml is SBML, simulation.sedml what to run,
metadata.rdf says in a line what it is, provenance.json has versions, seed, dosing and hashes.
"""

import hashlib
import io
import json
import zipfile
from xml.sax.saxutils import escape

from ketaqsp import NOTICE

MODEL, EXPERIMENT, ABOUT, MADE = (
    "model.xml",
    "simulation.sedml",
    "metadata.rdf",
    "provenance.json",
)
SPECIFICATIONS = "http://identifiers.org/combine.specifications/"
MANIFEST = "manifest.xml"
FORMATS = {
    ".": f"{SPECIFICATIONS}omex",
    f"./{MANIFEST}": f"{SPECIFICATIONS}omex-manifest",
    f"./{MODEL}": f"{SPECIFICATIONS}sbml.level-3.version-2",
    f"./{EXPERIMENT}": f"{SPECIFICATIONS}sed-ml.level-1.version-4",
    f"./{ABOUT}": f"{SPECIFICATIONS}omex-metadata",
    f"./{MADE}": "http://purl.org/NET/mediatypes/application/json",
}
LICENCE = "https://spdx.org/licenses/Apache-2.0"
# A zip holds a time for each file. The earliest it can hold keeps the bytes the same.
NO_TIME = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o644 << 16
UNIX = 3


def to_omex(sbml, sedml, made):
    """Bytes of the archive. made: what provenance.json is to hold beside the files' hashes."""
    files = {MODEL: sbml.encode(), EXPERIMENT: sedml.encode(), ABOUT: _about().encode()}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    whole = {**made, "files_sha256": hashes, "notice": NOTICE}
    files[MADE] = (json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in {MANIFEST: _manifest().encode(), **files}.items():
            entry = zipfile.ZipInfo(name, NO_TIME)
            # Stored: what zlib makes of a text depends on its version.
            entry.compress_type, entry.external_attr = zipfile.ZIP_STORED, PLAIN_FILE
            entry.create_system = UNIX
            archive.writestr(entry, content)
    return out.getvalue()


def _manifest():
    lines = [
        f'  <content location="{place}" format="{form}"'
        + (' master="true"/>' if place == f"./{EXPERIMENT}" else "/>")
        for place, form in FORMATS.items()
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<omexManifest xmlns="{SPECIFICATIONS}omex-manifest">\n'
        + "\n".join(lines)
        + "\n</omexManifest>\n"
    )


def _about():
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dc="http://purl.org/dc/terms/">\n'
        '  <rdf:Description rdf:about=".">\n'
        "    <dc:title>Ketamine from dose to mood, one patient</dc:title>\n"
        f"    <dc:description>{escape(NOTICE)}</dc:description>\n"
        f'    <dc:license rdf:resource="{LICENCE}"/>\n'
        "  </rdf:Description>\n"
        "</rdf:RDF>\n"
    )
