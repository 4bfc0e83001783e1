"""Where popbase lives: the environment, read once into one frozen value. Nothing else reads os.environ."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.errors import UsageError
from pipelines.url import read_secret, with_password, with_proof

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """The places a run works in.

    Attributes:
        home: `$POPBASE_HOME`; lake, embedded server and reports live below it.
        database_url: the shared database; None means the embedded server in `home`.
        front_database_url: the departments' exchange database; None means the embedded one.
        declarations: folder that holds contracts/, expectations/, policies/ and sql/.
        pg_bin: folder of initdb and pg_ctl; None means the installed wheel's.
        signing_key_file: the key certificates are signed with; None means one of the home's own.
        pseudonym_key_file: the key pseudonyms are made with; None means one of the home's own.
        backup_key_file: the key encrypted copies of backups are sealed with; None means there is none.
        estimator: of the linkage model: `engine`, or `recordlinkage` as a second opinion on small data.
        duty_database_url: the login of a person who audits or keeps security; None means the embedded server's.
    """

    home: Path
    database_url: str | None = None
    front_database_url: str | None = None
    declarations: Path = ROOT
    pg_bin: Path | None = None
    signing_key_file: Path | None = None
    pseudonym_key_file: Path | None = None
    backup_key_file: Path | None = None
    estimator: Literal["engine", "recordlinkage"] = "engine"
    duty_database_url: str | None = None

    @property
    def lake(self) -> Path:
        """Delivered bytes and Parquet of every stage."""
        return self.home / "lake"

    @property
    def reports(self) -> Path:
        """Pages for auditors, one folder a publication."""
        return self.home / "reports"

    @property
    def signing_key(self) -> Path:
        """Private key of the certificates; the public one lies beside it as `.pub`."""
        return self.signing_key_file or self.home / "keys" / "signing.pem"

    @property
    def pseudonym_key(self) -> Path:
        """Key of the pseudonyms."""
        return self.pseudonym_key_file or self.home / "keys" / "pseudonym.key"

    @property
    def contracts(self) -> Path:
        """Folder of the contracts."""
        return self.declarations / "contracts"

    @property
    def code_lists(self) -> Path:
        """Folder of the operator's code lists; one that it lacks is the shipped one."""
        return self.contracts / "_reference" / "codes"

    @property
    def gazetteer(self) -> Path:
        """The operator's list of places, which need not exist."""
        return self.contracts / "_reference" / "gazetteer.csv"

    @property
    def expectations(self) -> Path:
        """Folder of the suites."""
        return self.declarations / "expectations"

    @property
    def policies(self) -> Path:
        """Folder of what the data office decides."""
        return self.declarations / "policies"

    @property
    def sql(self) -> Path:
        """Folder of the numbered SQL files."""
        return self.declarations / "sql"


def settings_from_environment() -> Settings:
    """Settings from POPBASE_HOME, POPBASE_DATABASE_URL, POPBASE_FRONT_DATABASE_URL and the like.

    Raises:
        UsageError: when a file that a variable names cannot be read, or does not fit its URL.
    """
    pg_bin = os.environ.get("POPBASE_PG_BIN")
    signing_key = os.environ.get("POPBASE_SIGNING_KEY_FILE")
    pseudonym_key = os.environ.get("POPBASE_PSEUDONYM_KEY_FILE")
    backup_key = os.environ.get("POPBASE_BACKUP_KEY_FILE")
    return Settings(
        home=Path(os.environ.get("POPBASE_HOME") or "var").expanduser().resolve(),
        database_url=_database_url("POPBASE_DATABASE"),
        front_database_url=_database_url("POPBASE_FRONT_DATABASE"),
        declarations=Path(os.environ.get("POPBASE_DECLARATIONS") or ROOT).resolve(),
        pg_bin=Path(pg_bin) if pg_bin else None,
        signing_key_file=Path(signing_key) if signing_key else None,
        pseudonym_key_file=Path(pseudonym_key) if pseudonym_key else None,
        backup_key_file=Path(backup_key) if backup_key else None,
        duty_database_url=_database_url("POPBASE_DUTY_DATABASE"),
    )


def _database_url(name: str) -> str | None:
    """NAME_URL or the text of NAME_URL_FILE, with the password of NAME_PASSWORD_FILE, proven by NAME_CA_FILE."""
    named = {
        part: os.environ.get(f"{name}_{part}") for part in ("URL", "URL_FILE", "PASSWORD_FILE", "CA_FILE")
    }
    url = named["URL"] or None
    if named["URL_FILE"]:
        url = url or read_secret(named["URL_FILE"], f"{name}_URL_FILE")
    if url is None:
        alone = [f"{name}_{part}" for part in ("PASSWORD_FILE", "CA_FILE") if named[part]]
        if alone:
            raise UsageError(
                f"{alone[0]} is set and {name}_URL is not", hint="docs/how-to/secure-the-database.md"
            )
        return None
    if named["PASSWORD_FILE"]:
        variable = f"{name}_PASSWORD_FILE"
        url = with_password(url, read_secret(named["PASSWORD_FILE"], variable), variable)
    return with_proof(url, named["CA_FILE"]) if named["CA_FILE"] else url
