"""A real headless Chromium, driven over its debugging pipe: pages are opened, keys pressed, faults listened for."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

CHROMIUM = os.environ.get("POPBASE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ABSENT = "there is no Chromium on this machine (install it, or name it in POPBASE_CHROMIUM)"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--disable-background-networking", "--remote-debugging-pipe",
)  # fmt: skip
KEYS = {"Tab": 9, "Enter": 13}


@dataclass
class Page:
    """One tab. `faults` are exceptions of scripts and errors of the console, `asked` the addresses it loaded."""

    say: IO[bytes]
    hear: IO[bytes]
    session: str = ""
    number: int = 0
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self.number += 1
        told = {"id": self.number, "method": method, "params": params}
        told |= {"sessionId": self.session} if self.session else {}
        self.say.write(json.dumps(told).encode() + b"\0")
        self.say.flush()
        while (answer := self._next()).get("id") != self.number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        said = bytearray()
        while (byte := self.hear.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("Chromium has ended")
            said += byte
        event: dict[str, Any] = json.loads(said)
        self._note(event.get("method", ""), event.get("params", {}))
        return event

    def _note(self, method: str, params: dict[str, Any]) -> None:
        self.seen.append(method)
        if method == "Runtime.exceptionThrown":
            self.faults.append(str(params["exceptionDetails"]))
        if method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.faults.append(params["entry"]["text"])
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])

    def open(self, path: Path, width: int = 1280, *, scheme: str = "light", scripts: bool = True) -> None:
        """Load a page from disk at that width of the window, and wait until it is there."""
        self.faults, self.asked, self.seen = [], [], []
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
        )
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.ask("Page.navigate", url=path.as_uri())
        while "Page.loadEventFired" not in self.seen:
            self._next()

    def run(self, script: str) -> Any:
        """What an expression says, as JSON says it."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """A real key, as a keyboard gives it."""
        code = KEYS[key]
        text = {"text": "\r"} if key == "Enter" else {}
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def write(self, text: str) -> None:
        """Text into what has the focus."""
        self.ask("Input.insertText", text=text)

    def pdf(self) -> bytes:
        """The page as it is printed on A4."""
        return base64.b64decode(self.ask("Page.printToPDF", preferCSSPageSize=True)["data"])

    def picture(self, *, whole: bool = False) -> bytes:
        """The page as it is seen, or all of it, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def html(self) -> str:
        """The document as it stands, scripts run or not."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        return str(self.ask("DOM.getOuterHTML", nodeId=root)["outerHTML"])


@contextmanager
def open_browser() -> Iterator[Page]:
    """A browser with one tab, gone at the end."""
    to_read, to_say = os.pipe()
    to_hear, to_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={home}", "about:blank"]
        ends = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        browser = subprocess.Popen(
            ["bash", "-c", ends, "browser", *command], pass_fds=(to_read, to_write), stderr=subprocess.DEVNULL
        )
        os.close(to_read)
        os.close(to_write)
        with os.fdopen(to_say, "wb") as say, os.fdopen(to_hear, "rb") as hear:
            page = Page(say, hear)
            target = page.ask("Target.createTarget", url="about:blank")["targetId"]
            page.session = page.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
                page.ask(f"{domain}.enable")
            yield page
            page.session = ""
            page.ask("Browser.close")
        browser.wait(timeout=30)
