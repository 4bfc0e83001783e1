from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.linkage.engine.fitting import fit
from pipelines.linkage.engine.frequencies import agreement_by_counts, frequency
from pipelines.linkage.engine.linking import link
from pipelines.linkage.engine.model import LinkageModel
from pipelines.linkage.engine.table import encode
from tests.unit.linkage_engine.tables import declared, frame


def _people() -> pl.DataFrame:
    dice = np.random.default_rng(3)
    rows = [
        {
            "given": str(dice.choice(["anna", "anne", "bert", "carl", "karl"])),
            "surname": str(dice.choice(["smith", "smyth", "jones", "johns"])),
            "born": f"19{dice.integers(70, 74)}-0{dice.integers(1, 4)}-1{dice.integers(0, 4)}",
            "telephones": ";".join(map(str, dice.integers(0, 40, 2))),
        }
        for _ in range(120)
    ]
    return frame(rows)


def test_neither_row_order_nor_chunks_nor_threads_change_a_link() -> None:
    people, model = _people(), declared()
    expected = link(encode(people, model), model)
    assert expected.pairs.height > 50
    shuffled = people.sample(fraction=1, shuffle=True, seed=1)
    for chunk, threads in ((7, 1), (64, 3), (1 << 19, 2)):
        found = link(encode(shuffled, model), model, chunk=chunk, threads=threads)
        assert found.pairs.equals(expected.pairs)
        assert found.compared == expected.compared


def test_a_plan_cannot_link() -> None:
    plan = LinkageModel.model_validate(
        {
            "name": "plan",
            "key": "key",
            "blocking": ["surname"],
            "comparisons": [{"name": "g", "column": "given", "levels": [{"name": "same", "test": "exact"}]}],
        }
    )
    with pytest.raises(UsageError, match="without m and u"):
        link(encode(_people(), plan), plan)


def test_missing_columns_and_double_keys_are_refused() -> None:
    people = _people()
    with pytest.raises(UsageError, match="lacks the columns born"):
        encode(people.drop("born"), declared())
    with pytest.raises(UsageError, match="each record once"):
        encode(pl.concat([people, people]), declared())


def test_agreement_by_chance_is_counted_not_drawn() -> None:
    table = encode(frame([{"surname": name} for name in "ppqqq"] + [{}]), declared())
    assert agreement_by_counts(table, "surname") == pytest.approx((1 + 3) / 10)


def test_term_frequencies_are_on_average_u_and_rare_values_weigh_more() -> None:
    model = declared()
    people = frame([{"surname": "p"}] * 60 + [{"surname": "q"}] * 30 + [{"surname": "r"}])
    table = encode(people, model)
    comparison = next(one for one in model.comparisons if one.name == "surname")
    shares = frequency(table, model, comparison, comparison.levels[0])
    coded = table.columns["surname"]
    assert (coded.counts * shares).sum() / coded.counts.sum() == pytest.approx(0.05)
    by_value = dict(zip(coded.values.to_list(), shares.tolist(), strict=True))
    assert by_value["p"] > by_value["q"] > by_value["r"]


NAMES = {
    "name": "names",
    "key": "key",
    "columns": {"telephones": {"many": ";"}},
    "blocking": ["telephones", "surname"],
    "comparisons": [
        {
            "name": "name",
            "column": "given",
            "levels": [
                {"name": "same", "test": "name", "grade": "same", "term_frequency": True},
                {"name": "sound", "test": "name", "grade": "sound", "term_frequency": True},
                {"name": "fits", "test": "name", "grade": "fits", "term_frequency": True},
                {"name": "surname", "test": "name", "grade": "surname", "is_doubtful": True},
            ],
        },
        {"name": "surname", "column": "surname", "levels": [{"name": "same", "test": "exact"}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize("names", [[None, None, None], ["甲乙", None, "?"], ["甲乙", "甲?丙", "JIAYI"]])
def test_columns_without_any_name_can_be_fitted_and_linked(names: list[str | None]) -> None:
    plan = LinkageModel.model_validate(NAMES)
    people = frame([{"given": name, "telephones": "1", "surname": "p"} for name in names])
    table = encode(people, plan)
    assert link(table, fit(table, plan).model).compared == 3


def test_no_records_make_no_links() -> None:
    model = declared()
    found = link(encode(frame([]), model), model)
    assert found.pairs.is_empty()
    assert found.compared == 0


def test_a_doubtful_level_makes_no_link_whatever_the_weight() -> None:
    doubtful = declared(possible_weight=-30, link_weight=-30).model_dump()
    for one in doubtful["comparisons"][0]["levels"]:
        one["is_doubtful"] = one["name"] == "other"
    model = LinkageModel.model_validate(doubtful)
    pairs = link(encode(_people(), model), model).pairs
    other = len(model.comparisons[0].levels) - 1
    assert pairs["is_link"].to_list() == (pairs["level_given"] != other).to_list()
    assert not pairs["is_link"].all()
