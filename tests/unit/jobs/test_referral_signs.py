"""Signs of fraud in a log: planted ones are found, told in a sentence, and rest on the events that show them."""

from pathlib import Path

import pytest
from event_rows import START, event, frame

from graph.errors import BadInput
from graph.jobs.referral_signs import FoundSign, SignsRequest, find_signs
from graph.log.event_log import EventLog

DAY = 24 * 60


def found(folder: Path, *events: dict[str, object], **windows: float) -> list[FoundSign]:
    log = EventLog.open(folder)
    log.append(frame(events), loader="test", batch=1)
    return list(find_signs(log, log.version, SignsRequest(**windows)).signs)


def refer(at: int, customer: str, referrer: str, **given: object) -> dict[str, object]:
    return event("referral", at, id=f"r-{customer}-{at}", customer=customer, referrer=referrer, **given)


def register(at: int, customer: str, **properties: object) -> dict[str, object]:
    return event("register", at, id=f"g-{customer}", customer=customer, properties=properties)


def test_whoever_names_themselves_is_told(tmp_path: Path):
    [sign] = found(tmp_path, refer(0, "bob", "bob"))

    assert (sign.customer, sign.referrer, sign.sign, sign.score) == ("bob", "bob", "self_referral", 1.0)
    assert (sign.sentence, sign.evidence) == ("bob named themselves as the referrer.", ("r-bob-0",))


@pytest.mark.parametrize(("one", "other"), [("Ann.Li", "annli"), ("ann@x.cn", "ann+2@x.cn")])
def test_keys_that_differ_in_spelling_alone_are_told(tmp_path: Path, one: str, other: str):
    [sign] = found(tmp_path, refer(0, other, one))

    assert (sign.sign, sign.score) == ("near_identical_key", 0.6)


def test_numbered_keys_are_not_alike(tmp_path: Path):
    assert found(tmp_path, refer(0, "hz-c000042", "hz-c000041")) == []


def test_a_phone_in_common_is_told_by_the_events_that_bear_it(tmp_path: Path):
    events = [
        register(0, "ann", phone_hash="p1"),
        register(5, "bob", phone_hash="p1"),
        register(6, "cat", phone_hash="p2"),
        refer(7, "bob", "ann"),
        refer(8, "cat", "ann"),
    ]

    [sign] = found(tmp_path, *events)

    assert (sign.sign, sign.customer, sign.score) == ("same_phone", "bob", 0.9)
    assert sign.sentence == "ann and bob have the same phone, which no other customer has."
    assert sign.evidence == ("r-bob-7", "g-ann", "g-bob")


def test_an_address_of_many_speaks_little(tmp_path: Path):
    people = ["ann", "bob", *"abcdefgh"]
    events = [register(place * 20 * DAY, name, address_hash="house") for place, name in enumerate(people)]

    [sign] = found(tmp_path, *events, refer(21 * DAY, "bob", "ann"))

    assert (sign.sign, sign.score) == ("same_address", 0.06)
    assert sign.sentence.endswith("which 8 other customers have too.")


def test_a_ring_is_told_against_each_of_its_referrals(tmp_path: Path):
    ring = [refer(0, "bob", "ann"), refer(DAY, "cat", "bob"), refer(2 * DAY, "ann", "cat")]

    signs = found(tmp_path, *ring, refer(3 * DAY, "dan", "cat"))

    assert [(sign.customer, sign.sign) for sign in signs] == [("ann", "ring"), ("bob", "ring"), ("cat", "ring")]
    assert set(signs[0].evidence) == {"r-bob-0", f"r-cat-{DAY}", f"r-ann-{2 * DAY}"}
    assert signs[0].sentence == "3 customers brought one another in a circle within 30 days."


def test_a_ring_takes_as_long_as_is_asked(tmp_path: Path):
    ring = [refer(0, "bob", "ann"), refer(3 * DAY, "ann", "bob")]

    assert found(tmp_path, *ring, ring_days=2) == []


def test_registrations_from_one_device_in_an_hour_are_a_burst_of_the_referred(tmp_path: Path):
    honest = [register(place * 60, f"h{place}", device_hash=f"d{place}") for place in range(200)]
    burst = [register(5_000 + place, f"x{place}", device_hash="farm") for place in range(8)]
    referred = [refer(5_010 + place, f"x{place}", "ann") for place in range(6)]

    signs = found(tmp_path, *honest, *burst, *referred)

    assert {sign.customer for sign in signs if sign.sign == "device_burst"} == {f"x{place}" for place in range(6)}
    [first] = [sign for sign in signs if sign.customer == "x0" and sign.sign == "device_burst"]
    assert first.sentence.startswith("8 customers registered from one device within 24 hours, where 1.")
    assert "g-x7" in first.evidence


def test_who_lapses_after_the_reward_is_told_where_it_is_the_rule_for_the_referrer(tmp_path: Path):
    events = [event("login", 100 * DAY, customer="ann")]
    for referrer, many, back in (("ann", 30, 30), ("bad", 10, 0)):
        for place in range(many):
            name = f"{referrer}{place}"
            events.append(refer(place, name, referrer))
            events.append(event("referral_reward", DAY, customer=name, referrer=referrer, amount="8"))
            if place < back:
                events.append(event("purchase", 9 * DAY, customer=name, order=name, product="tea", amount="9"))

    signs = [sign for sign in found(tmp_path, *events) if sign.sign == "lapsed_after_reward"]

    assert {sign.customer for sign in signs} == {f"bad{place}" for place in range(10)}
    assert "Of 10 rewarded customers whom bad brought 10 bought nothing in the 60 days" in signs[0].sentence


def test_a_reward_of_yesterday_says_nothing_yet(tmp_path: Path):
    events = [refer(0, f"b{place}", "bad") for place in range(9)]
    events += [event("referral_reward", DAY, customer=f"b{p}", referrer="bad", amount="8") for p in range(9)]

    assert [sign for sign in found(tmp_path, *events) if sign.sign == "lapsed_after_reward"] == []


def test_a_sudden_pace_is_told(tmp_path: Path):
    slow = [refer(place * 15 * DAY, f"s{place}", "ann") for place in range(12)]
    fast = [refer(200 * DAY + place * 60, f"f{place}", "ann") for place in range(9)]

    signs = found(tmp_path, *slow, *fast)

    assert {sign.customer for sign in signs} == {f"f{place}" for place in range(9)}
    assert signs[0].sentence.startswith("ann brought 9 customers within 7 days, where 0.")


def test_the_same_log_gives_the_same_events_and_a_stronger_sign_another(tmp_path: Path):
    log = EventLog.open(tmp_path)
    log.append(frame([refer(0, "bob", "bob")]), loader="test", batch=1)

    first, again = (find_signs(log, log.version, SignsRequest()) for _ in range(2))
    weaker = FoundSign("bob", "bob", "self_referral", 0.5, "", ())

    assert first.events() == again.events()
    assert first.as_of == START
    assert first.events()[0]["id"] != type(first)((weaker,), 1, START, 1).events()[0]["id"]


def test_no_referrals_no_signs(tmp_path: Path):
    assert found(tmp_path, event("login", customer="ann")) == []


def test_a_window_must_be_above_nothing():
    with pytest.raises(BadInput, match="ring_days must be above 0"):
        SignsRequest(ring_days=0)
