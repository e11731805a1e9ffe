"""Errors of the command line itself (unknown command or option), in our words."""

from ketaqsp.errors import unknown


def explain(problem):
    """One message for a typer exception: what was wrong, the nearest known name, where to look."""
    context = getattr(problem, "ctx", None)
    path = context.command_path if context else "ketaqsp"
    help_line = f"See '{path} --help'."
    wrong = getattr(problem, "option_name", None)
    if wrong and hasattr(problem, "possibilities") and context:
        return unknown(f"option of '{path}'", wrong, options(context))
    commands = getattr(context.command, "commands", None) if context else None
    if commands:
        named = problem.format_message().split("'")
        if len(named) > 2 and named[1] not in commands:
            return unknown("command", named[1], commands)
    message = problem.format_message().rstrip(".")
    return f"{message[:1].lower()}{message[1:]}. {help_line}"


def options(context):
    """Long names of the options of a command."""
    return [name for p in context.command.params for name in p.opts if name.startswith("--")]
