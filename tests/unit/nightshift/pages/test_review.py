"""The review queue without a browser: what it shows, decides, undoes, and refuses."""

from html import unescape

from tests.pages import client, post
from tests.reviewing import HOSTILE, judged_item, stand_of
from tests.unit.critic.test_decisions import change, decide, item, judged, waiting_item
from tests.unit.db.test_library import add
from utils.config import Settings
from utils.db import reviews
from utils.db.review_tables import ReviewRow
from utils.db.session import session
from utils.models.page_settings import Role


def last(item_id: str) -> ReviewRow:
    with session() as s:
        found = reviews.last_decision(s, item_id)
        assert found
        s.expunge(found)
        return found


def test_the_first_that_waits_is_shown_with_all_that_a_decision_needs(settings: Settings) -> None:
    first = judged_item()
    waiting_item("later")
    text = unescape(client(settings, Role.VIEWER).get("/review").text)
    assert "2 items wait for you" in text and f'data-case="{first}"' in text
    for told in (
        "score 0.61: good evening", "mumbled good evening", "names good evening", "note good",
        "its evidence is not there", "Old good evening", "91% alike", "too quiet", "cut the intro",
        "quiet: good evening", "And good evening!", "Nothing wanting in 1 more criterion",
    ):  # fmt: skip
        assert told in text, told
    # A quote without a time is found in what is said; a time without a quote plays on from there.
    assert 'data-play="1.5" data-until="3.0"' in text and 'data-play="0.5"' in text
    assert 'name="decision"' not in text  # who may only read decides nothing


def test_hostile_words_are_words(settings: Settings) -> None:
    judged_item(HOSTILE[:30], HOSTILE)
    asking = client(settings)
    row = waiting_item("other")
    decide(row, "reject", HOSTILE)
    for place in ("/review", "/review/history", "/review/rows", f"/review?camera={HOSTILE[8:40]}"):
        text = asking.get(place).text
        assert "<script>alert" not in text and "<img src=x" not in text
        assert "{{ 7" in unescape(asking.get("/review").text)


def test_a_decision_is_kept_with_its_maker_told_and_taken_back(settings: Settings) -> None:
    one, other = waiting_item("one"), waiting_item("other")
    asking = client(settings, Role.EDITOR)
    fields = {"decision": "accept", "reason": " well\n told ", "seen": stand_of(one),
              "next": "/review?kind=video"}  # fmt: skip
    answer = post(asking, f"/items/{one}/review", fields)
    number = last(one).id
    assert (answer.status_code, answer.headers["location"]) == (
        303, f"/review?kind=video&done={number}",
    )  # fmt: skip
    assert (last(one).made_by, last(one).reason, item(one).approval) == (
        "editor", "well told", "approved",
    )  # fmt: skip
    text = asking.get(answer.headers["location"]).text
    assert "Accepted" in text and f'action="/reviews/{number}/undo"' in text
    assert f'data-case="{other}"' in text and "1 item waits for you" in text
    undone = post(asking, f"/reviews/{number}/undo")
    assert undone.headers["location"] == f"/review?done={number}&at={one}"
    assert item(one).approval == "review"
    assert f'data-case="{one}"' in asking.get(undone.headers["location"]).text
    assert "undone already" in post(asking, f"/reviews/{number}/undo").text


def test_what_somebody_else_or_a_run_did_meanwhile_is_told_and_stays(settings: Settings) -> None:
    item_id = waiting_item()
    asking = client(settings, Role.EDITOR)
    seen = stand_of(item_id)
    decide(item_id, "reject", "no")
    answer = post(asking, f"/items/{item_id}/review", {"decision": "accept", "seen": seen})
    assert answer.status_code == 422
    assert "film was rejected by ann" in unescape(answer.text)
    assert (last(item_id).decision, item(item_id).approval) == ("reject", "rejected")
    seen = stand_of(item_id)
    judged(item_id)  # done again
    answer = post(asking, f"/items/{item_id}/review", {"decision": "accept", "seen": seen})
    assert "look at it again" in unescape(answer.text) and last(item_id).decision == "reject"
    change(item_id, claimed_by="w")
    fields = {"decision": "accept", "seen": stand_of(item_id)}
    told = unescape(post(asking, f"/items/{item_id}/review", fields).text)
    assert "A run is working on film" in told


def test_a_revision_takes_what_was_picked_chosen_and_written(settings: Settings) -> None:
    item_id = judged_item()
    asking = client(settings, Role.EDITOR)
    fields = {"decision": "revise", "change": "1", "option:thumbnail_count": "3",
              "option:compression.profile": "", "more": "compression.crf=20\n\n"}  # fmt: skip
    assert post(asking, f"/items/{item_id}/review", fields).status_code == 303
    assert last(item_id).changes == {
        "transcription.model": "small", "thumbnail_count": "3", "compression.crf": "20",
    }  # fmt: skip
    other = judged_item("Morning")
    for wrong, told in (
        ({}, "Say what to change"), ({"change": "2"}, "in words alone"),
        ({"more": "colour=red"}, "no option"), ({"option:thumbnail_count": "99"}, "less than"),
    ):  # fmt: skip
        answer = post(asking, f"/items/{other}/review", {"decision": "revise"} | wrong)
        assert answer.status_code in {404, 422} and told in unescape(answer.text)
    assert post(asking, f"/items/{other}/review", {"decision": "burn"}).status_code == 422


def test_filters_and_chosen_items_make_the_queue_and_go_on_with_it(settings: Settings) -> None:
    one, two = waiting_item("one", language="km"), waiting_item("two", language="de")
    asking = client(settings)
    text = asking.get("/review?language=km&kind=").text
    assert "1 item waits" in text and f'data-case="{one}"' in text and two not in text
    decide(one, "accept")
    text = unescape(asking.get(f"/review?item={one}&item={two}&item=gone").text)
    assert f'data-case="{one}"' in text and "waits not" in text
    assert f'href="/review?item={one}&item={two}&item=gone&at={two}"' in text
    assert asking.get("/review?kind=paper").status_code == 422
    failed = add("failed")  # nobody judged it: it is shown, and says so
    change(failed, status="failed")
    assert "Nobody has judged it" in asking.get(f"/review?item={failed}").text
    assert asking.get(f"/review/items/{failed}").status_code == 200
    assert "Nothing waits" in asking.get("/review?camera=none").text


def test_who_may_only_read_decides_and_undoes_nothing(settings: Settings) -> None:
    item_id = waiting_item()
    number = decide(item_id, "accept")
    reading = client(settings, Role.VIEWER)
    assert post(reading, f"/items/{item_id}/review", {"decision": "reject"}).status_code == 403
    assert post(reading, f"/reviews/{number}/undo").status_code == 403
    asking = client(settings, Role.EDITOR)
    assert asking.post(f"/reviews/{number}/undo").status_code == 403  # without the page's token
    assert last(item_id).undone_at is None


def test_a_decision_from_elsewhere_goes_back_there_and_to_nobody_else(settings: Settings) -> None:
    asking = client(settings, Role.EDITOR)
    for next_, target in (
        ("/library?kind=video", "/library?kind=video"), ("//example.org", "/"), ("//[", "/"),
        ("https://example.org", "/"),
    ):  # fmt: skip
        fields = {"decision": "accept", "next": next_}
        item_id = waiting_item(f"film {next_[:12]}")
        answer = post(asking, f"/items/{item_id}/review", fields)
        assert answer.headers["location"] == target
