"""What simulate() returns belongs to whoever asked: nothing in it is shared with another result."""

import pytest

import ketaqsp as kq

DOSE = kq.infusion(mg_per_kg=0.5)


def ask(people=None, **more):
    return kq.simulate(DOSE, people, days=1, every="6 h", **more)


@pytest.mark.parametrize("n", [1, 3])
def test_changing_a_result_changes_no_other(n):
    people = kq.cohort(n=n, seed=2)
    kept, spoilt = ask(people), ask(people)
    assert kept.identical(spoilt)
    spoilt.attrs["population"] = "mine"
    spoilt.encoding["mine"] = 1
    for name in spoilt.variables:
        one = spoilt[name]
        for value in one.attrs.values():
            if isinstance(value, list):
                value.append(9)
        one.attrs["units"], one.encoding["mine"] = "mine", 1
        if name not in spoilt.indexes:
            one.values[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        spoilt["time"].values[0] = 1.0  # an axis, which pandas keeps as it is
    after = ask(people)
    assert kept.identical(after) and not kept.encoding and not after.encoding
    for name in kept.variables:
        assert not kept[name].encoding and not after[name].encoding
        assert kept[name].attrs["units"] == after[name].attrs["units"] != "mine"


def test_each_result_has_its_own_axes_and_variables():
    people = kq.cohort(n=9, seed=2)
    for places in (slice(2, 4), slice(5, 7)):
        few = people.take(places)
        assert ask(few)["patient"].values.tolist() == few.ids.tolist()
    assert ask(extra_times=(1.5,))["time"].values.tolist() == [0, 1.5, 6, 12, 18, 24]
    assert ask()["time"].values.tolist() == [0, 6, 12, 18, 24]
    assert set(ask(wanted=["madrs"]).data_vars) == {"madrs", "status"}
    assert set(ask().data_vars) > {"madrs", "status", "spine_density"}


def test_a_typical_patient_is_nobody_elses():
    """His state at rest is looked up after the first time; each has numbers of his own."""
    one, other = kq.typical(), kq.typical()
    wanted = other.parameters["D_ill"].tobytes(), other.well.tobytes()
    one.parameters["D_ill"][0] = one.well[0] = one.parameters["load"] = 9.0
    for again in (other, kq.typical()):
        assert (again.parameters["D_ill"].tobytes(), again.well.tobytes()) == wanted
        assert again.parameters["load"] != 9.0
