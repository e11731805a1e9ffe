"""Event tables on the command line: an ID is a person."""

import numpy as np
import pytest

import ketaqsp
from ketaqsp.cli import main
from tolerances import COMPANY

HEAD = "ID,TIME,EVID,AMT,RATE,DRUG,ROUTE\n"
TREATED = {1: "35,52.5", 2: "20,30", 7: "50,75"}  # AMT, RATE


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def event_run(folder, capsys, ids, *more):
    """The result of a table in which each of `ids` has one infusion of 40 min."""
    rows = "".join(f"{i},0,1,{TREATED[i]},ketamine,iv\n" for i in ids)
    (folder / "doses.csv").write_text(HEAD + rows, encoding="utf-8")
    arguments = ("simulate", "--events", "doses.csv", "--until", "4 h", "--out", "r.zarr")
    assert main([*arguments, "--overwrite", *more]) == 0
    capsys.readouterr()
    return ketaqsp.open(folder / "r.zarr").load()


@pytest.mark.parametrize("more", [(), ("--rater-noise",)])
def test_an_id_is_the_same_person_in_any_event_table(more, folder, capsys):
    """Without the other rows, and with the rows in another order."""
    whole = event_run(folder, capsys, (1, 2, 7), *more)
    for ids in ((2,), (7, 2), (2, 7, 1)):
        some = event_run(folder, capsys, ids, *more)
        same = whole.sel(patient=list(ids))
        for name, x in some.items():
            if name != "D_ill":
                np.testing.assert_allclose(x, same[name], rtol=COMPANY, atol=COMPANY, err_msg=name)
        for name in ("weight_kg", "age_years", "baseline_madrs", "female"):
            assert (some[name].values == same[name].values).all(), name
    people = ketaqsp.cohort("trd", ids=[7, 1])
    assert (people.weight() == whole["weight_kg"].sel(patient=[7, 1]).values).all()
