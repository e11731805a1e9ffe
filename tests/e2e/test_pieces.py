"""--chunk and --workers: how a run goes, and nothing of what comes out."""

import json

import pytest

import ketaqsp
from ketaqsp.cli import main
from ketaqsp.patient import long_table, store

RUN = ("simulate", "--dose", "0.5 mg/kg", "--patients", "9", "--until", "6 h", "--every", "2 h")
RATED = (*RUN, "--rater-noise")
CUT = (*RATED, "--preset", "healthy")  # near the floor, where totals are cut and counted
# IDs out of order: infusions at other times, a reset, a steady state, by mouth, and nothing.
EVENTS = """ID,TIME,EVID,AMT,RATE,II,ADDL,SS,DRUG,ROUTE
7,0,1,35,52.5,2,1,0,ketamine,iv
3,1,1,50,0,0,0,0,ketamine,po
12,0,1,20,0,24,0,1,oral_antidepressant,po
5,0,1,40,60,0,0,0,ketamine,iv
5,3,4,35,52.5,0,0,0,ketamine,iv
1,0,0,0,0,0,0,0,.,.
900000000,0.5,1,20,30,0,0,0,esketamine,iv
"""
TABLE = ("simulate", "--events", "doses.csv", "--until", "6 h", "--every", "2 h")
PACES = [
    ("--chunk", "1", "--workers", "2"),
    ("--chunk", "7", "--workers", "1"),
    ("--chunk", "1024"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "doses.csv").write_text(EVENTS, encoding="utf-8")
    return tmp_path


def content(path):
    """{name: bytes} of a file or a folder."""
    if path.is_file():
        return {"": path.read_bytes()}
    found = sorted(p for p in path.rglob("*") if p.is_file())
    return {str(p.relative_to(path)): p.read_bytes() for p in found}


def ran(capsys, folder, command, name, *more):
    """What was printed, and the bytes of the result, of a command with --out name."""
    assert main([*command, "--out", name, "--json", *more]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    return printed, content(folder / name)


@pytest.mark.parametrize("kind", ["csv", "zarr"])
@pytest.mark.parametrize("command", [RATED, (*TABLE, "--rater-noise")], ids=str)
def test_bytes_do_not_depend_on_the_pace(command, kind, folder, capsys):
    name = f"run.{kind}"
    plain = ran(capsys, folder, command, name)
    for pace in PACES:
        assert ran(capsys, folder, command, name, "--overwrite", *pace) == plain, pace


class Stop(KeyboardInterrupt):
    """In place of the user's Ctrl-C."""


@pytest.mark.parametrize("kind", ["csv", "zarr"])
@pytest.mark.parametrize("command", [RATED, CUT, TABLE], ids=str)
def test_stopped_and_resumed_at_another_pace(command, kind, folder, capsys, monkeypatch):
    """Stopped after two pieces of two; the rest goes in pieces that fit nothing of the first."""
    name = f"run.{kind}"
    plain = ran(capsys, folder, command, name)
    real, pieces = store.Writer.add, []

    def add(self, out, first, digest):
        if len(pieces) == 2:
            raise Stop
        pieces.append(out.sizes["patient"])
        real(self, out, first, digest)

    for pace in (("--chunk", "3"), ("--workers", "1")):
        pieces.clear()
        with monkeypatch.context() as patched:
            patched.setattr(store.Writer, "add", add)
            again = ("--out", name, "--overwrite", "--json", "--chunk", "2", "--workers", "2")
            assert main([*command, *again]) == 130
        assert pieces == [2, 2] and capsys.readouterr().out == ""
        (folder / name).unlink() if kind == "csv" else store.remove(folder / name)
        assert ran(capsys, folder, command, name, "--resume", *pace) == plain


def test_a_chunk_is_what_is_solved_at_once(folder, capsys, monkeypatch):
    """Without --chunk a piece's results fit 256 MiB, however long and fine the run."""
    import ketaqsp.patient as patient

    real, sizes = patient.simulate, []

    def counted(regimen, some, **more):
        sizes.append((some.n, more["workers"]))
        return real(regimen, some, **more)

    monkeypatch.setattr(patient, "simulate", counted)
    ran(capsys, folder, RUN, "a.csv", "--chunk", "7", "--workers", "2")
    assert sizes == [(7, 2), (2, 2)]
    from ketaqsp.cli import pieces

    monkeypatch.setattr(pieces, "ROOM", 8 * 8_000)
    sizes.clear()
    ran(capsys, folder, RUN, "b.csv")
    assert {n for n, _ in sizes} <= {1, 2, 4} and len(sizes) > 2 and sum(n for n, _ in sizes) == 9
    assert content(folder / "a.csv") == content(folder / "b.csv")


@pytest.mark.parametrize(
    ("times", "patients"), [(1, 512), (2048, 512), (2049, 256), (40321, 16), (10**8, 1), (0, 512)]
)
def test_a_piece_on_the_disk_is_small(times, patients):
    assert long_table.block(times) == patients


def test_a_long_run_lies_in_small_pieces_and_reads_back(folder, capsys, monkeypatch):
    monkeypatch.setattr(long_table, "NUMBERS", 40)
    _, written = ran(capsys, folder, RUN, "a.zarr", "--chunk", "3")
    about = json.loads(written["madrs/zarr.json"])
    assert about["chunk_grid"]["configuration"]["chunk_shape"] == [4, 8]
    _, table = ran(capsys, folder, RUN, "a.csv", "--chunk", "5")
    monkeypatch.undo()
    assert ran(capsys, folder, RUN, str(folder / "b.csv"))[1] == table
    one, other = ketaqsp.open(folder / "a.zarr"), ketaqsp.open(folder / "a.csv")
    assert (one["madrs"].values == other["madrs"].values).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--chunk", "0"), ("--chunk 0", "1 to 1000000")),
        (("--chunk", "many"), ("'many'", "whole number")),
        (("--workers", "0"), ("--workers 0", "1 to 1024")),
        (("--workers", "2.5"), ("'2.5'", "whole number")),
    ],
)
def test_a_pace_that_cannot_be(options, said, folder, capsys):
    commands = [(*RUN, "--out", "x.csv")]
    if options[0] == "--workers":
        commands.append(("trial", "none.yaml"))
    for command in commands:
        assert main([*command, *options]) == 2
        out, err = capsys.readouterr()
        assert out == "" and all(text in err for text in said), err
    assert [p.name for p in folder.iterdir()] == ["doses.csv"]
