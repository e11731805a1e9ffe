"""What happens at a point in time, for one patient: new rates, amounts given, values changed."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ketaqsp.dose.quantity import TIME_DIGITS
from ketaqsp.errors import BadInput, unknown
from ketaqsp.patient.asked import changeable
from ketaqsp.solve.steady import starts


@dataclass(frozen=True)
class Event:
    """At `time` (h) rates {input: umol/h}, amounts {input: umol} and values {parameter: value}.

    Before them: `cleared` sets every amount to zero, `rested` the brain to its state before any
    dose, and `added` {linear state: number} is what a steady state brings along.
    """

    time: float
    rates: dict = field(default_factory=dict)
    amounts: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    added: dict = field(default_factory=dict)
    cleared: bool = False
    rested: bool = False


def events(model, values, schedule, interventions=()):
    """Events in order of time. Raises BadInput for what the model has no place for."""
    _check(model, schedule, interventions)
    found = {}

    def at(time):
        time = round(float(time), TIME_DIGITS)
        return found.setdefault(time, Event(time))

    for name in model.inputs:
        if name not in schedule.rate:
            continue
        rates, amounts = schedule.rate[name][:, 0], schedule.bolus[name][:, 0]
        before = 0.0
        for time, rate, amount in zip(schedule.edges_h, rates, amounts, strict=True):
            if rate != before:
                at(time).rates[name] = before = float(rate)
            if amount:
                at(time).amounts[name] = float(amount)
    for start in starts(model, values, schedule, np.array([0])):
        event, added = at(start.time_h), {k: x.item() for k, x in start.add.items() if x.item()}
        marks = {"cleared": not start.keep.item(), "rested": bool(start.rest.item())}
        found[event.time] = replace(event, added=added, **marks)
    for name in sorted({i.name for i in interventions}):
        before = values[name]
        for time, value in _timeline(name, values[name], interventions):
            if value != before:
                at(time).values[name] = before = value
    return tuple(found[time] for time in sorted(found))


def _timeline(name, default, interventions):
    """(time, value in force from then on); of two that overlap the later in the list holds."""
    mine = [i for i in interventions if i.name == name]
    times = {max(float(t), 0.0) for i in mine for t in (i.start_h, i.stop_h)}
    for time in sorted(t for t in times if math.isfinite(t)):
        value = default
        for i in mine:
            if i.start_h <= time < i.stop_h:
                value = float(i.value)
        yield time, value


def _check(model, schedule, interventions):
    if schedule.n != 1:
        raise BadInput(
            f"the schedule has {schedule.n} patients; allowed: 1. Make one of a single weight."
        )
    for name in schedule.inputs:
        if name not in model.inputs:
            raise BadInput(
                f"the schedule gives {name}, which this model has no place for; it takes "
                f"{', '.join(model.inputs)}. Build the model for this regimen."
            )
    for i in interventions:
        if i.name not in model.parameters:
            raise unknown("parameter", i.name, model.parameters, field="interventions")
        if i.name not in changeable(model):
            raise BadInput(
                f"Intervention on {i.name}: the rates of plasma hold for a whole run; allowed: the "
                f"{len(changeable(model))} parameters of what lies behind it.",
                field="interventions",
            )
