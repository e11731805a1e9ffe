"""ketaqsp: ketamine in depression, from dose to mood. For research and teaching only.

    import ketaqsp as kq
    out = kq.simulate(kq.infusion(mg_per_kg=0.5), kq.cohort("trd", n=200, seed=1), days=28)

Names below are loaded when first used, so that `import ketaqsp` stays light.
"""

from importlib import import_module

__version__ = "0.1.0"
NOTICE = "For research and teaching, never for dosing a person."

_HOMES = {
    "BadInput": "errors",
    "KetaqspError": "errors",
    "bolus": "dose",
    "infusion": "dose",
    "nothing": "dose",
    "oral": "dose",
    "Regimen": "dose",
    "CUTS": "chain",
    "SCENARIOS": "chain",
    "Intervention": "solve",
    "cohort": "patient",
    "open": "trial.opening",
    "gradient": "patient.gradients",
    "sensitivity": "patient.gradients",
    "clinic_times": "supervision",
    "simulate": "patient",
    "trial": "",
    "supervise": "supervision",
    "typical": "patient",
}
__all__ = sorted(_HOMES)


def __getattr__(name):
    if name == "trial":  # the package, which can be called
        return import_module("ketaqsp.trial")
    if name in _HOMES:
        return getattr(import_module(f"ketaqsp.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'ketaqsp' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
