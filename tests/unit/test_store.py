"""Results on disk, with a small made-up Dataset: whole or not at all, and readable in between."""

import errno
import json
import os
import zlib

import numpy as np
import pytest
import xarray as xr

import ketaqsp
from ketaqsp.errors import BadInput, MachineError
from ketaqsp.patient import Cohort, long_table, store, stream, summary
from ketaqsp.patient.long_table import NOT_RUN
from ketaqsp.patient.random import normal
from ketaqsp.patient.stream import CHUNK, Writer

N, TIMES = CHUNK + 100, 3  # two chunks


def made(n=N, seed=1):
    """A Dataset as simulate() returns it; patient 1 failed."""
    random = np.random.default_rng(seed)
    about = {"units": "points", "long_name": "MADRS total", "source": "mood link"}
    variables = {
        name: (("time", "patient"), random.normal(size=(TIMES, n)), about)
        for name in ("madrs", "hidden", "spine_density", *summary.PEAKS)
    }
    status = np.zeros(n, dtype=np.int8)
    status[1] = summary.FAILED
    for name in variables:
        variables[name][1][:, 1] = np.nan
    variables["status"] = ("patient", status, {"units": "1", "source": "solver"})
    coords = {"time": [0.0, 4.0, 24.0], "patient": np.arange(n) + 10}
    return xr.Dataset(variables, coords, {"asked": json.dumps({"seed": seed}), "steps": 7})


@pytest.fixture(scope="module")
def out():
    return made()


def piece(out, first, stop):
    return out.isel(patient=slice(first, stop))


def begin(out, path, **more):
    return Writer(path, piece(out, 0, 0), out["patient"].values, **more)


@pytest.mark.parametrize("name", ["run.zarr", "run.csv"])
def test_what_is_saved_reads_back(name, out, tmp_path):
    path = store.save(out, tmp_path / name, run={"seconds": 1.5})
    back = ketaqsp.open(path)
    kept = ["madrs", "spine_density", "ketamine_venous", "nmda_block_sst", "status"]
    assert set(kept) <= set(back) and ("hidden" in back) is (name == "run.zarr")
    for key in kept:
        np.testing.assert_array_equal(back[key].values, out[key].values, err_msg=key)
        assert back[key].attrs["units"] == out[key].attrs["units"]
    assert sorted(os.listdir(tmp_path)) == [name, f"{name}.run.json"]
    assert json.loads((tmp_path / f"{name}.run.json").read_text()) == {"seconds": 1.5}


def test_a_zarr_store_keeps_every_attribute(out, tmp_path):
    back = ketaqsp.open(store.save(out, tmp_path / "run.zarr"))
    assert back.attrs == out.attrs
    assert back["madrs"].attrs == out["madrs"].attrs
    assert back["status"].attrs["flag_values"] == [-1, 0, 1, 2, 3]
    assert back["status"].attrs["flag_meanings"].startswith("not_run; solved; ")


def test_pieces_give_the_bytes_of_the_whole(out, tmp_path):
    store.save(out, tmp_path / "whole.zarr")
    writer = begin(out, tmp_path / "run.zarr")
    for first, stop in ((CHUNK, N), (0, CHUNK)):  # in any order
        writer.add(piece(out, first, stop), first, {"peak": np.ones((2, stop - first))})
    writer.finish()
    whole = tmp_path / "whole.zarr"
    names = sorted(p.relative_to(whole) for p in whole.rglob("*") if p.is_file())
    mine = tmp_path / "run.zarr"
    assert names == sorted(p.relative_to(mine) for p in mine.rglob("*") if p.is_file())
    different = [n for n in names if (whole / n).read_bytes() != (mine / n).read_bytes()]
    assert not different


@pytest.mark.parametrize("name", ["run.zarr", "run.csv"])
def test_an_unfinished_result_can_be_read(name, out, tmp_path):
    writer = begin(out, tmp_path / name)
    for done in (0, CHUNK):
        if done:
            writer.add(piece(out, 0, CHUNK), 0, {})
        found = ketaqsp.open(tmp_path / f"{name}.partial")
        assert (found["status"].values[:done] == out["status"].values[:done]).all()
        assert (found["status"].values[done:] == NOT_RUN).all()
        madrs = found["madrs"].values
        np.testing.assert_array_equal(madrs[:, :done], out["madrs"].values[:, :done])
        assert np.isnan(madrs[:, done:]).all()
        assert writer.count() == done
    assert not (tmp_path / name).exists()
    with pytest.raises(BadInput, match=r"unfinished: open .*\.partial"):
        ketaqsp.open(tmp_path / name)


def test_a_piece_cut_off_in_its_writing_counts_for_nothing(out, tmp_path):
    """A kill between two arrays: numbers lie there, the status of the piece does not."""
    writer = begin(out, tmp_path / "run.zarr")
    writer.root["madrs"][:, :CHUNK] = out["madrs"].values[:, :CHUNK]
    found = ketaqsp.open(tmp_path / "run.zarr.partial")
    assert np.isnan(found["madrs"].values).all() and found["madrs"].dims == ("time", "patient")
    assert found["status"].dtype == np.int8 and writer.stretches(0, CHUNK) == [(0, CHUNK, False)]


def test_a_run_taken_up_again_knows_what_is_done(out, tmp_path):
    digest = {"peak": np.arange(2.0 * CHUNK).reshape(2, CHUNK)}
    begin(out, tmp_path / "run.zarr").add(piece(out, 0, CHUNK), 0, digest)
    writer = begin(out, tmp_path / "run.zarr", resume=True)
    assert writer.stretches(0, N) == [(0, CHUNK, True), (CHUNK, N, False)]
    assert writer.stretches(3, CHUNK - 1) == [(3, CHUNK - 1, True)]
    np.testing.assert_array_equal(writer.digest(0, CHUNK)["peak"], digest["peak"])


def test_a_run_is_not_taken_up_with_another_command(out, tmp_path):
    begin(out, tmp_path / "run.zarr")
    with pytest.raises(BadInput, match="begun with seed 1, not 2; --resume needs the same"):
        begin(made(seed=2), tmp_path / "run.zarr", resume=True)
    other = out.assign_attrs(version="0.0.1")
    with pytest.raises(BadInput, match=r"begun with version null, not 0\.0\.1"):
        begin(other, tmp_path / "run.zarr", resume=True)


@pytest.mark.parametrize("name", ["run.zarr", "run.csv"])
def test_a_refusing_disk_leaves_the_old_result(name, out, tmp_path, monkeypatch):
    store.save(out, tmp_path / name)
    before = ketaqsp.open(tmp_path / name).load()
    real = os.replace

    def full(old, new):
        if str(old).endswith((".partial", "table.csv")) and str(new).endswith(name):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(old, new)

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(MachineError, match=r"No space left on device\. Free some space"):
        store.save(made(seed=2), tmp_path / name, overwrite=True)
    assert ketaqsp.open(tmp_path / name).identical(before)


def test_a_result_that_came_meanwhile_is_not_replaced(out, tmp_path):
    writer = begin(out, tmp_path / "run.zarr")
    writer.add(out, 0, {})
    (tmp_path / "run.zarr").mkdir()
    with pytest.raises(BadInput, match=r"came into being during the run; the result is .*partial"):
        writer.finish()
    assert ketaqsp.open(tmp_path / "run.zarr.partial").sizes["patient"] == N


def test_a_link_in_the_place_of_a_result_is_not_followed(out, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "keep.txt").write_text("mine")
    (tmp_path / "run.csv.partial").symlink_to(tmp_path / "other")
    store.save(piece(out, 0, 3), tmp_path / "run.csv", overwrite=True)
    assert (tmp_path / "other" / "keep.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("run.txt", r"ends in '\.txt'; allowed: \.zarr and \.csv"),
        ("run.txt.partial", "allowed"),
        ("none.zarr", "there is no such result. Check the name"),
        ("empty.zarr", "is no result of ketaqsp: it has no zarr.json"),
        ("broken.zarr", "is no result of ketaqsp"),
        ("other.csv", "its columns are"),
        ("void.csv", "is no result of ketaqsp"),
        ("folder.csv", "is no result of ketaqsp"),
        ("file.zarr", "is no result of ketaqsp"),
    ],
)
def test_open_refuses_what_is_no_result(name, said, tmp_path):
    (tmp_path / "empty.zarr").mkdir()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "broken.zarr").mkdir()
    (tmp_path / "broken.zarr" / "zarr.json").write_text("{")
    for file, text in (("other.csv", "a,b\n1,2\n"), ("void.csv", ""), ("file.zarr", "x")):
        (tmp_path / file).write_text(text)
    with pytest.raises(BadInput, match=said):
        ketaqsp.open(tmp_path / name)


def test_another_store_is_no_result(tmp_path):
    xr.Dataset({"x": ("t", [1.0])}).to_zarr(tmp_path / "x.zarr", consolidated=False)
    with pytest.raises(BadInput, match="it has no status"):
        ketaqsp.open(tmp_path / "x.zarr")


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text):
    assert long_table.safe_cell(text) == f"'{text}"
    assert long_table.safe_cell("MADRS") == "MADRS"


def test_the_status_words_are_those_of_the_solver():
    from ketaqsp.solve import STATUS

    assert [long_table.WORDS[code] for code in range(len(STATUS))] == list(STATUS)
    assert NOT_RUN not in range(len(STATUS))


def tallied(looks, *digests):
    """The Tally of pieces, whose patients are numbered from 0 in each."""
    found = summary.Tally(looks)
    for digest in digests:
        found.add(digest, np.arange(digest["status"].shape[1]))
    return found


def test_the_summary_of_pieces_is_that_of_the_whole(out):
    looks = (0.0, 24.0)
    whole = summary.digest(out, looks)
    parts = [summary.digest(piece(out, a, b), looks) for a, b in ((0, 7), (7, N))]
    entry = summary.summary(tallied(looks, *parts))[1]
    assert entry == summary.summary(tallied(looks, whole))[1]
    madrs = np.delete(out["madrs"].sel(time=24.0).values, 1)
    assert entry["n"] == N - 1 and entry["madrs_mean"] == pytest.approx(madrs.mean())
    assert entry["madrs_p50"] == pytest.approx(np.median(madrs), abs=0.025)


def test_response_is_judged_as_in_a_trial():
    """Whole points: 16.4 of 33 is 16, so more than half has gone; 16.6 is 17, so it has not."""
    from ketaqsp.trial import endpoints

    madrs = np.array([[33.0, 33.0, 20.0, 9.6], [16.4, 16.6, 10.4, 10.6]])
    found = {"madrs": madrs, "spine_density": np.ones((2, 4)), "status": np.zeros((1, 4))}
    found |= {"peak": np.ones((3, 4)), "peak_h": np.ones((3, 4))}
    entry = summary.summary(tallied((0.0, 24.0), found))[1]
    totals = endpoints.totals(madrs)
    assert entry["responders"] == endpoints.response(totals[1], totals[0]).sum() == 2
    assert entry["remitters"] == endpoints.remission(totals[1]).sum() == 1
    assert entry["response"] == 0.5 and entry["remission"] == 0.25


def test_nobody_solved_has_no_numbers(out):
    failed = piece(out, 1, 2)
    entry = summary.summary(tallied((0.0,), summary.digest(failed, (0.0,))))[0]
    assert entry["n"] == 0 and entry["response"] is None and entry["madrs_p50"] is None


def rated_by(out, ids, seed=5):
    """Ratings of patients that were drawn by these numbers."""
    people = Cohort("trd", 0, np.asarray(ids), {"rater_sd": 3.0}, keys=np.asarray(ids))
    return summary.rated(out, people, seed)


def test_ratings_do_not_depend_on_the_pieces(out):
    whole = rated_by(out, range(N))
    tail = rated_by(piece(out, 600, N), range(600, N))
    np.testing.assert_array_equal(tail["madrs"].values, whole["madrs"].values[:, 600:])
    points = np.delete(whole["madrs"].values, 1, axis=1)
    assert (points == np.rint(points)).all() and points.min() >= 0 and points.max() <= 60


def test_ratings_go_by_the_number_of_the_patient(out):
    """Not by his place: the same Dataset in another order has its noise in that order."""
    order = np.random.default_rng(3).permutation(N)
    whole, other = rated_by(out, range(N)), rated_by(out.isel(patient=order), order)
    np.testing.assert_array_equal(other["madrs"].values, whole["madrs"].values[:, order])
    assert (rated_by(out, range(7, N + 7))["madrs"] != whole["madrs"]).any()


def test_rater_streams_do_not_collide():
    """These two names share 32 bits of hash; times are many, so such pairs are found."""
    one, other = "rater hamd17 13.0166667 h", "rater qids 322.1 h"
    assert zlib.crc32(one.encode()) == zlib.crc32(other.encode())
    x, y = (normal(0, name, np.arange(2000), long=True) for name in (one, other))
    assert (x != y).all() and abs(np.corrcoef(x, y)[0, 1]) < 5 / np.sqrt(2000)
    twins = xr.Dataset(
        {
            "hamd17": (("time", "patient"), np.full((1, 9), 20.0), {"long_name": "a"}),
            "qids": (("time", "patient"), np.full((1, 9), 20.0), {"long_name": "b"}),
        }
    )
    found = rated_by(twins.assign_coords(time=[13.0166667]), range(9))["hamd17"].values
    later = rated_by(twins.assign_coords(time=[322.1]), range(9))["qids"].values
    assert (found != later).any()


def test_stores_are_chunked_by_patients(out, tmp_path):
    store.save(out, tmp_path / "run.zarr")
    about = json.loads((tmp_path / "run.zarr" / "madrs" / "zarr.json").read_text())
    grid = about["chunk_grid"]["configuration"]["chunk_shape"]
    assert grid == [TIMES, CHUNK] and stream.CHUNK == CHUNK


def test_a_piece_of_which_a_kill_left_half_the_status_is_done_again(out, tmp_path):
    """Its patients and what was told of them go together."""
    told = out.assign_attrs(clipped='{"madrs": {"0": [2, 0]}}')
    writer = begin(out, tmp_path / "run.zarr")
    writer.add(piece(told, 0, CHUNK), 0, {})
    writer.root["status"][CHUNK - 1 :] = NOT_RUN
    writer = begin(out, tmp_path / "run.zarr", resume=True)
    assert writer.stretches(0, N) == [(0, N, False)] and writer.told()["clipped"] == {}
