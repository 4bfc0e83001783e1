"""Prometheus' text format, read back by its grammar."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.exposition import Family, exposition

SAMPLE = re.compile(
    r'([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (\S+)', re.ASCII
)
PAIR = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"', re.ASCII)
MEANT = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}


def read(text: str) -> list[tuple[str, dict[str, str], float]]:
    """Samples of a text; any line that is neither a sample nor a comment is a fault."""
    assert text.endswith("\n")
    samples = []
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith(("# HELP ", "# TYPE ")):
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        labels = {
            name: re.sub(r'\\[\\n"]', lambda escape: MEANT[escape.group()], told)
            for name, told in PAIR.findall(found[2] or "")
        }
        samples.append((found[1], labels, float(found[3])))
    return samples


@given(st.dictionaries(st.sampled_from(["feed", "state"]), st.text(), max_size=2), st.floats(allow_nan=False))
def test_every_label_and_value_is_read_back_as_it_was(labels: dict[str, str], value: float) -> None:
    assert read(exposition([Family("popbase_x", "says\nso", [(labels, value)])])) == [
        ("popbase_x", labels, value)
    ]


def test_help_and_type_stand_before_the_samples_of_their_family() -> None:
    text = exposition(
        [Family("a_total", "What \\ it is.", [({}, 3)], "counter"), Family("empty", "Nothing.")]
    )
    assert text == "# HELP a_total What \\\\ it is.\n# TYPE a_total counter\na_total 3\n"


@pytest.mark.parametrize(
    "family",
    [
        Family("9 lives", "A name.", [({}, 1)]),
        Family("x", "A label.", [({"de-partment": "a"}, 1)]),
        Family("x", "Twice.", [({"a": "b"}, 1), ({"a": "b"}, 2)]),
    ],
    ids=["name", "label", "twice"],
)
def test_what_the_format_does_not_allow_is_refused(family: Family) -> None:
    with pytest.raises(ValueError, match=family.name):
        exposition([family])
