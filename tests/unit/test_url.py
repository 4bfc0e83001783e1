"""Secrets in files: what the environment names, and what is told when it does not fit."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import UsageError
from pipelines.settings import settings_from_environment
from pipelines.url import with_password, with_proof

URL = "postgresql://popbase_pipeline@db.county.example:5432/popbase?application_name=x"
NAMES = [
    f"POPBASE_{which}_{part}"
    for which in ("DATABASE", "FRONT_DATABASE")
    for part in ("URL", "URL_FILE", "PASSWORD_FILE", "CA_FILE")
]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_any_password_comes_out_of_the_url_as_it_was(password: str) -> None:
    parts = urlsplit(with_password(URL, password, "X"))
    assert unquote(parts.password or "") == password
    assert (parts.username, parts.hostname, parts.port) == ("popbase_pipeline", "db.county.example", 5432)


def test_a_ca_asks_for_the_whole_proof() -> None:
    asked = parse_qs(urlsplit(with_proof(f"{URL}&sslmode=disable", "/etc/ca.pem")).query)
    assert asked == {
        "application_name": ["x"], "sslmode": ["verify-full"], "sslrootcert": ["/etc/ca.pem"],
        "require_auth": ["scram-sha-256"],
    }  # fmt: skip


@pytest.mark.parametrize("which", ["DATABASE", "FRONT_DATABASE"])
def test_files_are_read_and_put_together(which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text(f"{URL}\n")
    (tmp_path / "password").write_text("se/c:r@t\n")
    monkeypatch.setenv(f"POPBASE_{which}_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv(f"POPBASE_{which}_PASSWORD_FILE", str(tmp_path / "password"))
    settings = settings_from_environment()
    found = settings.database_url if which == "DATABASE" else settings.front_database_url
    assert found == URL.replace("popbase_pipeline@", "popbase_pipeline:se%2Fc%3Ar%40t@")


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        (None, "x", "POPBASE_DATABASE_URL is not"),
        ("postgresql://a:b@c/d", "x", "without a password"),
        ("host=c user=a", "x", "needs a URL"),
        ("postgresql:///d", "x", "with a user"),
        (URL, "", "is empty"),
        (URL, None, "cannot be read"),
    ],
)
def test_what_does_not_fit_is_told_without_the_secret(
    url: str | None, secret: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if secret is not None:
        (tmp_path / "password").write_text(secret)
    if url is not None:
        monkeypatch.setenv("POPBASE_DATABASE_URL", url)
    monkeypatch.setenv("POPBASE_DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    with pytest.raises(UsageError, match=said):
        settings_from_environment()
