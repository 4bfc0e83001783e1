"""The declarations agree: what is planted, at which rate, and what popbase has to say of it."""

from __future__ import annotations

from pipelines.reasons import REASONS
from pipelines.synthetic.damage import KINDS
from pipelines.synthetic.declarations import declaration
from pipelines.synthetic.finding import FINDABLE, kinds
from pipelines.synthetic.headers import also_called
from pipelines.synthetic.rates import usual
from pipelines.synthetic.views import feeds

BY_THE_WAY = {"valid_by_chance"}  # what another kind sometimes leaves
NOT_SEEN = {"death_hidden"}  # nobody outside the family knows


def test_every_kind_has_a_rate_and_every_rate_a_kind() -> None:
    rates = usual()
    rated = {kind for shares in rates.groups.values() for kind, rate in shares.items() if rate > 0}
    rated |= {*rates.lines, *rates.headers, *rates.people} - NOT_SEEN
    assert rated == set(kinds()["kind"]) - BY_THE_WAY


def test_every_damage_is_used_somewhere() -> None:
    used = {column.dirt for feed in feeds() for column in feed.columns if column.dirt}
    assert used == set(usual().groups)
    assert {kind for group in used for kind in usual().groups[group]} == set(KINDS)


def test_kinds_name_reasons_that_exist_and_findable_ones_have_some() -> None:
    for _, found_by, codes in kinds().iter_rows():
        assert set(codes) <= set(REASONS)
        assert codes or found_by not in FINDABLE


def test_no_kind_is_declared_twice() -> None:
    assert not kinds()["kind"].is_duplicated().any()


def test_columns_that_may_be_missing_or_renamed_exist_and_are_no_keys() -> None:
    for feed in feeds():
        names = {column.name for column in feed.columns}
        assert set(feed.settings.get("may_lack", ())) <= names - set(feed.keys)
        assert not {alias for name in names for alias in also_called().get(name, ())} & names


def test_every_declared_kind_says_where_it_is_found() -> None:
    assert list(declaration("kinds"))[:4] == list(FINDABLE)
