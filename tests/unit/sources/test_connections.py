"""Every request that follows from an address is checked where it connects.

127.0.0.1 passes for a public address here, 127.0.0.2 stands for the network at home.
"""

import base64
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.conftest import Override
from tests.media import Clips
from tests.servers.loopback import Answer, Asked, Server, serving
from utils.config import load_settings
from utils.errors import PermanentError, RetryableError
from utils.models.item import Entry, Fetched
from utils.sources import address, forward_proxy, youtube

PUBLIC, PRIVATE = "127.0.0.1", "127.0.0.2"
KEY = b"0123456789abcdef"
REAL_POLICY = address.is_public


@pytest.fixture(autouse=True)
def public(override: Override, monkeypatch: pytest.MonkeyPatch) -> None:
    override(allow_private_urls=False)
    monkeypatch.setattr(address, "is_public", lambda ip: str(ip) == PUBLIC)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def inside(clips: Clips) -> Iterator[Server]:
    """A server that nobody is to reach: it would answer with what is asked for."""

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith(".key"):
            return Answer(body=KEY)
        return media(clips, asked.path)

    with serving(answer, PRIVATE) as server:
        yield server


def media(clips: Clips, path: str) -> Answer:
    if path.endswith(".m3u8"):
        return Answer(body=(clips.hls / "index.m3u8").read_bytes(), headers=HLS)
    if path.endswith(".ts"):
        return Answer(body=(clips.hls / Path(path).name).read_bytes(), headers=TS)
    return Answer(body=clips.video.read_bytes(), headers={"Content-Type": "video/mp4"})


HTML = {"Content-Type": "text/html"}
HLS = {"Content-Type": "application/vnd.apple.mpegurl"}
TS = {"Content-Type": "video/mp2t"}


def redirect(inside: str) -> Answer:
    return Answer(302, headers={"Location": f"{inside}/film.mp4"})


def open_graph(inside: str) -> Answer:
    page = f'<html><head><meta property="og:video" content="{inside}/film.mp4"></head></html>'
    return Answer(body=page.encode(), headers=HTML)


def video_tag(inside: str) -> Answer:
    page = f'<html><body><video src="{inside}/film.mp4"></video></body></html>'
    return Answer(body=page.encode(), headers=HTML)


def master_playlist(inside: str) -> Answer:
    lines = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{inside}/index.m3u8\n"
    return Answer(body=lines.encode(), headers=HLS)


def segments(inside: str) -> Answer:
    lines = f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{inside}/index0.ts\n#EXT-X-ENDLIST\n"
    return Answer(body=lines.encode(), headers=HLS)


def key(inside: str) -> Answer:
    lines = (
        f'#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="{inside}/film.key"\n'
        "#EXTINF:4,\n/index0.ts\n#EXT-X-ENDLIST\n"
    )
    return Answer(body=lines.encode(), headers=HLS)


def unknown_cipher(inside: str) -> Answer:
    lines = (
        f'#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="{inside}/film.key"\n'
        f"#EXTINF:4,\n{inside}/index0.ts\n#EXT-X-ENDLIST\n"
    )
    return Answer(body=lines.encode(), headers=HLS)


def manifest(inside: str) -> Answer:
    text = f"""<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"
      mediaPresentationDuration="PT4S"><Period><AdaptationSet mimeType="video/mp4">
      <Representation id="1" bandwidth="1"><BaseURL>{inside}/</BaseURL><SegmentList duration="4">
      <Initialization sourceURL="film.mp4"/><SegmentURL media="film.mp4"/></SegmentList>
      </Representation></AdaptationSet></Period></MPD>"""
    return Answer(body=text.encode(), headers={"Content-Type": "application/dash+xml"})


def feed(inside: str) -> Answer:
    text = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title><item>
      <title>One</title><link>{inside}/film.mp4</link>
      <enclosure url="{inside}/film.mp4" type="video/mp4"/></item></channel></rss>"""
    return Answer(body=text.encode(), headers={"Content-Type": "application/rss+xml"})


FOLLOWED = [redirect, open_graph, video_tag, master_playlist, segments, key, manifest, feed]


def fetched(url: str, folder: Path) -> list[Fetched]:
    settings = load_settings()
    return [youtube.download(one, folder, settings) for one in youtube.entries(url, settings)]


def names(path: str) -> str:
    return {"manifest": "x.mpd", "feed": "x.xml"}.get(path, "x")


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.__name__)
def test_what_an_address_leads_to_is_reached_only_if_it_is_public(
    page: Callable[[str], Answer],
    inside: Server,
    clips: Clips,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == f"/{names(page.__name__)}":
            return page(inside.url)
        return media(clips, asked.path)

    with serving(answer, PUBLIC) as outside:
        url = f"{outside.url}/{names(page.__name__)}"
        with pytest.raises(PermanentError, match="local network"):
            fetched(url, tmp_path)
        assert outside.asked
        assert inside.asked == []
        # The same page, where the other server is no secret: it is asked for.
        monkeypatch.setattr(address, "is_public", lambda ip: True)
        with suppress(PermanentError, RetryableError):  # a plain piece is no encrypted one
            fetched(url, tmp_path)
        assert inside.asked


def test_a_playlist_that_only_ffmpeg_reads_is_refused(inside: Server, tmp_path: Path) -> None:
    with serving(lambda asked: unknown_cipher(inside.url)) as outside:
        with pytest.raises(PermanentError):
            fetched(f"{outside.url}/x.m3u8", tmp_path)
    assert inside.asked == []


def test_a_stream_of_another_protocol_is_refused(tmp_path: Path) -> None:
    page = b'<html><body><video><source src="rtmp://127.0.0.2/film" type="video/mp4"></video>'
    with serving(lambda asked: Answer(body=page, headers=HTML)) as outside:
        with socket.create_server((PRIVATE, 1935)) as inside:
            inside.setblocking(False)
            with pytest.raises(PermanentError):
                fetched(f"{outside.url}/page", tmp_path)
            with pytest.raises(BlockingIOError):  # nobody came
                inside.accept()


def test_an_encrypted_stream_is_decrypted_without_ffmpeg(clips: Clips, tmp_path: Path) -> None:
    playlist = (clips.hls / "index.m3u8").read_text()
    with_key = playlist.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="/film.key"\n#EXTINF', 1)

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith(".key"):
            return Answer(body=KEY)
        if asked.path.endswith(".m3u8"):
            return Answer(body=with_key.encode(), headers=HLS)
        part = int("".join(c for c in Path(asked.path).stem if c.isdigit()))
        pad = padding.PKCS7(128).padder()
        plain = media(clips, asked.path).body
        work = Cipher(algorithms.AES(KEY), modes.CBC(part.to_bytes(16, "big"))).encryptor()
        body = work.update(pad.update(plain) + pad.finalize()) + work.finalize()
        return Answer(body=body, headers=TS)

    from utils.media.probing import ffprobe

    with serving(answer) as outside:
        (film,) = fetched(f"{outside.url}/index.m3u8", tmp_path)
    assert ffprobe.probe(film.path).duration_seconds == pytest.approx(4, abs=0.2)


def test_a_name_that_changes_its_answer_gains_nothing(
    clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, answers = socket.getaddrinfo, [PUBLIC]

    def changing(host: str, *args: Any, **kwargs: Any) -> Any:
        if host != "rebinding.example":
            return real(host, *args, **kwargs)
        return real(answers.pop() if answers else PRIVATE, *args, **kwargs)

    def film(asked: Asked) -> Answer:
        return media(clips, asked.path)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    with serving(film, PUBLIC) as outside, serving(film, PRIVATE, outside.port) as inside:
        with pytest.raises(PermanentError, match="local network"):
            fetched(f"http://rebinding.example:{outside.port}/film.mp4", tmp_path)
        assert len(outside.asked) == 1  # the first answer was looked at, and that is connected to
        assert inside.asked == []


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
        "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "ff0e::1", "::ffff:127.0.0.1",
        "::127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:808:808::1", "2001:0:7f00:1::1", "2001:db8::1", "3fff::1", "5f00::1",
    ],
)  # fmt: skip
def test_no_address_of_a_network_at_home_and_no_ipv4_in_an_ipv6_is_public(ip: str) -> None:
    assert not REAL_POLICY(ipaddress.ip_address(ip))


@pytest.mark.parametrize("ip", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450::1"])
def test_hosts_of_the_internet_are_public(ip: str) -> None:
    assert REAL_POLICY(ipaddress.ip_address(ip))


@pytest.mark.parametrize("host", ["127.2", "0x7f000002", "2130706434", "[::ffff:127.0.0.2]"])
def test_another_spelling_of_a_local_address_is_that_address(host: str) -> None:
    with pytest.raises(PermanentError, match="local network"):
        youtube.entries(f"http://{host}:9/x", load_settings())


def asked_by_hand(proxy: str, *lines: str) -> bytes:
    """What the proxy answers to a request of these lines."""
    parts = urlsplit(proxy)
    with socket.create_connection((parts.hostname, parts.port), 10) as client:
        client.sendall("\r\n".join((*lines, "", "")).encode())
        said = b""
        while part := client.recv(1000):
            said += part
        return said


def credential(proxy: str) -> str:
    parts = urlsplit(proxy)
    known = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    return f"Proxy-Authorization: Basic {known}"


def test_the_proxy_serves_nobody_without_its_password() -> None:
    with serving(lambda asked: Answer(), PUBLIC) as outside, forward_proxy.serving() as proxy:
        for method, target in (("GET", f"{outside.url}/"), ("CONNECT", outside.url[7:])):
            said = asked_by_hand(proxy.url, f"{method} {target} HTTP/1.1")
            assert said.startswith(b"HTTP/1.1 407 ")
            wrong = credential("http://nightshift:wrong@x")
            said = asked_by_hand(proxy.url, f"{method} {target} HTTP/1.1", wrong)
            assert said.startswith(b"HTTP/1.1 407 ")
        assert outside.asked == []
        known = credential(proxy.url)
        assert b" 200 " in asked_by_hand(proxy.url, f"GET {outside.url}/ HTTP/1.1", known)
        assert all("Proxy-Authorization" not in asked.headers for asked in outside.asked)


def test_a_tunnel_leads_to_public_addresses_only(inside: Server) -> None:
    with serving(lambda asked: Answer(body=b"hello"), PUBLIC) as outside:
        with forward_proxy.serving() as proxy:
            known = credential(proxy.url)
            said = asked_by_hand(
                proxy.url, f"CONNECT {outside.url[7:]} HTTP/1.1", known, "", "GET / HTTP/1.0"
            )
            assert said.startswith(b"HTTP/1.1 200 ") and said.endswith(b"hello")
            said = asked_by_hand(proxy.url, f"CONNECT {inside.url[7:]} HTTP/1.1", known)
            assert said.startswith(b"HTTP/1.1 403 ")
            assert len(proxy.refused) == 1
    assert inside.asked == []


def test_the_users_own_proxy_is_used_and_asked_for_nothing_private(
    inside: Server, clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda asked: media(clips, asked.path), PRIVATE) as users_proxy:
        with_password = users_proxy.url.replace("//", "//me:mine@")
        monkeypatch.setenv("http_proxy", with_password)
        assert fetched("http://only-the-proxy-knows.example/film.mp4", tmp_path)
        asked = users_proxy.asked[0]
        assert asked.path == "http://only-the-proxy-knows.example:80/film.mp4"
        assert asked.headers["Host"] == "only-the-proxy-knows.example"
        assert asked.headers["Proxy-Authorization"] == credential(with_password).split(": ")[1]
        seen = len(users_proxy.asked)
        with pytest.raises(PermanentError, match="local network"):
            fetched(f"{inside.url}/film.mp4", tmp_path)
        assert len(users_proxy.asked) == seen
        assert inside.asked == []


def test_the_users_own_proxy_may_be_a_socks_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[bytes]()

    def serve(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            client.recv(100)
            client.sendall(b"\x05\x00")  # version 5, no password
            asked.append(client.recv(100))
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
            asked.append(client.recv(1000))
            client.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")

    with socket.create_server((PRIVATE, 0)) as listener, forward_proxy.serving() as proxy:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        monkeypatch.setenv("all_proxy", f"socks5h://{PRIVATE}:{listener.getsockname()[1]}")
        target = "http://only-the-proxy-knows.example/film"
        said = asked_by_hand(proxy.url, f"GET {target} HTTP/1.1", credential(proxy.url))
        thread.join(10)
    assert said.endswith(b"hello")
    assert b"only-the-proxy-knows.example" in asked[0]
    assert asked[1].startswith(b"GET /film HTTP/1.1")


def test_an_entry_is_checked_like_the_address_it_came_from(inside: Server, tmp_path: Path) -> None:
    entry = Entry(url=f"{inside.url}/film.mp4", site="Generic", site_id="film")
    with pytest.raises(PermanentError, match="local network"):
        youtube.download(entry, tmp_path, load_settings())
    assert inside.asked == []
