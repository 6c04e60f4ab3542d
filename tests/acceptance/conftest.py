from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from api.page import BUILT
from tests.conftest import RequireSystem
from tests.support import burned, served
from tests.support.browsing import DESK, FLAGS, WAIT_MS, Watcher
from tests.support.served import Served


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a watched square with events, and another organisation beside it."""
    with served.serve(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="session")
def valley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a valley in which villages burned, and over an exercise there."""
    with burned.serve(tmp_path_factory.mktemp("valley")) as running:
        yield running


@pytest.fixture
def client(service: Served) -> Iterator[httpx.Client]:
    """A client with our key."""
    with service.client() as one:
        yield one


@pytest.fixture(scope="module")
def browser(require_system: RequireSystem) -> Iterator[Browser]:
    """A browser that is started once for each file of tests."""
    chromium = require_system("chromium", "chromium")
    if not (BUILT / "index.html").is_file():
        pytest.fail("the page is not built; build it with: make web", pytrace=False)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A window without a past, on a desk or of the size that a test asks for."""
    made = browser.new_context(viewport=getattr(request, "param", DESK), reduced_motion="reduce")
    made.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield made
    made.close()


@pytest.fixture
def watcher() -> Watcher:
    """What the page asks for and complains of."""
    return Watcher()
