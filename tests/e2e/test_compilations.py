"""How many programs all protocols need: each is seconds of compiling on a new machine."""

from importlib import import_module
from pathlib import Path

from ketaqsp.protocol import read
from ketaqsp.solve.native import cache, compiler, engine
from ketaqsp.trial.conduct import conduct

FILES = sorted((Path(__file__).resolve().parents[2] / "protocols").glob("*.yaml"))
MOST = 5
simulate = import_module("ketaqsp.patient.simulate")  # the package's own name for it is a function


def programs(paths, monkeypatch):
    """{key of a program in the cache: names of the protocols that run it}."""
    used, real, texts = {}, engine.engine, {}

    def watched(model):
        if model not in texts:
            text = engine.program(model, compiler.host()).text
            texts[model] = cache.key(compiler.identity(), text)
        used.setdefault(texts[model], set()).add(path.stem)
        return real(model)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "engine", watched)
        for path in paths:
            conduct(read(path), replicates=1)
    return used


def test_all_protocols_share_a_few_programs(monkeypatch):
    found = programs(FILES, monkeypatch)
    told = "; ".join(", ".join(sorted(names)) for names in found.values())
    print(f"{len(found)} programs: {told}")
    assert set().union(*found.values()) == {path.stem for path in FILES}
    assert 1 < len(found) <= MOST, told


def test_the_count_sees_models_that_differ(monkeypatch):
    """Without the sharing these protocols need more programs than now."""
    paths = [p for p in FILES if p.stem in ("daly-2018", "fava-2020", "glue-2024", "kads")]
    shared = programs(paths, monkeypatch)
    own = simulate.model_for

    def exact(regimen, exit="slow", declared=None):
        regimens = [*regimen] if isinstance(regimen, list | tuple) else [regimen]
        return own([*regimens, *([] if declared is None else [declared])], exit)

    monkeypatch.setattr(simulate, "model_for", exact)
    assert len(programs(paths, monkeypatch)) > len(shared)
