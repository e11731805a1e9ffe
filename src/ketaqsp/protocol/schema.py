"""What a protocol says, as frozen dataclasses. Times in hours, amounts in mg or mg/kg."""

from dataclasses import dataclass

MASKINGS = ("open", "saline", "active", "masked")
BACKGROUNDS = ("none", "continued", "new_oral_antidepressant")
SCALES = ("MADRS", "HAMD17", "HAMD6", "QIDS", "HDRS21", "HDRS25")
GOALS = ("response", "remission")
ENTER = ("all", "responders", "remitters", "responders_not_remitters")
ESTIMANDS = ("observed", "locf", "nonresponder")
RULES = ("titrate", "retreat_at_relapse", "stop_at", "taper", "hold")
END = "end_of_treatment"
INERT = ("saline", "none")


@dataclass(frozen=True)
class Treatment:
    """A dose at each of `hours` (from the start of the phase, or of a course); 0 mg if inert."""

    drug: str
    route: str | None
    amount: float
    unit: str
    duration_h: float
    hours: tuple


@dataclass(frozen=True)
class Policy:
    """One rule. doses: amounts of titrate; course: Treatments; every: hours; when: limits."""

    rule: str
    goal: str = "response"
    doses: tuple = ()
    course: tuple = ()
    every: tuple = ()
    after_h: float = 0.0
    when: tuple = ()


@dataclass(frozen=True)
class Population:
    """preset or a path; overrides: ((covariate, {mean, sd, min, max} or {fraction}), ...)."""

    preset: str = "trd"
    overrides: tuple = ()


@dataclass(frozen=True)
class Arm:
    """One arm of a phase, with the population, masking and background that hold in it."""

    name: str
    n: int
    treatments: tuple
    policies: tuple
    population: Population
    masking: str
    background: str

    @property
    def active(self):
        """Whether anything but saline or nothing is given."""
        return any(t.drug not in INERT for t in self.treatments)


@dataclass(frozen=True)
class Phase:
    """Arms and visits (hours from the start of the phase, END last) of one phase.

    until_h: its length, None for the last. kept: patients stay in the arm of the same name.
    """

    name: str
    until_h: float | None
    enter: str
    arms: tuple
    visits: tuple
    kept: bool = False

    @property
    def hours(self):
        """Visits at fixed times, h from the start of the phase."""
        return tuple(v for v in self.visits if v != END)


@dataclass(frozen=True)
class Endpoint:
    """Conditions that hold together; on: (least, hours) for several visits. See `relapse`.

    reduction: least share of the own baseline lost; at_most, at_least: points;
    improvement_below: relapse when less than this share of the baseline is gone.
    """

    name: str
    scale: str = "MADRS"
    reduction: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    improvement_below: float | None = None
    after: str | None = None
    consecutive: int = 1
    on: tuple | None = None
    estimand: str = "observed"


@dataclass(frozen=True)
class Protocol:
    """The whole file. sha256: of its bytes; endpoints: {name: Endpoint}."""

    name: str
    file: str
    sha256: str
    phases: tuple
    endpoints: dict
    replicates: int
    seed: int
    phased: bool

    @property
    def arms(self):
        """Every arm of every phase."""
        return tuple(a for p in self.phases for a in p.arms)

    @property
    def scales(self):
        """Scales that the endpoints use, MADRS first."""
        return tuple(dict.fromkeys(("MADRS", *(e.scale for e in self.endpoints.values()))))
