"""What is compared, how, and what it weighs: a linkage model, for any table.

A model without m and u is a plan; `fit` fills them in and gives back a model. Both are immutable
and named by their content (model_files.version).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pipelines.linkage.engine.kinds import KINDS

Share = Annotated[float, Field(gt=0, lt=1)]
Test = Literal[
    "exact", "jaro_winkler", "edits", "crossed", "date_slip", "days", "same_month", "same_year",
    "month_and_day", "number", "name", "otherwise",
]  # fmt: skip
Taken = Literal["first", "last", "before", "after", "digits", "letters", "surname", "sound", "near_sound"]

THRESHOLDED: Final = {"jaro_winkler": "at_least", "edits": "at_most", "days": "at_most", "number": "at_most"}
MISSING: Final = -1
NAME_GRADES: Final = (
    "same", "variant", "tone", "sound", "near", "shape", "fits", "swapped", "one_other", "given", "surname",
)  # fmt: skip
"""How far two Chinese names agree, the best first; what is worse than the last is another name."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Level(_Declared):
    """One degree of agreement; of a comparison's levels the first that holds counts.

    Attributes:
        name: unique in its comparison.
        test: exact | jaro_winkler (at_least) | edits (Damerau–Levenshtein, at_most) | crossed (the value
            stands in `column` of the other record, and the other way round) | date_slip (one digit, two
            neighbours swapped, day and month exchanged) | days (at_most) | same_month | same_year |
            month_and_day | number (differ by at_most) | name (Chinese names that agree up to `grade`) |
            otherwise.
        column: where the test looks, if not in the comparison's own column.
        term_frequency: a rare value weighs more than a common one; for exact and name.
        m, u: share of true and of chance pairs at this level; filled in by `fit`.
        kin: share among pairs of two members of one family; without it u counts.
        is_fixed: `fit` keeps m and u as they are declared.
        is_doubtful: whatever its weight, a pair at this level is no link but a possible one (twins share all
            but their given names).
    """

    name: str
    test: Test
    at_least: float | None = None
    at_most: float | None = None
    grade: str | None = None
    column: str | None = None
    term_frequency: bool = False
    m: Share | None = None
    u: Share | None = None
    kin: Share | None = None
    is_fixed: bool = False
    is_doubtful: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = THRESHOLDED.get(self.test)
        if needed and getattr(self, needed) is None:
            raise ValueError(f"{self.name}: {self.test} needs {needed}")
        if self.test == "name" and self.grade not in NAME_GRADES:
            raise ValueError(f"{self.name}: grade is one of {', '.join(NAME_GRADES)}")
        if self.test == "crossed" and self.column is None:
            raise ValueError(f"{self.name}: crossed needs the other column")
        if self.term_frequency and self.test not in ("exact", "name"):
            raise ValueError(f"{self.name}: term frequencies go with exact and name")
        if self.is_fixed and (self.m is None or self.u is None):
            raise ValueError(f"{self.name}: fixed, but without m and u")
        return self


def _of_kind(given: dict[str, Any]) -> dict[str, Any]:
    """What was declared, the levels of its kind in place of the kind."""
    if "kind" not in given:
        return given
    kind = given["kind"]
    if "levels" in given:
        raise ValueError("give a kind or levels, not both")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    return {name: one for name, one in given.items() if name != "kind"} | {"levels": KINDS[kind]}


def _test_of(level: object) -> object:
    return level.get("test") if isinstance(level, dict) else getattr(level, "test", None)


class Comparison(_Declared):
    """A column and its levels, the best first; without `otherwise` at the end it is added.

    A file may name a `kind` (kinds.py) in place of levels. What tells the family (a household number, a
    telephone) agrees for relatives as for one person, and so tells nothing between these two.
    """

    name: str
    column: str
    tells: Literal["person", "family"] = "person"
    levels: tuple[Level, ...]

    @model_validator(mode="before")
    @classmethod
    def _with_last_level(cls, given: object) -> object:
        if isinstance(given, dict):
            given = _of_kind(given)
            declared = given.get("levels")
            levels = list(declared) if isinstance(declared, list | tuple) else []
            tests = [_test_of(one) for one in levels]
            if tests and tests[-1] != "otherwise":
                levels.append({"name": "other", "test": "otherwise"})
            return {**given, "levels": levels}
        return given

    @model_validator(mode="after")
    def _sound(self) -> Self:
        names = [level.name for level in self.levels]
        if len(set(names)) < len(names) or len(names) < 2:
            raise ValueError(f"{self.name}: levels need different names, and at least one test")
        if any(level.test == "otherwise" for level in self.levels[:-1]):
            raise ValueError(f"{self.name}: only the last level is otherwise")
        return self


class Derived(_Declared):
    """A column made of another one; null where nothing is left.

    take: first | last (`size` characters) | before | after (`mark`) | digits | letters | surname (of
    a Chinese name) | sound (its toneless pinyin) | near_sound (with zh/z, n/l, an/ang folded).
    """

    column: str
    take: Taken
    size: int = Field(default=1, ge=1)
    mark: str = "@"


class Column(_Declared):
    """How a column is read: `date` with its format, `number`, else text; `many` parts a text at `;`."""

    type: Literal["text", "date", "number"] = "text"
    format: str = "%Y-%m-%d"
    many: str | None = None


def _as_rules(given: object) -> object:
    """A rule of one column may be written as the bare name."""
    if isinstance(given, str | dict):
        raise ValueError("rules are a list, each a list of columns: [[surname, dob], [telephone]]")  # noqa: TRY004 - pydantic collects values' errors
    if isinstance(given, list | tuple):
        return tuple((one,) if isinstance(one, str) else tuple(one) for one in given)
    return given


Rules = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_as_rules)]


class Prior(_Declared):
    """Share of true pairs among all: declared, or the pairs under `rules`, where `recall` of them fall."""

    probability: Share | None = None
    rules: Rules = ()
    recall: Share = 0.7


class LinkageModel(_Declared):
    """A whole model.

    Attributes:
        key: the column that names a record; unique.
        apart: a column (the table a record came from): only records that differ in it are compared.
        columns: how columns are read, where not as text.
        derived: columns made of others, for rules and levels.
        blocking: rules; records are compared where all columns of a rule are equal. A rule without
            columns compares every record with every other.
        training: rules under which m is estimated; without them those of `blocking`.
        block_cap: a key on more records than this makes no pairs.
        prior: see Prior; where it says nothing it is estimated with m.
        family_size: relatives of a person in the table, on average; see weights.KinWeights.
        link_weight, possible_weight: bits, prior included; pairs below the second are not kept.
        merge_weight: records linked at or above it are taken together and compared once more with
            the others, all their values known at once; see merging.py.
    """

    name: str
    key: str
    apart: str | None = None
    columns: dict[str, Column] = Field(default_factory=dict)
    derived: dict[str, Derived] = Field(default_factory=dict)
    comparisons: tuple[Comparison, ...]
    blocking: Rules
    training: Rules = ()
    block_cap: int = Field(default=1_000_000, ge=2)
    prior: Prior = Prior()
    family_size: float = Field(default=4.0, gt=0)
    merge_weight: float | None = None
    link_weight: float = 4.3
    possible_weight: float = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [comparison.name for comparison in self.comparisons]
        if not names or len(set(names)) < len(names):
            raise ValueError("comparisons need different names, and there is at least one")
        if not self.blocking:
            raise ValueError("without a blocking rule nothing is compared; [] compares everything")
        if self.link_weight < self.possible_weight:
            raise ValueError("link_weight is below possible_weight")
        if self.merge_weight is not None and self.merge_weight < self.possible_weight:
            raise ValueError("merge_weight is below possible_weight")
        loops = [name for name, one in self.derived.items() if one.column in self.derived]
        if loops:
            raise ValueError(f"derived columns are made of delivered ones: {', '.join(loops)}")
        return self

    @property
    def is_fitted(self) -> bool:
        """Whether every level has m and u, and the prior a probability."""
        told = all(level.m and level.u for one in self.comparisons for level in one.levels)
        return told and self.prior.probability is not None

    def source(self, column: str) -> str:
        """The delivered column that a column is, or is made of."""
        return self.derived[column].column if column in self.derived else column
