"""popbase: the shared basic population database of a county, city or province."""

from __future__ import annotations

__version__ = "0.1.0"
