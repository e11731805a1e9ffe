"""How many totals were cut at an end of their scale: never in silence.

Counts are kept as {scale: {"hour": [below 0, above the top]}}, hours at which none was left out.
"""

import json


def counted(points, top, hours):
    """{hour: [cut at 0, cut at `top`]} of whole points (T, n) before they are cut; NaN is neither.

    hours (T,).
    """
    return kept(hours, (points < 0).sum(axis=1), (points > top).sum(axis=1))


def kept(hours, floor, ceiling):
    """{hour: [floor, ceiling]} of counts (T,) at those hours (T,) where there are any."""
    each = zip(hours, floor, ceiling, strict=True)
    return {f"{t:.9g}": [int(a), int(b)] for t, a, b in each if a or b}


def at(cut, hours):
    """Those of the counts that are of these hours."""
    kept = {f"{t:.9g}" for t in hours}
    found = {scale: {t: n for t, n in x.items() if t in kept} for scale, x in cut.items()}
    return {scale: x for scale, x in found.items() if x}


def noted(out, cut):
    """A Dataset with the counts as its attribute `clipped` (JSON), if there are any."""
    cut = {scale: hours for scale, hours in cut.items() if hours}
    return out.assign_attrs(clipped=json.dumps(cut)) if cut else out


def of(out):
    """The counts of a Dataset, {} if nothing was cut."""
    return json.loads(out.attrs.get("clipped", "{}"))


def added(one, other):
    """The counts of two pieces together, in the order of hours."""
    out = {}
    for scale in dict.fromkeys([*one, *other]):
        a, b = one.get(scale, {}), other.get(scale, {})
        hours = sorted({*a, *b}, key=float)
        none = [0, 0]
        out[scale] = {
            t: [x + y for x, y in zip(a.get(t, none), b.get(t, none), strict=True)] for t in hours
        }
    return {scale: out[scale] for scale in sorted(out)}


def told(cut, tops):
    """One sentence on counts; empty if nothing was cut. tops {scale: points}."""
    parts = []
    for scale, hours in cut.items():
        for end, limit in enumerate((0, tops[scale])):
            hit = {t: pair[end] for t, pair in hours.items() if pair[end]}
            if hit:
                at = f"at {len(hit)} times" if len(hit) > 1 else f"at {next(iter(hit))} h"
                parts.append(f"{scale.upper()} {sum(hit.values())} at {limit} points ({at})")
    return f"Totals cut at an end of their scale: {'; '.join(parts)}." if parts else ""
