"""The evidence report in a browser: it says how it comes along, and comes without a script too."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.pages.browsers import Browsers


@pytest.mark.parametrize(
    ("button", "head"), [("Download the report (PDF)", b"%PDF"), ("Download the pack (ZIP)", b"PK")]
)
def test_a_report_says_how_it_comes_along_and_is_handed_over(
    browsers: Browsers, button: str, head: bytes
) -> None:
    venue = browsers.city.venue("The Lantern")
    screen = browsers.screen("officer")
    page = screen.open(f"/venues/{venue}/evidence")
    with page.expect_download() as coming:
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("status")).to_contain_text("Being made")
    file = coming.value
    assert Path(file.path()).read_bytes().startswith(head)
    expect(page.get_by_role("status")).to_contain_text(f"Done: {file.suggested_filename}, ")
    assert screen.complaints() == []


def test_a_report_that_breaks_off_says_so_and_can_be_asked_for_again(browsers: Browsers) -> None:
    venue = browsers.city.venue("The Lantern")
    screen = browsers.screen("officer")
    page = screen.open(f"/venues/{venue}/evidence")
    button = page.get_by_role("button", name="Download the report (PDF)")
    page.context.set_offline(True)
    button.click()
    expect(page.get_by_role("status")).to_contain_text("It broke off")
    page.context.set_offline(False)
    with page.expect_download() as coming:
        button.click()
    assert coming.value.suggested_filename.startswith("evidence-")


def test_a_day_to_come_is_said_beside_the_field_with_a_script(browsers: Browsers) -> None:
    venue = browsers.city.venue("The Lantern")
    page = browsers.screen("officer").open(f"/venues/{venue}/evidence")
    page.get_by_label("Year").fill("2099")
    page.get_by_role("button", name="Download the report (PDF)").click()
    expect(page.get_by_text("Choose a day that is over").first).to_be_visible()
    assert page.get_by_label("Year").input_value() == "2099"


def test_a_report_comes_without_a_script(browsers: Browsers) -> None:
    venue = browsers.city.venue("The Lantern")
    page = browsers.screen("officer", javascript=False).open(f"/venues/{venue}/evidence")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download the report (PDF)").click()
    assert Path(coming.value.path()).read_bytes().startswith(b"%PDF")
