"""The contract of a feed: what a department promises to send, and what of it is published.

A contract is one YAML file, `contracts/<department>/<feed>.yml`. It is the only thing, beside its suite, that a new
feed needs: names of departments and feeds occur nowhere in code.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ColumnType = Literal[
    "text", "citizen_id", "school_roll", "person_name", "date", "month", "timestamp", "dates",
    "code", "telephone", "credit_code", "division", "township", "address", "decimal", "integer",
    "flag",
]  # fmt: skip
Sensitivity = Literal["general", "personal", "sensitive"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,50}$")]
FEED_NAME = re.compile(r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")

PERSON_ATTRIBUTES = (
    "citizen_id", "name", "former_name", "sex_code", "ethnicity_code", "born_on", "telephone",
    "household_number", "household_relation_code", "marital_status_code", "education_code",
    "registered_division_code", "township_code", "registered_address", "residence_address",
    "employer_name", "employer_credit_code", "struck_off_on", "struck_off_reason_code",
)  # fmt: skip
"""Attributes of the golden person, in the order of its table."""

RESERVED = frozenset(
    {
        "row_key", "person_id", "row_hash", "from_publication", "to_publication", "since_publication",
        "until_publication", "valid_since", "valid_until", "is_withdrawn", "change",
    }
)  # fmt: skip
"""Columns that tables and views have beside those that contracts publish."""


class Declared(BaseModel):
    """Base: unknown keys are faults, and a loaded declaration never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Declared):
    """A text for readers, in Chinese and in English."""

    zh: str
    en: str


class Owner(Declared):
    """The department that answers for the feed.

    Attributes:
        department: names its database role and its folder; lower case.
        zh: the office, in Chinese.
        en: the office, in English.
    """

    department: Identifier
    zh: str
    en: str


class Delivery(Declared):
    """How the bytes are to be read. The manifest's `encoding` is only informative; this decides.

    Forms: `text` (delimited lines), `workbook` (xlsx), `table` (of the exchange database),
    `fixed_width` (lines, columns by their places in bytes: `layout`) and `dbf` (dBASE; its fields bear
    the names of the source columns). `layout` gives first and last byte of each source column, counted
    from 1: `{GMSFHM: [1, 18], XM: [19, 48]}`; the operation column, if it is there, comes last.

    Attributes:
        form: text, workbook, table, fixed_width or dbf.
        encoding: of the text; what does not decode is a fault.
        separator: one character, of text.
        quote: one character, of text; null: none.
        archive: the file comes alone in a ZIP.
        title_rows: rows above a workbook's header.
        total_marker: first cell of the row that ends a workbook's data.
        table: schema and table in the exchange database.
        package_column: where the number of the package stands.
        operation_column: further column of an incremental delivery, with I, U or D.
        layout: first and last byte of each source column, from 1.
    """

    form: Literal["text", "workbook", "table", "fixed_width", "dbf"]
    encoding: Literal["gb18030", "gbk", "utf-8", "utf-16"] = "utf-8"
    separator: str = ","
    quote: str | None = '"'
    archive: Literal["zip"] | None = None
    title_rows: int = 0
    total_marker: str | None = None
    table: str | None = None
    package_column: str | None = None
    operation_column: str = "CZBZ"
    layout: dict[str, tuple[int, int]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _laid_out(self) -> Delivery:
        if (self.form == "fixed_width") != bool(self.layout):
            raise ValueError("`layout` goes with form: fixed_width, and only with it")
        if self.form in ("fixed_width", "dbf") and self.encoding == "utf-16":
            raise ValueError("columns by bytes are not written in utf-16")
        edges = [0, *(byte for place in self.layout.values() for byte in place)]
        ends, starts = edges[::2], edges[1::2]
        if any(start <= end for end, start in zip(ends, starts, strict=False)) or any(
            last < first for first, last in self.layout.values()
        ):
            raise ValueError("`layout` gives first and last byte from 1, in order, without overlaps")
        return self

    @model_validator(mode="after")
    def _complete(self) -> Delivery:
        if self.form == "table" and not (self.table and self.package_column):
            raise ValueError("form: table needs `table` and `package_column`")
        if len(self.separator) != 1 or (self.quote is not None and len(self.quote) != 1):
            raise ValueError("`separator` and `quote` are one character each")
        return self


class When(Declared):
    """Rows whose source column holds one of these values.

    Attributes:
        column: the header as delivered.
        values: texts as delivered; "" is blank.
    """

    column: str
    values: tuple[str, ...]


class Column(Declared):
    """One source column and the standard column it becomes.

    Attributes:
        source: the header as delivered.
        name: the standard name; the same quantity has the same name in every contract.
        type: what the values are read as.
        title: what readers see of a published column.
        required: a delivery without this column is refused.
        list: the code list, a file of contracts/_reference/codes; goes with type code.
        lookup: declared repairs, from what the department writes to the code it means.
        only_when: elsewhere the number is that of another document.
        else_from: the standard column that carries the value where this one has none.
        may_be_future: a later date than the delivery's is nothing special.
        sensitivity: general (says nothing of a person), personal, or sensitive (个人信息保护法 art. 28, GB/T 35273
            annex B: identity numbers, property, health, credit, marital history, minors under 14); left out: by
            its type, see `protection`.
    """

    source: str
    name: Identifier
    type: ColumnType = "text"
    title: Bilingual | None = None
    required: bool = False
    list: str | None = None
    lookup: dict[str, str] = Field(default_factory=dict)
    only_when: When | None = None
    else_from: Identifier | None = None
    may_be_future: bool = False
    sensitivity: Sensitivity | None = None

    @property
    def protection(self) -> Sensitivity:
        """Its sensitivity, declared or by its type: identity numbers are sensitive, the rest is personal."""
        by_type: Sensitivity = "sensitive" if self.type in ("citizen_id", "school_roll") else "personal"
        return self.sensitivity or by_type

    @model_validator(mode="after")
    def _coded(self) -> Column:
        if (self.type == "code") != (self.list is not None):
            raise ValueError("`list` goes with type: code, and only with it")
        return self


class Thresholds(Declared):
    """Shares (0 to 1) above which a delivery is refused or waits for a person's yes.

    Attributes:
        removed: of the register, that a full delivery may take away.
        quarantined: of the rows, that may be set aside.
        judged_from: rows a delivery must have to be judged by that share; one odd row of three says nothing. The
            shares at which rules make a reservation are of at least so many rows.
    """

    removed: float = Field(default=0.05, ge=0, le=1)
    quarantined: float = Field(default=0.2, ge=0, le=1)
    judged_from: int = Field(default=100, ge=1)


Response = Literal["accept", "reserve", "refuse"]
"""accept: told, no more. reserve: accepted with a reservation. refuse: the delivery is sent back whole."""


class SchemaDrift(Declared):
    """What is done when columns are not as agreed. A required column that is missing always refuses the delivery.

    Attributes:
        added: a column that the contract does not know.
        removed: an optional column that did not come.
        renamed: a column that came under an alias.
        retyped: most values of a column are not of its type.
        reordered: columns came in another order.
    """

    added: Response = "accept"
    removed: Response = "accept"
    renamed: Response = "accept"
    retyped: Response = "reserve"
    reordered: Response = "accept"


class Validity(Declared):
    """Which published columns say from when until when a fact held.

    Attributes:
        since: the first day or month.
        until: the last one; left out: until it is told otherwise.
    """

    since: Identifier
    until: Identifier | None = None


class Publishes(Declared):
    """The domain table made of this feed; its DDL is generated.

    Attributes:
        table: readers see it as shared.<table>.
        title: what it is.
        columns: standard names, in the table's order.
        valid: since when and until when a row holds.
        readers: departments beside the owner that may read it.
    """

    table: Identifier
    title: Bilingual
    columns: tuple[Identifier, ...]
    valid: Validity
    readers: tuple[Identifier, ...] = ()


class Contract(Declared):
    """One feed's contract.

    Attributes:
        feed: department/feed, as the file is called.
        title: what auditors and readers see.
        owner: who sends it, mends its faults and reads its table.
        legal_basis: by what law it is collected.
        purpose: what for; left out, the records of processing show it as missing.
        cadence: how often it comes; after so long it is late.
        authority: 1 to 100; a split person's id stays with the most authoritative record.
        retention_years: how long its deliveries are kept; where it is not declared, upkeep destroys none.
        delivery: how the bytes are read.
        key: source columns; of several alternatives the first whose parts are given and unique is used.
        person_unless: rows that are no person.
        once_each: a person stands in it once; two records of one person are told (PB-LK-008).
        keeps_apart: it knows its people apart: two of its records are never linked to be one person, unless one
            citizen ID or a judgement joins them.
        active_on: the date or month a person last acted on; one after a death is told (PB-LK-007).
        columns: source columns and the standard columns they become.
        thresholds: shares above which a delivery is refused or waits.
        schema_drift: what is done when columns are not as agreed.
        attributes: columns that speak for the person, and their rank; 1 speaks first.
        publishes: the table made of it; left out: it only speaks for the person.
    """

    feed: str
    title: Bilingual
    owner: Owner
    legal_basis: Bilingual
    purpose: Bilingual | None = None
    cadence: Literal["daily", "monthly", "termly"]
    authority: int = Field(ge=1, le=100)
    retention_years: int = Field(default=10, ge=1)
    delivery: Delivery
    key: tuple[tuple[str, ...], ...]
    person_unless: When | None = None
    once_each: bool = False
    keeps_apart: bool = False
    active_on: Identifier | None = None
    columns: tuple[Column, ...]
    thresholds: Thresholds = Thresholds()
    schema_drift: SchemaDrift = SchemaDrift()
    attributes: dict[Identifier, int] = Field(default_factory=dict)
    publishes: Publishes | None = None

    @property
    def department(self) -> str:
        """First part of the feed's name: the folder of its deliveries."""
        return self.feed.split("/", maxsplit=1)[0]

    @property
    def slug(self) -> str:
        """The feed's name where a slash cannot stand: DAG ids, file names."""
        return self.feed.replace("/", "-")

    @property
    def key_sources(self) -> tuple[str, ...]:
        """Source columns without which a row cannot be addressed: those of every alternative."""
        return tuple(part for part in self.key[0] if all(part in parts for parts in self.key))

    def column(self, name: str) -> Column:
        """The column with this standard name; KeyError when there is none."""
        return next_or_key_error(self.columns, name)


def next_or_key_error(columns: tuple[Column, ...], name: str) -> Column:
    """First column of that standard name."""
    for column in columns:
        if column.name == name:
            return column
    raise KeyError(name)
