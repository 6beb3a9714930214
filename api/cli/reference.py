"""The reference page of the command line and its settings: `python -m api.cli.reference > docs/reference/cli.md`."""

from collections.abc import Iterator
from typing import Any

import typer

from api.cli import application
from api.settings import Settings

INTRODUCTION = """\
# Command line and settings

Written by `python -m api.cli.reference` out of the code; change that, not this page.

Answers go to standard output, everything else to standard error. A failure that you can mend is one line that starts
with `error:`, and the exit code is 1; an unknown option gives 2, an interrupt 130.
"""


def reference() -> str:
    """The page in Markdown: every command with its arguments and options, then every setting."""
    root: Any = typer.main.get_command(application())  # Typer's own copy of Click is not typed for us
    return "\n".join([INTRODUCTION, "## Commands", *_commands("renmai", root), "## Settings", *_settings()]) + "\n"


def _commands(path: str, group: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(f"{path} {name}", command)
        else:
            yield f"### `{path} {name}`\n\n{(command.help or '').strip()}\n"
            yield from _parameters(command)


def _parameters(command: Any) -> Iterator[str]:
    shown = [parameter for parameter in command.params if parameter.name != "help"]
    if shown:
        yield "| argument or option | default | meaning |\n|---|---|---|"
        for parameter in shown:
            given = parameter.opts + parameter.secondary_opts
            name = " / ".join(given) if given[0].startswith("-") else parameter.name.upper()
            required = "required" if parameter.required else ""
            default = required if parameter.default is None or callable(parameter.default) else f"{parameter.default}"
            yield f"| `{name}` | {default} | {parameter.help or ''} |"
        yield ""


def _settings() -> Iterator[str]:
    yield "\nFrom the environment, or from a file `.env` in the working folder.\n"
    yield "| name | default | meaning |\n|---|---|---|"
    for field in Settings.model_fields.values():
        default = "" if field.default is None else field.default
        yield f"| `{field.validation_alias}` | {default} | {field.description} |"


if __name__ == "__main__":
    print(reference(), end="")
