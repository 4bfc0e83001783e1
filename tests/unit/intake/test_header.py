from __future__ import annotations

import pytest

from pipelines.contract.load import load_aliases, load_contracts
from pipelines.contract.model import Contract
from pipelines.errors import DeliveryRefused
from pipelines.intake.header import MOST_COLUMNS, Header, read_header, required_sources, tidy

CONTRACT: Contract = next(
    contract
    for contract in load_contracts().values()
    if contract.columns[0].source.isascii() and any(c.name == "citizen_id" for c in contract.columns)
)
SOURCES = [column.source for column in CONTRACT.columns]
ID = CONTRACT.column("citizen_id").source


def read(fields: list[str], extra: tuple[str, ...] = ()) -> Header:
    return read_header(fields, CONTRACT, load_aliases(), extra=extra)


def codes(header: Header) -> set[str]:
    return {code for code, _ in header.notes}


def test_the_agreed_header_has_no_notes() -> None:
    header = read(SOURCES)
    assert header.names == tuple(SOURCES)
    assert not header.notes


def test_an_alias_is_taken_with_a_note() -> None:
    alias = next(a for a in load_aliases()["citizen_id"] if a not in SOURCES)
    header = read([alias if source == ID else source for source in SOURCES])
    assert header.names == tuple(SOURCES)
    assert codes(header) == {"PB-HD-001"}


def test_a_column_of_the_feed_wins_over_its_alias() -> None:
    alias = next(a for a in load_aliases()["citizen_id"] if a not in SOURCES)
    header = read([*SOURCES, alias])
    assert header.names == (*SOURCES, alias)
    assert codes(header) == {"PB-HD-002", "PB-HD-009"}


def test_columns_may_come_in_any_order() -> None:
    assert codes(read(SOURCES[::-1])) == {"PB-HD-006"}


def test_an_optional_column_that_is_missing_is_a_note() -> None:
    optional = next(s for s in SOURCES if s not in required_sources(CONTRACT))
    header = read([source for source in SOURCES if source != optional])
    assert header.absent == (optional,)
    assert codes(header) == {"PB-HD-004"}


@pytest.mark.parametrize("part", CONTRACT.key[0])
def test_a_part_of_the_key_that_is_missing_refuses_the_delivery(part: str) -> None:
    with pytest.raises(DeliveryRefused, match="PB-HD-003"):
        read([source for source in SOURCES if source != part])


def test_a_doubled_column_refuses_the_delivery() -> None:
    with pytest.raises(DeliveryRefused, match="PB-HD-005"):
        read([*SOURCES, SOURCES[0]])


def test_an_increment_needs_its_operation_column() -> None:
    with pytest.raises(DeliveryRefused, match="PB-HD-008"):
        read(SOURCES, extra=("CZBZ",))
    assert not read([*SOURCES, "CZBZ"], extra=("CZBZ",)).notes


@pytest.mark.parametrize("damage", ["{} ", "　{}", "\u200b{}", "{}\n", "{}\0", "\ufeff{}\ufeff"])
def test_a_name_with_blanks_or_invisible_characters_is_known_with_a_note(damage: str) -> None:
    header = read([damage.format(SOURCES[0]), *SOURCES[1:]])
    assert header.names == tuple(SOURCES)
    assert codes(header) == {"PB-HD-011"}


def test_a_full_width_name_and_a_spaced_alias_are_known() -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in SOURCES[0])
    assert read([wide, *SOURCES[1:]]).notes == (("PB-HD-011", SOURCES[0]),)
    header = read(["身份 证号" if source == ID else source for source in SOURCES])
    assert header.names == tuple(SOURCES)
    assert codes(header) == {"PB-HD-001", "PB-HD-011"}
    assert header.renamed == {"身份证号": ID}


def test_a_byte_order_mark_before_the_first_name_is_nothing_to_speak_of() -> None:
    assert not read(["\ufeff" + SOURCES[0], *SOURCES[1:]]).notes


def test_columns_without_a_name_and_of_any_name_are_kept_apart() -> None:
    header = read([*SOURCES, "", "", "row_number", f"#{len(SOURCES) + 2}", "备注"])
    assert len(set(header.names)) == len(header.names) == len(SOURCES) + 5
    assert "row_number" not in header.names
    assert codes(header) == {"PB-HD-002"}


def test_a_name_doubled_but_for_its_blanks_refuses_the_delivery() -> None:
    with pytest.raises(DeliveryRefused, match="PB-HD-005"):
        read([*SOURCES, SOURCES[0] + "　"])


def test_a_refusal_names_no_value_of_a_file_without_its_header() -> None:
    with pytest.raises(DeliveryRefused) as caught:
        read(["甲某某", "甲某某", *SOURCES])
    assert "甲某某" not in str(caught.value)


def test_too_many_columns_refuse_the_delivery() -> None:
    with pytest.raises(DeliveryRefused, match="PB-HD-012"):
        read([*SOURCES, *map(str, range(MOST_COLUMNS))])


def test_a_long_name_is_cut() -> None:
    assert len(tidy("\ufdfa" * 10_000)) <= 100
