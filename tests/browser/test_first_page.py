"""The first page and GraphiQL, as a person sees them in a browser."""

import re
from pathlib import Path

from playwright.async_api import Route, expect

from tests.browser.conftest import Watched
from tests.command_line import done_well, renmai

CHINESE = re.compile("[\u4e00-\u9fff]{2,}")


async def opened(watched: Watched, address: str) -> None:
    await watched.page.goto(address)
    await watched.page.wait_for_selector("body[data-ready]")


async def test_the_page_shows_what_is_loaded_who_moves_whom_and_what_leads_to_what(
    watched: Watched, served: str
) -> None:
    await opened(watched, served)
    page = watched.page

    figures = await page.locator("#loaded dd").all_inner_texts()
    names = await page.locator("#influencers tbody tr td:nth-child(2)").all_inner_texts()

    assert figures[0] == "1,500"
    assert figures[2] == "12"
    assert len(names) == 12
    assert all(CHINESE.search(name) for name in names)
    assert await page.locator("#neighbourhood circle").count() > 1
    assert await page.locator("#chains li").count() >= 1
    assert watched.complaints == []
    assert watched.hosts == {"127.0.0.1"}


async def test_choosing_another_customer_draws_their_people(watched: Watched, served: str) -> None:
    await opened(watched, served)
    page = watched.page
    rows = page.locator("#influencers tbody tr")
    second = await rows.nth(1).get_attribute("data-key")

    await rows.nth(1).click()

    await expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    await expect(page.locator("#neighbourhood g.centre")).to_have_attribute("data-key", str(second))
    await expect(page.locator("#person")).to_contain_text(str(second))


async def test_a_row_is_reached_and_chosen_by_keyboard(watched: Watched, served: str) -> None:
    await opened(watched, served)
    third = watched.page.locator("#influencers tbody tr").nth(2)

    await third.focus()
    await watched.page.keyboard.press("Enter")

    await expect(third).to_have_attribute("aria-selected", "true")


async def test_somebody_in_the_drawing_becomes_its_centre(watched: Watched, served: str) -> None:
    await opened(watched, served)
    someone = watched.page.locator("#neighbourhood g.person:not(.centre)").first
    key = await someone.get_attribute("data-key")

    await someone.locator("circle").click()

    await expect(watched.page.locator("#neighbourhood g.centre")).to_have_attribute("data-key", str(key))


async def test_customers_are_found_by_name_and_by_key(watched: Watched, served: str) -> None:
    await opened(watched, served)
    page = watched.page
    row = page.locator("#influencers tbody tr").nth(4)
    key, name = str(await row.get_attribute("data-key")), await row.locator("td").nth(1).inner_text()

    for text in (key, name):
        await page.fill("#search-text", text)
        await page.keyboard.press("Enter")

        await expect(page.locator("#neighbourhood g.centre text")).to_have_text(name)
    assert watched.complaints == []


async def test_the_page_speaks_chinese_too(watched: Watched, served: str) -> None:
    await opened(watched, served)

    await watched.page.click("#language")

    await expect(watched.page.locator("#influencers-title")).to_have_text("谁能带动他人")
    assert await watched.page.evaluate("document.documentElement.lang") == "zh-CN"


async def test_chinese_characters_are_drawn_and_not_replaced_by_boxes(watched: Watched, served: str) -> None:
    await opened(watched, served)

    drawn = await watched.page.evaluate(
        """() => ["咖", "啡", "\\u{10FFFE}"].map((sign) => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
            const context = canvas.getContext("2d");
            context.font = `32px ${getComputedStyle(document.body).fontFamily}`;
            context.fillText(sign, 2, 34);
            return canvas.toDataURL();
        })"""
    )

    assert len(set(drawn)) == 3


async def test_a_narrow_screen_needs_no_sideways_scrolling(watched: Watched, served: str) -> None:
    await watched.page.set_viewport_size({"width": 390, "height": 800})
    await opened(watched, served)

    assert await watched.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_a_failing_api_is_told_on_the_page(watched: Watched, served: str) -> None:
    await watched.page.route(
        "**/graphql", lambda route: route.fulfill(status=503, json={"errors": [{"message": "The graph is away."}]})
    )
    await opened(watched, served)

    await expect(watched.page.locator("#failure")).to_have_text("The graph is away.")


async def test_where_a_key_is_needed_the_page_asks_for_one(watched: Watched, guarded: str, world: Path) -> None:
    page = watched.page
    secret = done_well(renmai("keys", "create", "ann", "--scope", "read", data=world)).split()[0]
    await opened(watched, guarded)
    await expect(page.locator("#failure")).to_contain_text("An API key with the scope read is needed")

    for given, shown in (("rk_wrong", 0), (secret, 12)):
        await page.fill("#key-text", given)
        await page.keyboard.press("Enter")
        await expect(page.locator("#influencers tbody tr")).to_have_count(shown)
        await expect(page.locator("#key")).to_be_visible(visible=not shown)

    await expect(page.locator("#failure")).to_be_hidden()
    await expect(page.locator("#key")).to_be_hidden()
    await page.reload()
    await expect(page.locator("#influencers tbody tr")).to_have_count(12)


async def test_markup_in_the_data_is_shown_as_text(watched: Watched, served: str) -> None:
    async def poisoned(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace("西湖区", "<img src=x onerror=boom()>"))

    await watched.page.route("**/graphql", poisoned)
    await opened(watched, served)

    assert await watched.page.locator("main img").count() == 0
    assert watched.complaints == []


async def test_graphiql_comes_from_here_and_answers(watched: Watched, served: str) -> None:
    page = watched.page
    await page.goto(f"{served}graphql")

    await page.click("button.graphiql-execute-button")

    await expect(page.locator(".result-window")).to_contain_text("topInfluencers")
    await expect(page.locator(".result-window")).to_contain_text("spread")
    assert watched.complaints == []
    assert watched.hosts == {"127.0.0.1"}


async def test_pages_forbid_scripts_from_elsewhere(watched: Watched, served: str) -> None:
    for path in ("", "graphql"):
        answer = await watched.page.goto(f"{served}{path}")

        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "script-src" not in policy or "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
        assert answer.headers["x-content-type-options"] == "nosniff"
