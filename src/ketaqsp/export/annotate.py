"""What a name in the export means: SBO terms, and identifiers of substances, genes and papers.

A substance or gene comes from identifiers.csv, by patterns of names; a parameter points to the
paper of its row, where that has a DOI or a PubMed number.
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
TABLE = Path(__file__).with_name("identifiers.csv")

# Terms of the Systems Biology Ontology.
FRAMEWORK = 293  # non-spatial continuous framework
EXPRESSION = 64  # mathematical expression
OCCURRING = 231  # occurring entity representation
PARAMETER = 2  # quantitative systems description parameter
BY_SYMBOL = (("IC50_*", 288), ("t_*", 332))
BY_UNIT = {"L": 468, "umol": 360, "umol/L": 196, "ng/mL": 196, "1/h": 9, "h": 346}

_QUALIFIERS = {
    "hasTaxon": libsbml.BQB_HAS_TAXON,
    "hasProperty": libsbml.BQB_HAS_PROPERTY,
    "isPropertyOf": libsbml.BQB_IS_PROPERTY_OF,
    "isDescribedBy": libsbml.BQB_IS_DESCRIBED_BY,
}
# More than one drug's name may hold another's: the longest pattern that fits is meant.
_DRUGS = "*ketamine*", "*norketamine*"


def sbo(name, unit):
    """Number of the SBO term of a parameter, state or signal."""
    for pattern, term in BY_SYMBOL:
        if fnmatchcase(name, pattern):
            return term
    return BY_UNIT.get(unit, PARAMETER)


@cache
def identifiers(name):
    """((qualifier, URI), ...) of what a state, signal or the model (MODEL) is about."""
    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if fnmatchcase(name, row["name"])]
    if {row["name"] for row in rows} >= set(_DRUGS):
        rows = [row for row in rows if row["name"] != _DRUGS[0]]
    return tuple((row["qualifier"], REGISTRY + row["identifier"]) for row in rows)


@cache
def paper(source):
    """((qualifier, URI),) of a key of the sources; empty where it has no number."""
    _, number, _ = sources().get(source, ("", "", ""))
    if number.startswith("10."):
        return (("isDescribedBy", f"{REGISTRY}doi:{number}"),)
    pubmed = re.fullmatch(r"PMID ?(\d+)", number)
    return (("isDescribedBy", f"{REGISTRY}pubmed:{pubmed[1]}"),) if pubmed else ()


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
