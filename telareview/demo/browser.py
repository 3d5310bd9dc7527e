"""The machine's Chromium for the browser tests. `python -m telareview.demo.browser` installs it where it can."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: Without a font of its own a bare machine draws empty boxes.
PACKAGES = ("chromium", "fonts-liberation")
MAC_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
#: As root it needs --no-sandbox; the others keep it from asking the network for anything.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> Path | None:
    chosen = os.environ.get("TELAREVIEW_CHROMIUM", "").strip()
    if chosen:
        return Path(chosen) if os.access(chosen, os.X_OK) else None
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    return next((Path(place) for place in MAC_PLACES if os.access(place, os.X_OK)), None)


def install_chromium() -> str | None:
    """Installs Debian's or Ubuntu's package as root. None when a browser is there afterwards, else why not."""
    if os.environ.get("TELAREVIEW_CHROMIUM"):
        return f"TELAREVIEW_CHROMIUM is {os.environ['TELAREVIEW_CHROMIUM']!r}, which is no program"
    if not shutil.which("apt-get"):
        return "no Chromium is installed, and there is no apt-get to install it with"
    if os.geteuid() != 0:
        return "no Chromium is installed, and only root can install it (apt-get install chromium)"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update", "-q"), ("install", "-q", "-y", "--no-install-recommends", *PACKAGES)):
        done = subprocess.run(["apt-get", *arguments], env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            return (
                f"`apt-get {' '.join(arguments)}` failed: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}"
            )
    return None if find_chromium() else "apt-get installed chromium, but it is not on PATH"


def main() -> None:
    if find_chromium():
        return
    print("browser     installing chromium …", flush=True)
    reason = install_chromium()
    print(f"browser     {f'browser tests are skipped: {reason}' if reason else find_chromium()}", flush=True)


if __name__ == "__main__":
    main()
