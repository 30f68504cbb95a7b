"""The map of the rooms in a browser: a tap lands where the finger was, with a script or without."""

import pytest

from charter.rooms import layout, service
from tests.pages.browsers import Browsers
from tests.pages.checks import DESK, PHONE
from tests.pages.city import undone


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_tap_on_the_plan_puts_a_room_where_it_was(browsers: Browsers, size: dict[str, int]):
    city = browsers.city
    venue = city.venue("The Lantern")
    screen = browsers.screen("champion", javascript=False)
    with undone(city):
        with city.app.app_context():
            where = service.venue(venue)
            room = next(each for each in where.rooms if each.zone_id not in where.boxes)
        path = f"/venues/{venue}/rooms/place/{room.zone_id}"
        page = screen.open(path)
        page.set_viewport_size(size)  # type: ignore[arg-type]  # two numbers
        page.get_by_label("How big is it?").select_option("small")
        page.locator(".tap").scroll_into_view_if_needed()
        plan = page.locator(".tap svg").bounding_box()
        assert plan is not None
        page.mouse.click(plan["x"] + plan["width"] * 0.25, plan["y"] + plan["height"] * 0.6)
        page.get_by_text("Saved").first.wait_for()
        assert screen.complaints() == []
        with city.app.app_context():
            floor, box = service.venue(venue).boxes[room.zone_id]
        across, down = box.middle
        assert floor == 1
        assert abs(across - layout.FULL * 0.25) <= 6
        assert abs(down - layout.FULL * 0.6) <= 6
