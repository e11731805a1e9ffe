"""Draw docs/figures/emergence.png from the shipped equations and the stored shares.

python calibration/draw_emergence.py
"""

from pathlib import Path

from ketaqsp.patient import typical
from ketaqsp.trial import emergence
from ketaqsp.view.emergence_figures import emergence_figure

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "figures"
DRAWS = 40


def main():
    alone, (people, ill) = typical(), emergence.prior_people(DRAWS)
    courses, cut, drawn = {}, {}, {}
    for effect in emergence.EFFECTS:
        courses[effect.name] = emergence.run(effect, alone)
        if effect.cut:
            cut[effect.name] = emergence.run(effect, alone, effect.cut)
        outs = emergence.run(effect, people)
        drawn[effect.name] = {label: out.isel(patient=ill) for label, out in outs.items()}
    made = emergence_figure(emergence.EFFECTS, courses, cut, drawn)
    made.savefig(FOLDER / "emergence.png", dpi=144, metadata={"Software": None})


if __name__ == "__main__":
    main()
