"""Setting up without a network: everything comes from the wheelhouse, or its lack is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = """\
nothing-of-that-name==1.0 \\
    --hash=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what sets up, with a lock of one package that is nowhere."""
    for name in ("scripts/setup.sh", "scripts/wheelhouse.sh", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "requirements.lock").write_text(LOCK)
    return tmp_path


def set_up(project: Path, wheelhouse: Path) -> subprocess.CompletedProcess[str]:
    """With an index that answers nobody: who asks it fails by another word."""
    environment = {
        "PATH": os.environ["PATH"], "PYTHON": sys.executable, "VENV": sys.prefix, "WHEELHOUSE": str(wheelhouse),
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0",
    }  # fmt: skip
    script = project / "scripts" / "setup.sh"
    return subprocess.run([script], env=environment, capture_output=True, text=True, check=False)


def test_what_the_wheelhouse_lacks_is_told_and_no_index_is_asked(project: Path) -> None:
    (project / "wheelhouse").mkdir()
    ended = set_up(project, project / "wheelhouse")
    assert ended.returncode != 0
    assert "nothing-of-that-name==1.0" in ended.stderr
    assert "127.0.0.1" not in ended.stderr
    missing = set_up(project, project / "nowhere")
    assert (missing.returncode, "there is no folder" in missing.stderr) == (2, True)
