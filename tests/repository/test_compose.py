"""docker-compose.yml, Dockerfile and what they start, as far as that can be told without Docker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "init", "networks", "ports",
    "restart", "secrets", "security_opt", "shm_size", "stop_grace_period", "user", "volumes",
}  # fmt: skip
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
PINNED = re.compile(r"^[a-z0-9/_.-]+:\d+\.\d+(\.\d+)?[a-z0-9.-]*$")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:[-?][^}]*)?\}")


@cache
def compose() -> dict[str, Any]:
    declared: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return declared


@cache
def services() -> dict[str, dict[str, Any]]:
    declared: dict[str, dict[str, Any]] = compose()["services"]
    return declared


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_only_keys_of_the_compose_specification_are_used() -> None:
    top = {key for key in compose() if not key.startswith("x-")}
    assert top == {"name", "services", "volumes", "networks", "secrets"}
    assert {key for service in services().values() for key in service} <= SERVICE_KEYS


def test_airflow_and_its_database_are_all_there() -> None:
    assert set(services()) == {
        "postgres", "popbase-init", "airflow-init", "api-server", "scheduler", "dag-processor", "triggerer",
    }  # fmt: skip


def test_a_service_waits_only_for_what_can_be_waited_for() -> None:
    for service in services().values():
        for name, wait in service.get("depends_on", {}).items():
            assert wait["condition"] in CONDITIONS
            assert wait["condition"] != "service_healthy" or "healthcheck" in services()[name]
            assert (
                wait["condition"] != "service_completed_successfully" or services()[name]["restart"] == "no"
            )


def test_named_volumes_networks_and_secrets_are_declared_and_used() -> None:
    mounts = [mount.split(":")[0] for service in services().values() for mount in service["volumes"]]
    used = {
        "volumes": {name for name in mounts if re.fullmatch(r"[a-z]+", name)},
        "networks": {name for service in services().values() for name in service["networks"]},
        "secrets": {name for service in services().values() for name in service["secrets"]},
    }
    assert used == {kind: set(compose()[kind]) for kind in used}


def test_folders_and_files_that_are_mounted_exist() -> None:
    mounts = [mount.split(":")[0] for service in services().values() for mount in service["volumes"]]
    assert [name for name in mounts if name.startswith("./") and not (ROOT / name).exists()] == []


def test_every_long_running_service_has_a_health_check_and_comes_back() -> None:
    for name, service in services().items():
        if service["restart"] != "no":
            assert service["restart"] == "unless-stopped", name
            assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"]), name


def test_images_are_pinned() -> None:
    assert [s["image"] for s in services().values() if not PINNED.match(s["image"])] == []
    bases = re.findall(r"^FROM (\S+)", text("Dockerfile"), re.MULTILINE)
    assert bases
    assert [base for base in bases if not PINNED.match(base)] == []


def test_nothing_of_ours_runs_as_root_or_may_become_it() -> None:
    assert re.findall(r"^USER (\S+)", text("Dockerfile"), re.MULTILINE) == ["50000:50000"]
    for name, service in services().items():
        assert "no-new-privileges:true" in service["security_opt"], name
        if name != "postgres":
            assert service["user"] == "50000:50000", name
            assert service["cap_drop"] == ["ALL"], name


def test_the_database_keeps_its_files_on_its_volume() -> None:
    """From PostgreSQL 18 on the image keeps PGDATA in a folder named after the version, below this one."""
    version = int(services()["postgres"]["image"].split(":")[1].split(".")[0])
    assert version >= 18
    assert "database:/var/lib/postgresql" in services()["postgres"]["volumes"]


def test_ports_are_open_to_this_machine_only_unless_somebody_says_otherwise() -> None:
    ports = [port for service in services().values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if ":-127.0.0.1:" not in port] == []


def test_every_variable_has_a_default_and_stands_in_the_example() -> None:
    found = VARIABLE.findall(text("docker-compose.yml"))
    defaults = {name: default.removeprefix(":-") for name, default in found}
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", text(".env.example"), re.MULTILINE))
    assert all(default.startswith(":-") for _, default in found)
    assert defaults == example
    assert text("docker-compose.yml").count("$") == len(found)


def test_no_password_stands_in_the_files() -> None:
    written = re.compile(r"(?i)(password|jwt_secret|secret_key|fernet_key)\s*[:=]\s*[^\s/{$]")
    for name in ("docker-compose.yml", ".env.example", "Dockerfile"):
        assert written.findall(text(name)) == []


def test_the_superuser_is_known_to_its_server_and_to_one_other_service() -> None:
    knowing = {name for name, service in services().items() if "postgres" in service["secrets"]}
    assert knowing == {"postgres", "popbase-init"}


def test_secrets_and_state_do_not_get_into_the_image() -> None:
    left_out = text(".dockerignore").split()
    assert {".env", "var", ".git", ".venv*"} <= set(left_out)


PARSE = """
import json, sys
from airflow.cli.cli_parser import get_parser
for arguments in json.loads(sys.argv[1]):
    get_parser().parse_args(arguments)
try:
    get_parser().parse_args(["api-servant"])
except SystemExit as refused:
    sys.exit(0 if refused.code == 2 else 1)
sys.exit("anything is taken")
"""


def test_every_command_exists_and_takes_its_arguments(tmp_path: Path) -> None:
    commands = [service["command"] for service in services().values() if "command" in service]
    of_airflow = [arguments for program, *arguments in commands if program == "airflow"]
    assert len(of_airflow) == 5
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path)}
    parsed = [sys.executable, "-c", PARSE, json.dumps(of_airflow)]
    subprocess.run(parsed, env=environment, check=True, capture_output=True)
    for program, *arguments in commands:
        if program != "airflow":
            subprocess.run([BIN / program, *arguments, "--help"], check=True, capture_output=True)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The folder that scripts/compose/secrets.sh makes, in a copy of the project's outermost files."""
    (tmp_path / "scripts").mkdir()
    shutil.copytree(ROOT / "scripts" / "compose", tmp_path / "scripts" / "compose")
    subprocess.run([tmp_path / "scripts/compose/secrets.sh"], check=True, capture_output=True)
    return tmp_path / "var" / "secrets"


def test_secrets_are_made_once_and_are_those_that_are_mounted(secrets: Path) -> None:
    made = {path.name: path.read_text(encoding="ascii") for path in secrets.iterdir()}
    subprocess.run([secrets.parents[1] / "scripts/compose/secrets.sh"], check=True, capture_output=True)
    assert {path.name: path.read_text(encoding="ascii") for path in secrets.iterdir()} == made
    assert set(made) == set(compose()["secrets"])
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert len(made["jwt_secret"]) >= 64


def test_the_entry_point_gives_a_command_its_urls_and_becomes_it(secrets: Path) -> None:
    script = ROOT / "scripts" / "compose" / "entrypoint.sh"
    environment = {"SECRETS_FOLDER": str(secrets), "PATH": os.environ["PATH"]}
    told = subprocess.run([script, "env"], env=environment, capture_output=True, text=True, check=True)
    given = dict(line.split("=", 1) for line in told.stdout.splitlines())
    password = (secrets / "popbase_pipeline").read_text(encoding="ascii")
    assert given["POPBASE_DATABASE_URL"] == "postgresql://popbase_pipeline@postgres:5432/popbase"
    assert given["POPBASE_DATABASE_PASSWORD_FILE"] == str(secrets / "popbase_pipeline")
    assert [name for name, value in given.items() if password in value] == []
    assert given["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("postgresql+psycopg2://popbase_airflow:")
    assert len(given["AIRFLOW__CORE__FERNET_KEY"]) == 44


def test_a_missing_secret_ends_the_start_with_a_clear_word(secrets: Path) -> None:
    (secrets / "jwt_secret").unlink()
    script = ROOT / "scripts" / "compose" / "entrypoint.sh"
    environment = {"SECRETS_FOLDER": str(secrets), "PATH": os.environ["PATH"]}
    told = subprocess.run([script, "env"], env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 5
    assert "the secret jwt_secret is not in" in told.stderr


def test_shell_scripts_are_well_formed() -> None:
    scripts = [*(ROOT / "scripts").rglob("*.sh")]
    assert scripts
    for script in scripts:
        shell = script.read_text(encoding="utf-8").splitlines()[0].split()[-1].rsplit("/", 1)[-1]
        subprocess.run([shell, "-n", script], check=True)
        assert os.access(script, os.X_OK)
