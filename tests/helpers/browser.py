"""Pages as a real browser shows them."""

import shutil

from patience import run


def browser():
    """The Chromium on this machine."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise AssertionError("no Chromium found; install it, e.g. apt-get install chromium")


def _chromium(folder, *words):
    return run(
        [
            browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={folder / 'profile'}", "--hide-scrollbars", *words,
        ],
        check=True,
        capture_output=True,
        text=True,
        seconds=90,
    )  # fmt: skip


def screenshot(page, picture, height):
    """Picture, 1100 pixels wide, of a page: a file, or an address whose script has 4 s to draw."""
    live = isinstance(page, str)
    address = [page, "--virtual-time-budget=4000"] if live else [page.as_uri()]
    size = f"--window-size=1100,{height}"
    _chromium(picture.parent, size, f"--screenshot={picture}", *address)


def drawn(address, folder):
    """Markup of a page after its script has drawn for 4 s, and what the browser complained of."""
    words = ("--virtual-time-budget=4000", "--enable-logging=stderr", "--dump-dom", address)
    done = _chromium(folder, *words)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, complaints
