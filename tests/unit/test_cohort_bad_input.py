"""What a cohort, its figures or its table can get wrong: one message, status 2, nothing written."""

import pytest

import ketaqsp as kq
from ketaqsp.cli import main
from ketaqsp.errors import BadInput

# (columns, cells of the second patient, what the message has to contain)
TABLES = [
    ("age_years", "400", ("row 3", "age_years", "400", "12 to 100 years")),
    ("age_years", "1980", ("row 3", "year of birth")),
    ("age_years", "forty", ("'forty'", "12 to 100 years")),
    ("age_years", "46,5", ("number of cells", "commas")),
    ("age_years", '"46,5"', ("'46,5'", "decimal point")),
    ("age_years", "nan7", ("'nan7'",)),
    ("age_years", "inf", ("inf", "12 to 100")),
    ("weight_kg", "-70", ("-70", "30 to 250 kg")),
    ("weight_kg", "400", ("400", "pounds", "181.4")),
    ("weight_kg", "=1+1", ("'=1+1'", "30 to 250 kg")),
    ("height_cm", "1.75", ("1.75", "metres", "175")),
    ("height_cm", "69", ("69", "120 to 220 cm")),
    ("female", "2", ("'2'", "1 (yes), 0 (no)")),
    ("sex", "X", ("'X'", "F, M")),
    ("ptsd", "maybe", ("'maybe'", "1 (yes), 0 (no)")),
    ("baseline_madrs", "61", ("61", "0 to 60 points")),
    ("failed_trials", "2.5", ("2.5", "whole number", "0 to 40")),
    ("met_alleles", "3", ("3", "whole number", "0 to 2")),
    ("ancestry", "martian", ("'martian'", "east_asian")),
    ("age_years,illness_years", "30,45", ("illness_years", "45", "at most the 30")),
    ("illness_years,episode_months", "1,24", ("episode_months", "24", "at most the 12")),
    ("benzodiazepine,benzodiazepine_mg", "0,10", ("benzodiazepine_mg", "10 mg", "benzodiazepine")),
    ("id,age_years", "1,40", ("column id", "row 2 already")),
    ("id,age_years", "P7,40", ("'P7'", "whole number from 0")),
    ("id,age_years", "-1,40", ("'-1'", "whole number from 0")),
    ("id", "2", ("no column is a covariate", "Known: weight_kg")),
    ("age", "40", ("unknown column 'age'", "did you mean 'age_years'")),
    ("gender", "F", ("unknown column 'gender'", "did you mean 'sex'")),
    ("Age_Years", "40", ("unknown column 'Age_Years'", "did you mean 'age_years'")),
    ("bmi,age_years", "27,40", ("unknown column 'bmi'", "weight_kg and height_cm")),
    ("sex,female", "F,1", ("'sex' and 'female'", "Remove one")),
    ("age_years,age_years", "40,41", ("'age_years' is there twice",)),
]
FIRST = {"id": "1", "sex": "F", "gender": "F", "female": "1", "benzodiazepine_mg": "", "bmi": "25"}


def first_row(columns):
    """A patient with nothing wrong."""
    return ",".join(FIRST.get(name, "") for name in columns.split(","))


@pytest.mark.parametrize(("columns", "cells", "words"), TABLES)
def test_a_bad_table(tmp_path, capsys, columns, cells, words):
    path, out = tmp_path / "mine.csv", tmp_path / "out.csv"
    path.write_text(f"{columns}\n{first_row(columns)}\n{cells}\n", encoding="utf-8")
    status = main(["cohort", "--preset", str(path), "--out", str(out)])
    said = capsys.readouterr()
    assert status == 2 and said.out == "" and "Traceback" not in said.err
    assert "mine.csv" in said.err
    for word in words:
        assert word in said.err, said.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.csv"]


# (contents of the file, what the message has to contain)
FILES = [
    (b"", "empty"),
    (b"age_years\n", "no rows"),
    (b"\xff\xfe\x00a", "UTF-8"),
    (b"a\0b\n1\n", "not a text file"),
    (b'age_years\n"40\n', "unexpected end of data.*quotes"),
]


@pytest.mark.parametrize(("content", "pattern"), FILES)
def test_a_file_that_is_no_table(tmp_path, content, pattern):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=pattern):
        kq.cohort(path)


def test_parquet_that_is_none(tmp_path):
    path = tmp_path / "mine.parquet"
    path.write_bytes(b"PAR1 or not")
    with pytest.raises(BadInput, match="not a Parquet file"):
        kq.cohort(path)
    with pytest.raises(BadInput, match="cannot be read"):
        kq.cohort(tmp_path / "nobody.csv")


# (what is asked of `match`, what the message has to contain)
MATCHES = [
    ({"age": {"mean": 46, "sd": 12}}, "did you mean 'age_years'"),
    ({"age_years": 46}, "write {mean"),
    ({"age_years": {}}, "write {mean"),
    ({"age_years": {"mean": 46}}, "no sd"),
    ({"age_years": {"sd": 12}}, "no mean"),
    ({"age_years": {"mean": 46, "sd": 0}}, "above 0"),
    ({"age_years": {"mean": 46, "sd": -3}}, "above 0"),
    ({"age_years": {"mean": "46", "sd": 12}}, "finite number"),
    ({"age_years": {"mean": float("nan"), "sd": 12}}, "finite number"),
    ({"age_years": {"mean": 460, "sd": 12}}, "12 to 100 years"),
    ({"age_years": {"median": 46}}, "unknown measure"),
    ({"age_years": {"min": 60, "max": 50}}, "not below max"),
    ({"age_years": {"mean": 46, "sd": 12, "min": 50}}, "lies outside at least 50"),
    ({"age_years": {"mean": 46, "sd": 30, "min": 30, "max": 60}}, "smaller SD"),
    ({"age_years": {"fraction": 0.5}}, "unknown measure"),
    ({"female": {"fraction": 57}}, "57% is 0.57"),
    ({"female": {"fraction": -0.1}}, "0 to 1"),
    ({"female": {"mean": 0.5, "sd": 0.1}}, "unknown measure"),
    ({"female": True}, "write {fraction"),
    ({"ancestry_asian": {"fraction": 0.5}}, "did you mean 'ancestry_"),
    (
        {"ancestry_east_asian": {"fraction": 0.7}, "ancestry_african": {"fraction": 0.7}},
        "add up to 1.4",
    ),
    ([46, 12], "write covariates"),
]


@pytest.mark.parametrize(("match", "pattern"), MATCHES)
def test_bad_figures(match, pattern):
    with pytest.raises(BadInput) as told:
        kq.cohort("trd", 5, 1, match=match)
    assert pattern in str(told.value), told.value


OPTIONS = [
    (("--preset", "tdr"), "did you mean 'trd'"),
    (("-n", "0"), "1 to 1000000"),
    (("-n", "many"), "whole number"),
    (("--seed", "-1"), "0 to 4294967295"),
    (("--base", "mdd"), "goes with a table"),
    (("--base", "mmd"), "did you mean 'mdd'"),
    (("--match", "nowhere.yaml"), "cannot be read"),
    (("--out", "x.xlsx"), "allowed: .csv and .parquet"),
    (("--out", "no/such/x.csv"), "no folder"),
]


@pytest.mark.parametrize(("options", "pattern"), OPTIONS)
def test_bad_options(tmp_path, monkeypatch, capsys, options, pattern):
    monkeypatch.chdir(tmp_path)
    assert main(["cohort", *options]) == 2
    said = capsys.readouterr()
    assert said.out == "" and pattern in said.err, said.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("age_years: {mean: 46", "not YAML"),
        ("- 1\n- 2\n", "no covariates"),
        ("population: trd\n", "no covariates"),
        ("population: {preset: mdd, age_years: {mean: 46, sd: 12}}", "population 'mdd'"),
        ("age_yeers: {mean: 46, sd: 12}", "did you mean 'age_years'"),
    ],
)
def test_a_bad_match_file(tmp_path, capsys, text, pattern):
    path = tmp_path / "table1.yaml"
    path.write_text(text, encoding="utf-8")
    assert main(["cohort", "-n", "3", "--match", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and pattern in said.err and "table1.yaml" in said.err, said.err


def test_a_table_says_how_many_there_are(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text("age_years\n40\n50\n", encoding="utf-8")
    with pytest.raises(BadInput, match="has 2 rows"):
        kq.cohort(path, 5)
    assert main(["cohort", "--preset", str(path), "-n", "2"]) == 2
    assert "Leave one out" in capsys.readouterr().err
