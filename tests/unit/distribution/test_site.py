"""Sites: every link leads to a file, nothing of a stranger's is markup, the search finds all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree import ElementTree

import feedparser
import pytest
from pydantic import SecretStr

from tests import browser, published
from utils.distribution import site, site_index, site_pages, site_search
from utils.errors import PermanentError
from utils.models.publishing import Package, Published
from utils.models.targets import SiteTarget
from utils.models.transcript import Segment

# What would show that a script of a stranger's ran: the page's root gets a class.
RUN = "document.documentElement.className='hit'"
SCRIPT = f"</script><script>{RUN}</script><img src=x onerror=\"{RUN}\">' onload='{RUN}'"
KHMER = "សួស្តីពិភពលោកខ្ញុំស្រឡាញ់ភាសាខ្មែរ"  # no blank in it


def of(folder: Path, **given: Any) -> SiteTarget:
    defaults: dict[str, Any] = {
        "kind": "site",
        "url": SecretStr(folder.as_uri()),
        "public_url": "https://media.example.org/site",
        "title": "Songs & stories",
    }
    return SiteTarget(**(defaults | given))


def put(packages: list[Package], target: SiteTarget, work: Path) -> list[Published]:
    made = [site.publish(one, target, published.call(work / one.item_id[:9])) for one in packages]
    site.refresh(list(zip(packages, made, strict=True)), target, published.call(work / "index"))
    return made


class Built(NamedTuple):
    """A site on disk, and what is on it."""

    folder: Path
    target: SiteTarget
    packages: list[Package]
    made: list[Published]

    def page(self, number: int) -> Path:
        return self.folder / self.made[number].extra["page"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Four items: a song in Khmer, a hostile one, a film without anything, a picture."""
    folder = tmp_path_factory.mktemp("site")
    said = (Segment(start_seconds=1.25, end_seconds=3, text=KHMER, language="km"),)
    hostile = (Segment(start_seconds=0, end_seconds=1, text=f"ខ្មែរ {SCRIPT}", speaker=SCRIPT),)
    picture = published.picture(folder / "p.png", (200, 100), "media")
    packages = [
        published.package(
            folder / "1", 1, language="km", segments=said, title="ស្រឡាញ់",
            translation="Hello\nworld", romanisation="suostei",
        ),
        published.package(
            folder / "2", 2, title=published.HOSTILE + SCRIPT, segments=hostile, artist=SCRIPT,
            summary=SCRIPT, keywords=(SCRIPT,), source_url=f"javascript:{RUN}",
            content_warnings=(SCRIPT,), translation=SCRIPT, language='en" onload="x',
        ),
        published.package(
            folder / "3", 3, kind="video", segments=(), chapters=(), summary=None, artist=None,
            files=(published.media(folder, 3, ".mp4", "video/mp4"),),
        ),
        published.package(folder / "4", 4, kind="image", segments=(), files=(picture,)),
    ]  # fmt: skip
    target = of(folder / "target")
    return Built(folder / "target", target, packages, put(packages, target, folder / "work"))


class Page(HTMLParser):
    """The elements of a page with their attributes, and the texts in them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip() and self.elements:
            self.texts.append((self.elements[-1][0], data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def html_files(built: Built) -> Iterator[Path]:
    yield from built.folder.rglob("*.html")


def test_every_link_is_relative_and_leads_to_a_file(built: Built) -> None:
    for path in html_files(built):
        for tag, attributes in Page(path).elements:
            if attributes.get("rel") in {"canonical", "noopener noreferrer nofollow"}:
                continue
            for name in ("href", "src", "poster"):
                link = attributes.get(name)
                if not link or link.startswith(("#", "data:")):
                    continue
                assert not urlsplit(link).scheme, (tag, link)
                found = unquote(urlsplit(urljoin(path.as_uri(), link)).path)
                assert Path(found).is_file(), (path, link)


def test_no_page_has_anything_of_a_strangers_as_markup(built: Built) -> None:
    for path in html_files(built):
        page = Page(path)
        for tag, attributes in page.elements:
            assert not any(name.startswith("on") or name == "style" for name in attributes), tag
            assert not (attributes.get("href") or "").lower().startswith("javascript")
        scripts = page.all("script")
        assert all(one.get("src") or one.get("type") == "application/ld+json" for one in scripts)
        (policy,) = [
            one["content"] or ""
            for one in page.all("meta")
            if one.get("http-equiv") == "Content-Security-Policy"
        ]
        assert "unsafe" not in policy and "default-src 'none'" in policy
        assert all(one.get("src") != "x" for one in page.all("img"))


def test_texts_say_their_language_and_direction(built: Built) -> None:
    page = Page(built.page(0))
    assert page.all("html") == [{"lang": "en", "dir": "ltr"}]
    (heading,) = page.all("h1")
    assert heading == {"dir": "auto", "lang": "km"}
    assert ("span", KHMER) in page.texts
    assert {"dir": "auto", "lang": "km"} in page.all("span")
    assert ("p", "world") in page.texts and ("p", "suostei") in page.texts
    assert Page(built.page(1)).all("h1") == [{"dir": "auto"}]  # that was no language


def test_a_page_has_a_player_its_subtitles_and_times_that_can_be_pressed(built: Built) -> None:
    page = Page(built.page(0))
    (audio,) = page.all("audio")
    assert audio["src"] == "media.m4a" and "controls" in audio
    times = [one["data-time"] for one in page.all("a") if "data-time" in one]
    assert times == ["0", "30.5", "1.25"]
    film = Page(built.page(2))
    assert film.all("video")[0]["src"] == "media.mp4"
    assert not film.all("track")
    assert Page(built.page(3)).all("img")[0]["src"] == "media.png"


def test_others_are_told_what_a_page_is(built: Built) -> None:
    page = Page(built.page(0))
    said = {one.get("property"): one.get("content") for one in page.all("meta")}
    assert said["og:title"] == "ស្រឡាញ់"
    assert (said["og:image"] or "").startswith("https://media.example.org/site/")
    for number in (0, 1):
        (text,) = re.findall(r"ld\+json\">(.*?)</script>", built.page(number).read_text("utf-8"))
        document = json.loads(text)
        assert document["@type"] == "AudioObject"
        assert document["duration"] == "PT61S"
        assert document["url"] == built.made[number].address


def test_the_feed_and_the_site_map_name_every_page(built: Built) -> None:
    feed = feedparser.parse((built.folder / "feed.xml").read_bytes())
    assert not feed.bozo and feed.version == "atom10"
    assert [one.link for one in feed.entries] == [one.address for one in built.made]
    assert len({one.id for one in feed.entries}) == 4
    assert feed.feed.title == "Songs & stories"
    root = ElementTree.fromstring((built.folder / "sitemap.xml").read_bytes())
    found = [one.text for one in root.iter(f"{{{site_index._SITE_MAP}}}loc")]
    wanted = [one.address for one in built.made]
    assert found == ["https://media.example.org/site/index.html", *wanted]


def test_without_a_web_address_nothing_needs_one(tmp_path: Path) -> None:
    target = of(tmp_path / "target", public_url=None)
    put([published.package(tmp_path / "1")], target, tmp_path / "work")
    names = {path.name for path in (tmp_path / "target").iterdir() if path.is_file()}
    assert names == {
        "index.html", "item.js", "search.js", "site.css", "search-index.js",
        ".nightshift-site.json",
    }  # fmt: skip
    assert "feed.xml" not in (tmp_path / "target" / "index.html").read_text()


@pytest.mark.skipif(not browser.PROGRAM, reason="there is no Chromium")
def test_without_a_server_a_browser_finds_words_inside_khmer_and_runs_no_strangers_script(
    built: Built, tmp_path: Path
) -> None:
    url = f"{(built.folder / 'index.html').as_uri()}#q={quote('ខ្មែរ')}"
    dom = browser.shown(url, tmp_path / "profile")
    assert "2 items found." in dom
    assert f"{quote(built.made[0].extra['page'])}#t=1.25" in dom
    assert "<mark>ខ្មែរ</mark>" in dom
    assert 'class="hit"' not in dom and "<img src=" not in dom.partition('<section id="all"')[0]
    dom = browser.shown(built.page(1).as_uri(), tmp_path / "profile")
    assert 'class="hit"' not in dom and 'src="x"' not in dom


def test_pages_follow_the_number_of_items_and_those_too_many_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_pages, "PER_PAGE", 2)
    target, one = of(tmp_path / "target"), published.package(tmp_path / "1")
    made = site.publish(one, target, published.call(tmp_path / "work"))
    call = published.call(tmp_path / "work")

    def pages(number: int) -> list[str]:
        copies = [
            (one.model_copy(update={"published_at": published.AT - timedelta(days=n)}), made)
            for n in range(number)
        ]
        site.refresh(copies, target, call)
        return sorted(path.name for path in (tmp_path / "target").glob("*.html"))

    assert pages(5) == ["index.html", "page-2.html", "page-3.html"]
    links = [one["href"] for one in Page(tmp_path / "target" / "page-2.html").all("a")]
    assert {"index.html", "page-2.html", "page-3.html"} <= set(links)
    assert pages(2) == ["index.html"]
    assert pages(0) == ["index.html"]
    assert "Nothing is published here yet." in (tmp_path / "target" / "index.html").read_text()


def test_a_page_links_those_near_it_and_both_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_pages, "PER_PAGE", 1)
    one = published.package(tmp_path / "1")
    target = of(tmp_path / "target")
    made = site.publish(one, target, published.call(tmp_path / "work"))
    text = site_pages.index([(one, made)] * 40, target, "v")["page-20.html"]
    linked = {f"page-{n}.html" for n in range(2, 41) if f'href="page-{n}.html"' in text}
    assert linked == {f"page-{n}.html" for n in (17, 18, 19, 20, 21, 22, 23, 40)}
    assert 'href="index.html"' in text and 'aria-current="page" aria-label="Page 20"' in text
    assert text.count("…</span>") == 2


def test_files_of_an_index_that_did_not_change_are_left_as_they_are(tmp_path: Path) -> None:
    target, one = of(tmp_path / "target"), published.package(tmp_path / "1")
    (made,) = put([one], target, tmp_path / "work")
    style, start = (tmp_path / "target" / name for name in ("site.css", "index.html"))
    before = style.stat().st_ino, start.stat().st_ino
    other = one.model_copy(update={"title": "Another"})
    site.refresh([(other, made)], target, published.call(tmp_path / "work"))
    assert style.stat().st_ino == before[0]
    assert start.stat().st_ino != before[1]
    style.unlink()
    site.refresh([(other, made)], target, published.call(tmp_path / "work"))
    assert style.exists()
    style.write_text("damaged")
    repair = published.call(tmp_path / "work", is_repair=True)
    site.refresh([(other, made)], target, repair)
    assert style.read_text() != "damaged"


def test_a_damaged_list_of_the_files_of_an_index_is_said(tmp_path: Path) -> None:
    target = of(tmp_path / "target")
    site.refresh([], target, published.call(tmp_path / "work"))
    for damaged in ("{", '{"files": ["index.html"]}', '{"files": 3}', "[]"):
        (tmp_path / "target" / ".nightshift-site.json").write_text(damaged)
        with pytest.raises(PermanentError, match=r"\.nightshift-site\.json.* is damaged"):
            site.refresh([], target, published.call(tmp_path / "work"))


def test_a_retracted_item_is_nowhere_on_the_site(tmp_path: Path) -> None:
    target = of(tmp_path / "target", public_url=None)
    packages = [published.package(tmp_path / str(n), n) for n in (1, 2)]
    gone, kept = put(packages, target, tmp_path / "work")
    call = published.call(tmp_path / "work")
    assert site.verify(gone, target, call) == site.verify(kept, target, call) == ()
    site.retract(gone, target, call)
    site.refresh([(packages[1], kept)], target, call)
    everything = b"".join(p.read_bytes() for p in (tmp_path / "target").rglob("*.*") if p.is_file())
    assert gone.extra["page"].split("/")[0].encode() not in everything
    assert b"Episode 1" not in everything and b"Episode 2" in everything
    assert any("does not have the item" in said for said in site.verify(gone, target, call))
    (tmp_path / "target" / "search-index.js").write_bytes(b"window.nightshiftIndex = [{")
    (tmp_path / "target" / "site.css").unlink()
    said = site.verify(kept, target, call)
    assert said == ("site.css is gone", "search-index.js is damaged")


def test_a_target_that_is_renamed_finds_its_files_again(tmp_path: Path) -> None:
    target = of(tmp_path / "target")
    for name in ("before", "after"):
        site.refresh([], target, published.call(tmp_path / "work", name=name))
    assert len(list((tmp_path / "target").glob(".nightshift-*"))) == 1


def test_publishing_again_makes_the_same_files(tmp_path: Path) -> None:
    target, one = of(tmp_path / "target"), published.package(tmp_path / "1")

    def all_files() -> dict[str, bytes]:
        found = (path for path in (tmp_path / "target").rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in found}

    made = put([one], target, tmp_path / "work")
    before = all_files()
    assert put([one], target, tmp_path / "work") == made
    assert all_files() == before


def test_the_longest_transcripts_are_cut_in_the_index_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site_search.bound_of([10, 1000, 10], 120) == 100
    assert site_search.bound_of([10, 10], 120) == 120
    assert site_search.bound_of([], 120) == 120
    monkeypatch.setattr(site_search, "MOST_CHARACTERS", 30)
    one = published.package(tmp_path)
    row = Published(address="", extra={"page": "x/index.html"})
    data = site_search.written([(one, row)])
    (entry,) = json.loads(data.partition(b" = ")[2].rstrip(b";\n"))
    assert (len(entry["s"]), entry["c"]) == (1, 1)


def test_what_has_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="no file that could be shown"):
        site.publish(published.package(tmp_path, files=()), of(tmp_path), published.call(tmp_path))
