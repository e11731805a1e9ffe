"""The fifteen items that regulators and journals ask a model of this kind to print."""

from ketaqsp.view.trial_words import ASSUMPTIONS


def credibility(data):
    """The fifteen items that a result of this kind should print, each with what is true here."""
    used = data.used
    fitted = sum(r.confidence == "fitted" for r in used)
    assumed = sum(r.confidence in ("assumed", "recalled") for r in used)
    outside = sum(not line.within for line in data.lines)
    failed = data.trial.report["solver"]["failed_patients"]
    return (
        ("1 Use", "Question: what would this protocol show if the model were true? Influence on "
         "decisions: low. Consequence of error: low as long as no person is treated by it."),
        ("2 Identity", "Version and hashes of tables, equations, solver, protocol: Provenance."),
        ("3 Assumptions", f"{len(ASSUMPTIONS)} listed above with their status."),
        ("4 Parameters", f"{len(used)} rows with unit, spread and source; {assumed} assumed or "
         f"recalled, {fitted} fitted. ketaqsp parameters prints all."),
        ("5 Verification", "Dimensions, mass balance, closed forms, a second solver and two other "
         f"simulators are tests of the software. In this run {failed} patients failed to solve."),
        ("6 Calibration", "Few combinations of the landscape, to response and remission of "
         "published arms; expectancy to control arms. Published figures above may be among them."),
        ("7 Validation", "Not claimed by this page: where published figures stand beside the "
         "simulated ones, the distance is there to be read."),
        ("8 Uncertainty", "Between patients, between trials and of the rater: in the intervals. Of "
         "parameters and of structure: not in them, so they are too narrow."),
        ("9 Identifiability", "Belief in drug arms and the human gain of most steps are not "
         "identified; see the three versions of belief."),
        ("10 Sensitivity", "Not computed for this protocol."),
        ("11 Ablation", "Each link can be cut by name; effects that must vanish are tests of the "
         "software."),
        ("12 Virtual population", f"{data.trial.conduct.parts[0].people.n} patients in the first "
         "arm over all repeats; drawn as told under Who took part."),
        ("13 Applicability", f"{outside} of {len(data.lines)} checks outside the evidence. Not "
         "represented: misuse, bladder, cognition, pregnancy, other illness."),
        ("14 Adequacy", "Adequate for teaching and for planning questions; not for dosing a "
         "person. No reviewer has signed this page."),
        ("15 Reuse", "Apache-2.0; the model exports as SBML and as a COMBINE archive."),
    )  # fmt: skip
