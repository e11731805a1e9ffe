"""`ketaqsp.trial` is a package and, as the contract has it, a call: ketaqsp.trial(file)."""

from importlib import import_module
from types import ModuleType


class TrialModule(ModuleType):
    """The package ketaqsp.trial, callable."""

    def __call__(self, file, **options):
        """Run a protocol file, see ketaqsp.trial.protocol_trial.run; a folder has the report."""
        from ketaqsp.trial.protocol_trial import run

        if options.get("out") is not None:
            # By name: a face lies above this package, and only this call joins the two.
            options.setdefault("extra", (import_module("ketaqsp.view.trial_report").write,))
        return run(file, **options)
