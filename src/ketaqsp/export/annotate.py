"""What a name in the export means: SBO terms, and identifiers of substances, genes and papers.

Substances, genes and processes come from identifiers.csv and terms from terms.csv, both by patterns
of names; a parameter also points to the paper of its row, by the number in sources.csv or, where
that has none, by papers.csv.
"""

import csv
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import libsbml

from ketaqsp.errors import KetaqspError
from ketaqsp.parameters.table import sources

REGISTRY = "https://identifiers.org/"
MODEL = "(model)"
HERE = Path(__file__).parent

# Terms of the Systems Biology Ontology.
FRAMEWORK = 293  # non-spatial continuous framework
EXPRESSION = 64  # mathematical expression
OCCURRING = 231  # occurring entity representation
PARAMETER = 2  # quantitative systems description parameter
BY_UNIT = {"L": 468, "umol": 360, "umol/L": 196, "ng/mL": 196, "1/h": 9, "h": 346, "mmHg": 279}

_QUALIFIERS = {
    "hasTaxon": libsbml.BQB_HAS_TAXON,
    "hasProperty": libsbml.BQB_HAS_PROPERTY,
    "isPropertyOf": libsbml.BQB_IS_PROPERTY_OF,
    "isDescribedBy": libsbml.BQB_IS_DESCRIBED_BY,
}
# What may stand under "doi_or_pmid", and where it is found.
_NUMBERS = (
    (r"10\.\S+", "doi:{}"),
    (r"PMID ?(\d+)", "pubmed:{}"),
    (r"PMC\d+", "pmc:{}"),
    (r"NCT\d+", "clinicaltrials:{}"),
)


@cache
def table(file):
    """The rows of identifiers.csv, terms.csv or papers.csv."""
    with open(HERE / file, encoding="utf-8", newline="") as opened:
        return tuple(csv.DictReader(opened))


def sbo(name, unit):
    """Number of the SBO term of a parameter, state or signal: of the first pattern that fits."""
    for row in table("terms.csv"):
        if fnmatchcase(name, row["name"]):
            return int(row["term"])
    return BY_UNIT.get(unit, PARAMETER)


@cache
def identifiers(name):
    """((qualifier, URI), ...) of what a parameter, state, signal or the model (MODEL) is about."""
    return tuple(
        (row["qualifier"], REGISTRY + row["identifier"])
        for row in table("identifiers.csv")
        if fnmatchcase(name, row["name"]) and not fnmatchcase(name, row["not"])
    )


@cache
def paper(source):
    """((qualifier, URI), ...) of a key of the sources; empty where it is no paper or not known."""
    found = []
    for part in sources().get(source, ("", "", ""))[1].split(";"):
        for pattern, place in _NUMBERS:
            if number := re.fullmatch(pattern, part.strip()):
                found.append(place.format(number[number.lastindex or 0]))
    found = found or [r["identifier"] for r in table("papers.csv") if r["source"] == source]
    return tuple(("isDescribedBy", REGISTRY + number) for number in found)


def mark(element, term, pointers=()):
    """Give an element its SBO term and its identifiers. Raises KetaqspError."""
    codes = [element.setSBOTerm(term)]
    if pointers:
        codes.append(element.setMetaId(f"meta_{element.getId()}"))
    for qualifier, uri in pointers:
        about = libsbml.CVTerm(libsbml.BIOLOGICAL_QUALIFIER)
        about.setBiologicalQualifierType(_QUALIFIERS[qualifier])
        about.addResource(uri)
        codes.append(element.addCVTerm(about))
    if any(code != libsbml.LIBSBML_OPERATION_SUCCESS for code in codes):
        raise KetaqspError(f"{element.getId()} cannot be annotated in SBML: {codes}")
