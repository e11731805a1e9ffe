"""What gradient() and sensitivity() were asked, and the Dataset of what was found."""

import numpy as np

from ketaqsp.chain import rest
from ketaqsp.dose.schedule import MAX_WEIGHT_KG, schedule
from ketaqsp.parameters import rows
from ketaqsp.patient import occasions, outcomes
from ketaqsp.solve.dual import Dual, directions
from ketaqsp.solve.run import FAILED, run


class Job:
    """What was asked, checked. A kind of Job says in `level` how patients are differentiated."""

    def __init__(self, regimen, people, model, names, times, chosen):
        self.regimen, self.people, self.model = regimen, people, model
        self.names, self.times, self.chosen = names, times, chosen
        self.values = {name: people.parameters[name] for name in model.parameters}
        self.plan = self._schedule(people.weight())
        self.wanted = tuple(
            dict.fromkeys("madrs" if name in outcomes.WORDS else name for name in names)
        )
        self.outputs = np.unique([0.0, *times])
        self.picked = np.searchsorted(self.outputs, times - 1e-9)

    def _schedule(self, weight):
        """What arrives, with each day's own share taken up, as simulate() has it."""
        plan, people = schedule(self.regimen, weight), self.people
        if people.keys is None:
            return plan
        return occasions.applied(plan, people.seed, people.keys)

    def heavier(self):
        """(Schedule, (n,) kg): what arrives where everybody is so much heavier, or lighter."""
        weight = self.people.weight()
        step = np.where(weight + 1 <= MAX_WEIGHT_KG, 1.0, -1.0)
        return self._schedule(weight + step), step

    def per_kg(self):
        """({input: (edges, n)} in umol/h, the same in umol at once) that a kg of weight adds."""
        heavier, step = self.heavier()
        return tuple(
            {name: (getattr(heavier, kind)[name] - x) / step
             for name, x in getattr(self.plan, kind).items()}
            for kind in ("rate", "bolus")
        )  # fmt: skip

    def run(self, last):
        """({name: (T, n)}, {name: (P, T, n)}, status (n,)): T is 1 where only the `last` counts."""
        n = self.people.n
        plain = run(
            self.model, self.values, self.plan, self.outputs[-1], self.outputs, wanted=self.wanted
        )
        status, seen = plain.status.copy(), plain.values
        shape = 1 if last else len(self.times)
        value = {name: np.full((shape, n), np.nan) for name in self.names}
        slope = {name: np.full((len(self.chosen), shape, n), np.nan) for name in self.names}
        for level in np.unique(plain.level):  # on the grid that the numbers themselves come from
            who = np.flatnonzero((plain.level == level) & (status < FAILED))
            if who.size:
                self.level(int(level), who, {k: x[:, who] for k, x in seen.items()}, value, slope)
        status[np.isnan(value[self.names[0]][0])] = FAILED
        return value, slope, status

    def dataset(self, found, labels, last):
        """The Dataset of what run() found."""
        import xarray as xr

        from ketaqsp.patient.simulate import describe, status_flags

        value, slope, status = found
        units = {r.symbol: r.unit for r in rows() if r.role == "default"}
        about = {**describe(self.model), **dict.fromkeys(outcomes.WORDS, ("fraction", "P"))}
        variables = {}
        for name, label in labels.items():
            unit, long_name = about[name]
            if name in outcomes.WORDS:
                long_name = f"probability of {name}"
            says = {"units": f"{unit} per unit of the parameter", "source": "automatic derivative"}
            says["long_name"] = f"derivative of: {long_name}"
            own = {"units": unit, "long_name": long_name, "source": "model"}
            beside = "value" if last else f"{label}_value"
            if last:
                variables[label] = (("parameter", "patient"), slope[name][:, 0], says)
                variables[beside] = (("patient",), value[name][0], own)
            else:
                variables[label] = (("parameter", "time", "patient"), slope[name], says)
                variables[beside] = (("time", "patient"), value[name], own)
        variables["status"] = (("patient",), status, status_flags())
        coords = {
            "parameter": list(self.chosen),
            "unit": ("parameter", [units[name] for name in self.chosen]),
            "patient": ("patient", self.people.ids),
        }
        if not last:
            coords["time"] = ("time", self.times, {"units": "h"})
        attrs = {"read_out": list(self.names), "at_h": list(map(float, self.times))}
        return xr.Dataset(variables, coords, attrs)


def resting_slopes(parameters, n):
    """{name: (n,)} of rest.NAMES: how the severity D before any dose moves with each.

    D = f(D, p), so dD/dp = f_p/(1 - f_D): the implicit function.
    """
    given = {x: np.broadcast_to(parameters[x], (n,)) for x in ("D_ill", *rest.NAMES)}
    moved = directions(given)
    settled = rest.settled(moved["D_ill"], moved)
    own, *by = settled.slope
    return {name: x / (1.0 - own) for name, x in zip(rest.NAMES, by, strict=True)}


def normal(x):
    """Distribution function of the normal, of an array or a Dual."""
    from scipy.special import ndtr

    if not isinstance(x, Dual):
        return ndtr(x)
    return x.chained(ndtr(x.value), np.exp(-0.5 * x.value**2) / np.sqrt(2 * np.pi))
