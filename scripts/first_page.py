"""Takes the picture of the first page that the README shows, off a served demo.

Run: python scripts/first_page.py [http://127.0.0.1:8000/] while `make demo` serves; it needs Chromium.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parents[1] / "docs" / "first-page.png"


def main() -> None:
    """Wait until the page has told everything, then take all of it."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        page.wait_for_selector("#neighbourhood circle")
        page.screenshot(path=PICTURE, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
