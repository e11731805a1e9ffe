"""A cohort as a table, one row a patient: id, covariates, and what follows from them.

It can be read again as a user's own table (ketaqsp.cohort("cohort.csv")).
"""

from ketaqsp.patient.own_table import ID
from ketaqsp.patient.populations import ANCESTRIES, covariates

WHOLE = ("fraction", "count", "ancestry", "alleles")


def columns(cohort):
    """{column: list of n}: ancestry in words, whole numbers as such."""
    out = {ID: [int(i) for i in cohort.ids]}
    for name, about in covariates().items():
        x = cohort.covariates[name]
        if about.kind == "ancestry":
            out[name] = [ANCESTRIES[int(v)] for v in x]
        else:
            out[name] = [int(v) for v in x] if about.kind in WHOLE else x.tolist()
    return out


def write(cohort, path, suffix):
    """Write the table as .csv or .parquet, by `suffix`; numbers in full."""
    table = columns(cohort)
    if suffix == ".parquet":
        import pandas as pd

        units = {name: about.unit for name, about in covariates().items()}
        frame = pd.DataFrame(table)
        frame.attrs["units"] = units
        with open(path, "wb") as file:
            frame.to_parquet(file, index=False)
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(table) + "\n")
        for row in zip(*table.values(), strict=True):
            file.write(",".join(map(str, row)) + "\n")
