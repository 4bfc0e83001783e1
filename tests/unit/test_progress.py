"""How far long work is, told to a log."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from pipelines.cli.progress import progress


def test_a_log_has_a_line_when_a_stage_begins_and_one_when_it_ends() -> None:
    log = StringIO()
    with progress(Console(file=log)) as advance:
        advance("land some/feed", 0, 2)
        assert log.getvalue().endswith(" land: begun\n")
        for feed, done in (("some/feed", 1), ("other/feed", 1), ("other/feed", 2), ("other/feed", 2)):
            advance(f"land {feed}", done, 2)
        advance("publish", 0, 1)
        advance("wait another run is under way", 0, 1)
    told = [line.split(" ", maxsplit=1)[1] for line in log.getvalue().splitlines()]
    assert told == [
        "land: begun",
        "land: done in 0 s",
        "publish: begun",
        "wait another run is under way: begun",
    ]


def test_a_terminal_has_a_bar_for_each_stage() -> None:
    screen = StringIO()
    with progress(Console(file=screen, force_terminal=True, width=120)) as advance:
        advance("land some/feed", 1, 2)
        advance("land other/feed", 2, 2)
        advance("publish", 0, 1)
    assert "land other/feed" in screen.getvalue()
    assert "begun" not in screen.getvalue()
