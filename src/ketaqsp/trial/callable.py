"""`ketaqsp.trial` is a package and, as the contract has it, a call: ketaqsp.trial(file)."""

from types import ModuleType


class TrialModule(ModuleType):
    """The package ketaqsp.trial, callable."""

    def __call__(self, file, **options):
        """Run a protocol file, see ketaqsp.trial.protocol_trial.run."""
        from ketaqsp.trial.protocol_trial import run

        return run(file, **options)
