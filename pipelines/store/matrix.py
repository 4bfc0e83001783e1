"""The matrix of access, policies/access.yml: to whom, which table, which columns in which form, which rows, what for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.contract.model import Bilingual
from pipelines.errors import ContractError, Fault
from pipelines.store.golden import GoldenColumn, GoldenTable

Form = Literal["plain", "pseudonym", "masked", "none"]
Mask = Literal["shown", "hidden", "name", "identity_number", "telephone", "address", "year"]
FORMS: Final[tuple[Form, ...]] = ("plain", "pseudonym", "masked", "none")
"""The fullest first."""
EVERY: Final = "every"
OWN: Final = Bilingual(zh="本部门数据", en="Its own data")
NAMED: Final = Bilingual(zh="数据约定所列的共享", en="Shared by the contract")
_TYPES: Final[Mapping[Mask, str]] = {
    "name": "text", "identity_number": "text", "telephone": "text", "address": "text", "year": "date",
}  # fmt: skip


class Grant(BaseModel):
    """One line of the matrix.

    Attributes:
        to: a department, or `every`.
        table: as in shared.<table>.
        form: of its columns.
        columns: those in another form.
        rows: a column: only rows whose value begins with a division of the department; None: all rows.
        purpose: what for.
        ask_purpose: whether an export says what for, each time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    to: str
    table: str
    form: Form
    columns: dict[str, Form] = {}
    rows: str | None = None
    purpose: Bilingual
    ask_purpose: bool = False

    def form_of(self, column: str) -> Form:
        """In which form it shows a column."""
        return self.columns.get(column, self.form)


class Access(BaseModel):
    """Policy of access.

    Attributes:
        masks: how a column looks where it is masked; one that is not named is hidden.
        divisions: of departments that see some rows only: what their division codes begin with.
        grants: the lines of the matrix, beside what contracts say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    masks: dict[str, Mask] = {}
    divisions: dict[str, tuple[str, ...]] = {}
    grants: tuple[Grant, ...] = ()

    def mask_of(self, column: str) -> Mask:
        """How a column looks where it is masked."""
        return self.masks.get(column, "hidden")

    def shown_as(self, grant: Grant, column: str) -> Form:
        """In which form a line shows a column in the end: masks may show it, or hide it."""
        form = grant.form_of(column)
        shown: dict[Mask, Form] = {"shown": "plain", "hidden": "none"}
        return shown.get(self.mask_of(column), form) if form == "masked" else form


def load_access(path: Path) -> Access:
    """The access policy; ContractError with every fault."""
    try:
        declared: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Access.model_validate(declared)
    except yaml.YAMLError:
        raise ContractError([Fault(path.name, "file", "is not YAML")]) from None
    except ValidationError as error:
        faults = [Fault(path.name, ".".join(map(str, f["loc"])) or "file", f["msg"]) for f in error.errors()]
        raise ContractError(faults) from None


def grants_of(access: Access, table: GoldenTable) -> list[Grant]:
    """Every line about a table: the policy's, the owner's, and the contract's readers that the policy does not name."""
    said = [grant for grant in access.grants if grant.table == table.name]
    owner, *readers = table.departments or (None,)
    implied = [Grant(to=owner, table=table.name, form="plain", purpose=OWN)] if owner else []
    named = {grant.to for grant in said}
    implied += [
        Grant(to=name, table=table.name, form="masked", purpose=NAMED)
        for name in readers
        if name and name not in named
    ]
    return [*implied, *said]


def fullest(column: str, access: Access, grants: Iterable[Grant]) -> tuple[Form, bool] | None:
    """The fullest form in which any of the lines shows a column, and whether of some rows only; None: in none."""
    shown: list[tuple[Form, bool]] = [(access.shown_as(g, column), g.rows is not None) for g in grants]
    seen = [(FORMS.index(form), some) for form, some in shown if form != "none"]
    if not seen:
        return None
    form, some_rows = min(seen)
    return FORMS[form], some_rows


def check_access(
    access: Access, tables: Sequence[GoldenTable], departments: Collection[str] | None = None
) -> None:
    """Hold the policy against the contracts; ContractError with every fault.

    A line for a department that no contract names has no effect; it is a fault where `departments` are given.
    """
    known = {table.name: {column.name: column for column in table.columns} for table in tables}
    faults = [*_mask_faults(access, known), *_grant_faults(access, known, departments)]
    if faults:
        raise ContractError([Fault("access.yml", place, why) for place, why in faults])


def _mask_faults(
    access: Access, known: Mapping[str, Mapping[str, GoldenColumn]]
) -> Iterator[tuple[str, str]]:
    for name, mask in access.masks.items():
        columns = [columns[name] for columns in known.values() if name in columns]
        if not columns:
            yield f"masks.{name}", "no shared table has such a column"
        wanted = _TYPES.get(mask)
        if any(wanted not in (None, column.sql_type) for column in columns):
            yield f"masks.{name}", f"the mask {mask} is for {wanted}"


def _grant_faults(
    access: Access, known: Mapping[str, Mapping[str, GoldenColumn]], departments: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    for number, grant in enumerate(access.grants):
        place = f"grants.{number}"
        columns = known.get(grant.table)
        if columns is None:
            yield f"{place}.table", "there is no such shared table"
            continue
        if departments is not None and grant.to not in (EVERY, *departments):
            yield f"{place}.to", "no contract names such a department"
        for name in {*grant.columns, *([grant.rows] if grant.rows else [])} - columns.keys():
            yield place, f"shared.{grant.table} has no column {name}"
        if grant.rows and not access.divisions.get(grant.to):
            yield f"{place}.rows", f"divisions names none of {grant.to}"
        yield from _pseudonym_faults(place, grant, columns)


def _pseudonym_faults(
    place: str, grant: Grant, columns: Mapping[str, GoldenColumn]
) -> Iterator[tuple[str, str]]:
    names = [name for name in columns if grant.form_of(name) == "pseudonym"]
    if names and grant.to == EVERY:
        yield place, "a pseudonym is a department's own, not everybody's"
    for name in names:
        if columns[name].sql_type != "text":
            yield place, f"{name} is no text: a pseudonym stands for text"
