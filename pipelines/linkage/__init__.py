"""Resolution: which records are one person. The citizen ID first, then Fellegi and Sunter."""

from __future__ import annotations
