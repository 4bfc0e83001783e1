"""The YAML declarations beside this file: the county, its names, the rates of dirt, the feeds."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@cache
def declaration(name: str) -> dict[str, Any]:
    """The parsed content of `<name>.yml`."""
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def weighted(text: str) -> tuple[list[str], list[float]]:
    """Split `王7.25 李7.19` into words and weights."""
    pairs = re.findall(r"([^\d\s]+)([\d.]+)", text)
    return [word for word, _ in pairs], [float(weight) for _, weight in pairs]
