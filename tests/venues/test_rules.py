"""How venues are written down: names, searches, positions, kinds, addresses."""

from pathlib import Path

import pytest

from charter.venues import rules, zones
from charter.venues.models import Kind


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("The Lantern", "lantern"),
        ("O'Neills", "oneills"),
        ("Café Łódź & Søn", "cafe lodz and son"),
        ("@Harris'", "harris"),
        ("The The", "the"),
        ("Ye Shakespeare", "shakespeare"),
    ],
)
def test_a_name_is_sorted_without_accents_punctuation_and_the(name: str, key: str) -> None:
    assert rules.name_key(name) == key


def test_a_search_sees_the_postcode_with_and_without_its_space() -> None:
    words = rules.search_words("The Crown & Anchor", "St. Mary's Hill", "AA3 1AB")
    assert words == "the crown and anchor st marys hill aa3 1ab aa31ab"


def test_search_words_keep_the_postcode_however_long_the_name() -> None:
    words = rules.search_words("x" * 600, "", "AA3 1AB")
    assert len(words) <= rules.SEARCH_LIMIT
    assert words.endswith("aa3 1ab aa31ab")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Lakota Nightclub", Kind.NIGHTCLUB),
        ("Bar 135", Kind.BAR),
        ("Toto's Wine Bar", Kind.BAR),
        ("White Lion Hotel", Kind.PUB),
        ("Avonmouth Bowling Club", Kind.PUB),
        ("The Masonic Club Bar", Kind.PUB),
        ("The Barley Mow", Kind.PUB),
    ],
)
def test_a_kind_is_guessed_only_from_plain_words(name: str, kind: Kind) -> None:
    assert rules.guess_kind(name) is kind


def test_other_types_of_premises_have_their_own_kind() -> None:
    assert rules.guess_kind("Any", "Hotel/bed & breakfast/guest house") is Kind.HOTEL
    assert rules.guess_kind("Any", "School/college/university") is Kind.WORKPLACE


@pytest.mark.parametrize(
    ("lines", "street", "town"),
    [
        ([None, "1 West St", "Bedminster", "Testbury"], "1 West St, Bedminster", "Testbury"),
        (["Bull Inn", "333 Mill Road", None, "Testbury"], "333 Mill Road", "Testbury"),
        (["Room 7", "1 Low Lane", None, "Testbury"], "Room 7, 1 Low Lane", "Testbury"),
        (["Testbury"], "Testbury", ""),
        ([None, None], "", ""),
    ],
)  # fmt: skip
def test_an_address_gives_street_and_town(lines: list[str | None], street: str, town: str) -> None:
    assert rules.address("The Bull Inn", lines) == (street, town)


@pytest.mark.parametrize(
    "place", [("0", "0"), ("91", "0"), ("nan", "-2"), ("51.4", ""), ("x", "y"), ("51", "1e400")]
)
def test_a_position_that_cannot_be_is_refused(place: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="position"):
        rules.position(*place)


def test_no_position_is_no_fault() -> None:
    assert rules.position(None, " ") is None
    assert rules.position("51.45", "-2.6") == (51.45, -2.6)


def test_nights_are_kept_in_order_and_said_in_words() -> None:
    assert rules.nights(["5", "4", "5", "9", "x"]) == "45"
    assert rules.nights_in_words("345") == "Thursday, Friday and Saturday"
    assert rules.nights_in_words("0123456") == "Every night"
    assert rules.nights_in_words("") == ""


def test_every_zone_of_the_seed_is_sound_and_the_charters_places_are_covered() -> None:
    kinds = zones.kinds()
    assert len(kinds) == 25
    assert {kind.counts for kind in kinds} == {None, *zones.PLACES}
    assert all(kind.choose for kind in kinds if kind.counts)


def test_a_bad_seed_of_zones_names_every_fault(tmp_path: Path) -> None:
    seed = tmp_path / "zones.toml"
    seed.write_text(
        '[[zone]]\nkey = "Bad Key"\nname = "x"\nhint = ""\ncolour = 1\n'
        '[[zone]]\nkey = "a"\nname = "A"\nhint = "h"\ncounts = "roof"\n'
        '[[zone]]\nkey = "a"\nname = "A"\nhint = "h"\n'
    )
    with pytest.raises(zones.ZoneFault) as fault:
        zones.read(seed)
    words = str(fault.value)
    for expected in ("colour", "this-key", "has no hint", "none of entrance", "two zones"):
        assert expected in words
