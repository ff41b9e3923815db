"""The layout of media servers (Jellyfin, Kodi): films in folders, music by artist and album.

A film's facts, pictures and subtitles lie there before the film: a server that looks in between
asks no site of strangers what it is. What the songs of an album have in common is made anew of
all that are published.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from utils.distribution import artwork, captions, index_files, nfo, place
from utils.distribution.call import Call
from utils.distribution.index_files import IndexFile
from utils.distribution.library_names import chosen, compared, names_in, own_names, safe
from utils.distribution.xml_text import line
from utils.errors import PermanentError, RetryableError
from utils.models.publishing import Package, PackageFile, Published, PublishedObject
from utils.models.targets import MediaServerTarget
from utils.subtitles.placing import file_name

_NFO, _JPEG = "text/xml", "image/jpeg"
_OF_ALBUMS = {"album", "folder"}  # names of their files, which no song may have


def publish(package: Package, target: MediaServerTarget, call: Call) -> Published:
    """Put an item into the library of films or of music.

    Raises:
        PermanentError: it is neither, or the target takes only the other.
    """
    media = _media(package, target)
    if media.mime_type.startswith("video/"):
        return _film(package, media, target, call)
    return _song(package, media, target, call)


def _media(package: Package, target: MediaServerTarget) -> PackageFile:
    media = package.first("media", "original")
    kind = media.mime_type.partition("/")[0] if media else None
    if media is None or kind not in {"video", "audio"}:
        raise PermanentError(f"{package.title} is neither film nor sound: no library takes it.")
    if {"movies": "video", "music": "audio"}.get(target.library, kind) != kind:
        raise PermanentError(
            f"{package.title} is {'film' if kind == 'video' else 'sound'}, and the target's "
            f"library is {target.library}; library: auto takes both."
        )
    return media


def _film(package: Package, media: PackageFile, target: MediaServerTarget, call: Call) -> Published:
    root = "Movies/" if target.library == "auto" else ""
    plain = f"{safe(package.title, package.kind)} ({nfo.when(package):%Y})"
    name = _film_name(package, root, plain, target, call)
    folder = f"{root}{name}"
    made = [_written(call, target, nfo.movie(package), f"{folder}/{name}.nfo", _NFO)]
    shapes = {
        "poster.jpg": artwork.POSTER, "fanart.jpg": artwork.WIDE, f"{name}-thumb.jpg": artwork.WIDE
    }  # fmt: skip
    for file, size in shapes.items():
        made += _picture(call, target, package, size, f"{folder}/{file}")
    if captions.are_there(package):
        subtitles = f"{folder}/{file_name(name, package.language, 'srt')}"
        text = captions.text(package, "srt").encode()
        made.append(_written(call, target, text, subtitles, captions.MIME_TYPES["srt"]))
    played = f"{folder}/{name}{media.path.suffix.lower()}"
    made.append(place.put(call, target, media.path, played, media.mime_type))
    return Published(
        address=place.address(target, played), objects=tuple(made), remote_id=package.item_id,
        extra={"media": played, "nfo": f"{folder}/{name}.nfo"},
    )  # fmt: skip


def _film_name(
    package: Package, root: str, plain: str, target: MediaServerTarget, call: Call
) -> str:
    """The name of a film's folder, which is its files' too."""
    former = {name.removeprefix(root).partition("/")[0] for name in own_names(call)}

    def is_free(name: str) -> bool:
        if compared(name) not in set(names_in(call, target, root)):
            return True
        found = index_files.read(call, target, f"{root}{name}/{name}.nfo")
        try:
            return found is not None and nfo.item_of(found) == package.item_id
        except ValueError:
            return False

    return chosen(plain, package.item_id, former, is_free)


def _song(package: Package, media: PackageFile, target: MediaServerTarget, call: Call) -> Published:
    folder, plain = _album_folder(package, target), safe(package.title, package.kind)
    former = {_stem(name) for name in own_names(call) if name.startswith(f"{folder}/")}
    others = {_stem(name) for name in names_in(call, target, folder)} | _OF_ALBUMS
    name = chosen(plain, package.item_id, former, lambda name: compared(name) not in others)
    made = _picture(call, target, package, artwork.SQUARE, f"{folder}/{name}.jpg")
    if captions.are_there(package):
        made.append(_written(call, target, _lyrics(package), f"{folder}/{name}.lrc", "text/plain"))
    # Jellyfin takes no .mp4 for music (its page on music).
    suffix = {".mp4": ".m4a"}.get(media.path.suffix.lower(), media.path.suffix.lower())
    played = f"{folder}/{name}{suffix}"
    made.append(place.put(call, target, media.path, played, media.mime_type))
    return Published(
        address=place.address(target, played), objects=tuple(made), remote_id=package.item_id,
        extra={
            "media": played, "album": folder, "artwork": f"{folder}/{name}.jpg",
            "album_nfo": f"{folder}/album.nfo" if package.album else None,
        },
    )  # fmt: skip


def _album_folder(package: Package, target: MediaServerTarget) -> str:
    root = "Music/" if target.library == "auto" else ""
    artist = safe(package.artist or "", "Unknown Artist")
    return f"{root}{artist}/{safe(package.album or '', 'Singles')}"


def _stem(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0]


def _lyrics(package: Package) -> bytes:
    """Lyrics with the heads that players show."""
    heads = {"ti": package.title, "ar": package.artist, "al": package.album}
    lines = [f"[{head}:{line(text).replace(']', ')')}]\n" for head, text in heads.items() if text]
    return "".join([*lines, captions.text(package, "lrc")]).encode()


def _picture(
    call: Call, target: MediaServerTarget, package: Package, size: tuple[int, int], name: str
) -> list[PublishedObject]:
    """The picture that fits a shape best, as a JPEG; none where an item has no pictures."""
    # Once for all names that want this shape of it.
    path = call.work / f"{package.item_id[:16]}-{size[0]}x{size[1]}.jpg"
    if not path.exists() and artwork.made(package, size, path) is None:
        return []
    return [place.put(call, target, path, name, _JPEG)]


def _written(
    call: Call, target: MediaServerTarget, data: bytes, name: str, mime_type: str
) -> PublishedObject:
    path: Path = call.work / "text"
    path.write_bytes(data)
    return place.put(call, target, path, name, mime_type)


def refresh(
    packages: Sequence[tuple[Package, Published]], target: MediaServerTarget, call: Call
) -> None:
    """Write what albums and artists have in common anew, beside what a person put there."""
    albums: dict[str, list[tuple[Package, Published]]] = {}
    for package, published in packages:
        if folder := published.extra.get("album"):
            albums.setdefault(folder, []).append((package, published))
    files: dict[str, IndexFile] = {}
    for folder, songs in sorted(albums.items()):
        files |= _of_album(folder, songs, target, call)
    index_files.replace(call, target, files, may_leave=True)


def _of_album(
    folder: str, songs: list[tuple[Package, Published]], target: MediaServerTarget, call: Call
) -> dict[str, IndexFile]:
    """What is known of an album and its artist, and its picture: that of its newest song."""
    files: dict[str, IndexFile] = {}
    artist, title = songs[0][0].artist, songs[0][0].album
    if artist:
        name = f"{folder.rpartition('/')[0]}/artist.nfo"
        files[name] = index_files.of(nfo.artist(artist), _NFO)
    if title:
        album = nfo.album(title, artist, [package for package, _ in songs])
        files[f"{folder}/album.nfo"] = index_files.of(album, _NFO)
    for _, published in songs:
        cover = next((o for o in published.objects if o.name == published.extra["artwork"]), None)
        if cover:
            files[f"{folder}/folder.jpg"] = _copy(call, target, cover)
            break
    return files


def _copy(call: Call, target: MediaServerTarget, cover: PublishedObject) -> IndexFile:
    def data() -> bytes:
        found = index_files.read(call, target, cover.name)
        if found is None:
            raise RetryableError(f"{cover.name} is gone from {call.name}: publish its item again.")
        return found

    return IndexFile(data, cover.sha256, _JPEG)


def retract(row: Published, target: MediaServerTarget, call: Call) -> None:
    """Take an item's files away; what its album has in common is made anew without it."""
    for one in row.objects:
        place.remove(call, target, one.name)


def verify(row: Published, target: MediaServerTarget, call: Call) -> tuple[str, ...]:
    """Its files where they lie, and whether its facts can be read."""
    wrong = [said for one in row.objects if (said := place.check(call, target, one))]
    if name := row.extra.get("nfo"):
        wrong += _wrong_in(name, index_files.read(call, target, name), row.remote_id)
    elif name := row.extra.get("album_nfo"):
        wrong += _wrong_in(name, index_files.read(call, target, name), None)
    return tuple(wrong)


def _wrong_in(name: str, data: bytes | None, item_id: str | None) -> list[str]:
    if data is None:
        return [f"{name} is gone"]
    try:
        is_of = nfo.item_of(data)
    except ValueError as error:
        return [f"{name} is no XML: {error}"]
    return [f"{name} is of another item"] if item_id and is_of != item_id else []
