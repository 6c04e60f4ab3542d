"""From a key until the next event is painted, where events are verified: milliseconds in Chromium.

Usage: bench_page.py [COUNT]. Wants Chromium and the built page. Printed beside it: how long the
same browser takes to paint anything at all, which is what no code of ours can be quicker than.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from hearthwatch.records import Role
from tests.support import burned
from tests.support.browsing import DESK, FLAGS, WAIT_MS, Watcher, let_in, signed_in

COUNT = 10
MOST_MS = 200.0
"""What is wanted."""
PAINT = """() => new Promise((done) => {
  const began = performance.now(), painted = new MessageChannel();
  painted.port1.onmessage = () => done(performance.now() - began);
  document.body.style.outlineWidth = `${began % 2}px`;
  requestAnimationFrame(() => painted.port2.postMessage(null));
})"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("There is no chromium here: apt-get install -y chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        burned.serve(Path(folder)) as village,
        sync_playwright() as playwright,
    ):
        let_in(village.store, {"amina": ("Amina", Role.ANALYST)})
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport=DESK, reduced_motion="reduce")
        context.set_default_timeout(WAIT_MS)
        page = signed_in(context, village, Watcher(), "amina")
        took, least = keys(page, count), [page.evaluate(PAINT) for _ in range(count)]
        browser.close()
    for name, values in (("key to the next event", took), ("anything painted", least)):
        print(f"{name:24} median {statistics.median(values):6.0f} ms, most {max(values):6.0f} ms")
    print(f"{'wanted':24} at most {MOST_MS:5.0f} ms")


def keys(page: Page, count: int) -> list[float]:
    """Answer and take back again, so many times; return the milliseconds of each answer."""
    page.get_by_test_id("verify-start").click()
    ahead = page.locator("[data-testid=verify-slot].ahead [data-drawn]")
    front = page.locator("[data-testid=verify-slot]:not(.ahead) [data-drawn]")
    for done in range(count):
        front.wait_for()
        ahead.wait_for(state="attached")
        page.keyboard.press("h")
        page.wait_for_function(
            "(many) => performance.getEntriesByName('verify').length > many", arg=done
        )
        page.keyboard.press("u")
        page.wait_for_function("() => !document.querySelector('[data-testid=verify-undo]:enabled')")
    return list(page.evaluate("performance.getEntriesByName('verify').map((one) => one.duration)"))


if __name__ == "__main__":
    main()
