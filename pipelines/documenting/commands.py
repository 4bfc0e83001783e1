"""The page of the command line, made from what `--help` is made from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import typer.main

from pipelines.cli import app
from pipelines.documenting.markdown import code, page, table

TAKES: Final[dict[type, str]] = {
    bool: "", str: "text", int: "number", float: "number", Path: "path", datetime: "date",
}  # fmt: skip


def commands_page() -> str:
    """Every command with its arguments and options."""
    root = typer.main.get_command(app)
    parts = [part for name, command in _walk("popbase", root) for part in _command(name, command)]
    return page("Command line", "the commands themselves", parts)


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for word, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _walk(f"{name} {word}", inner)


def _command(name: str, command: Any) -> Iterator[str]:
    usage = [name, *(_argument(p) for p in command.params if p.param_type_name == "argument")]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    inner = sorted(getattr(command, "commands", {}))
    yield f"## {name}\n" + " ".join((command.help or "").split())
    yield (
        "```\n"
        + " ".join([*usage, *(["[OPTIONS]"] if options else []), *(["COMMAND"] if inner else [])])
        + "\n```"
    )
    hints = get_type_hints(command.callback) if command.callback else {}
    shown = [parameter for parameter in command.params if parameter.name in hints]
    told = [_parameter(parameter, hints[parameter.name]) for parameter in shown]
    if told:
        yield table(("", "takes", "default", "meaning"), told)
    if command.epilog:
        yield " ".join(command.epilog.split())


def _argument(parameter: Any) -> str:
    name = parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _parameter(parameter: Any, kind: Any) -> tuple[str, str, str, str]:
    is_option = parameter.param_type_name == "option"
    name = ", ".join(code(word) for word in parameter.opts) if is_option else code(parameter.name.upper())
    return name, _takes(kind), _default(parameter), getattr(parameter, "help", None) or ""


def _takes(kind: Any) -> str:
    """What a parameter of that Python type takes; a flag takes nothing."""
    options = [option for option in get_args(kind) if option is not NoneType]
    if get_origin(kind) is Literal:
        return " ".join(code(str(option)) for option in options)
    return _takes(options[0]) if options else TAKES.get(kind, kind.__name__)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    return "" if value is None or value is False else code(str(value))
