"""Which model computed a result, as every command says it."""

import hashlib


def model_identity(pk=None):
    """{"version", "parameters_sha256", "equations_sha256"}; with `pk` also the hash of its file."""
    from ketaqsp.trial.identity import HOME, identity

    found = identity()
    out = {
        "version": found["ketaqsp"],
        "parameters_sha256": found["parameters_sha256"],
        "equations_sha256": found["equations_sha256"],
    }
    if pk is not None:
        text = (HOME / "plasma" / "published" / f"{pk}.csv").read_text(encoding="utf-8")
        out["pk_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return out
