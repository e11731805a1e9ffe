"""COPASI on the file of the typical patient: it loads, runs, and gives the same curves."""

import numpy as np

from cross.referees import disagreements
from cross.sbml_reader import Reader
from tolerances import COPASI


def test_every_state_over_28_days(typical):
    import basico

    reader = Reader(typical.text)
    model = basico.load_model_from_string(typical.text)
    try:
        table = basico.run_time_course(
            values=list(typical.mine.times / reader.hour),
            r_tol=1e-9,
            a_tol=1e-13,
            max_steps=100_000,
            use_sbml_id=True,
            model=model,
        )
    finally:
        basico.remove_datamodel(model)
    theirs = {name: np.array(table[name]) * reader.unit[name] for name in reader.states}
    assert len(theirs) == len(typical.states)
    assert disagreements(theirs, typical.mine.only(typical.states), COPASI, "COPASI") == []
