"""Content credentials (C2PA) in what is published: what was kept, and what a model made.

A file is never changed: a signed copy of it is published. Nothing is fetched for it, neither what a
stranger's file names nor what a certificate does; only a person's own time stamps are asked for.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from utils.distribution.call import Call
from utils.errors import PermanentError, RetryableError, SettingsError, from_os_error
from utils.models.publishing import Package, PackageFile
from utils.models.sanitize import text
from utils.models.targets import C2paSettings
from utils.storage import files

_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_MADE = {"title_card", "waveform", "generated", "lyric_video"}
_KEPT = {"media": "c2pa.transcoded", "artwork": "c2pa.edited"}
_PARENT = "xmp:iid:parent"
_BY_MODEL = re.compile(r"/(trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia)$")
_OWN_SIGNER = "signingCredential.untrusted"  # whom a reader trusts is the reader's matter
_SETTINGS: dict[str, Any] = {
    "version": 1,
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": False},
    # No small pictures of originals, nor any other, in what is published.
    "builder": {"thumbnail": {"enabled": False}, "ignore_ingredient_errors": True},
}
_CHECKED_BYTES = 1 << 26  # 0.3 s. Chosen.
_log = logging.getLogger(__name__)


class Credentials(NamedTuple):
    """What a file says of its origin.

    ``flaws`` are codes of C2PA, empty where all of it holds, None where nobody has looked: of a
    large file, which would be read whole.
    """

    generator: str | None
    issuer: str | None
    signed_at: str | None
    by_model: bool
    flaws: tuple[str, ...] | None

    @property
    def in_words(self) -> str:
        """One line for people."""
        told = f"signed by {self.issuer or 'nobody who is named'}"
        told += f" with {self.generator}" if self.generator else ""
        told += f", {self.signed_at}" if self.signed_at else ""
        told += ", names a model as its maker" if self.by_model else ""
        if self.flaws is None:
            return f"{told}; not checked: a large file"
        return f"{told}; it does not hold: {', '.join(self.flaws)}" if self.flaws else told


def signed(file: PackageFile, package: Package, call: Call) -> Path:
    """A copy with content credentials; the file itself where nothing is to be said of it.

    That is so of originals, which are published as they came, of what is no picture, film or sound,
    and of formats that hold no credentials.

    Raises:
        SettingsError: the certificate or its key is of no use, or the library is not installed.
        RetryableError: the server of time stamps does not answer.
        PermanentError: the file can't be signed.
    """
    settings = call.settings.c2pa
    is_original = file.role == "original" or file.sha256 == package.item_id
    if not settings.is_on or is_original or file.role not in {*_MADE, *_KEPT}:
        return file.path
    library = _library()
    form = file.path.suffix.lower().lstrip(".")
    if form not in library.Builder.get_supported_mime_types():
        _log.warning("%s holds no content credentials: a %s file can't.", file.path.name, form)
        return file.path
    _demand_usable(settings.model_copy(update={"timestamp_url": None}), *_written_at(settings))
    target = call.work / "signed" / file.sha256[:12] / file.path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    _sign(library, file, package, target, settings)
    return target


def found(path: Path) -> Credentials | None:
    """What an original says of itself; None if nothing, or nothing that can be read here.

    Raises:
        NightShiftError: the file can't be opened.
    """
    try:
        library = _library()
    except SettingsError:
        return None
    form = path.suffix.lower().lstrip(".")
    if form not in library.Reader.get_supported_mime_types():
        return None
    try:
        is_checked = path.stat().st_size <= _CHECKED_BYTES
        context = _context(library, verify_after_reading=is_checked)
        with path.open("rb") as file:
            reader = library.Reader.try_create(form, file, context=context)
            return _told(reader, is_checked) if reader else None
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    except (library.C2paError, ValueError):
        return None


def _library() -> Any:
    try:
        import c2pa
    except ImportError:
        raise SettingsError(
            "Content credentials are switched on, and c2pa-python is not installed: "
            "pip install 'nightshift[c2pa]'."
        ) from None
    return c2pa


def _context(library: Any, **verify: bool) -> Any:
    settings = {**_SETTINGS, "verify": {**_SETTINGS["verify"], **verify}}
    return library.Context(library.Settings.from_dict(settings))


def _signer(library: Any, settings: C2paSettings) -> Any:
    parts = []
    for name, place in (("CERTIFICATE", settings.certificate), ("KEY", settings.key)):
        try:
            parts.append(Path(place or "").expanduser().read_bytes())
        except OSError as error:
            raise SettingsError(
                f"NIGHTSHIFT_C2PA__{name} names {place}, which can't be read: {error.strerror}."
            ) from None
    info = library.C2paSignerInfo(settings.algorithm, *parts, settings.timestamp_url)
    return library.Signer.from_info(info)


@lru_cache(maxsize=4)
def _demand_usable(settings: C2paSettings, *_when: int) -> None:
    """Sign a picture of one pixel: what fails then is the certificate's fault, no file's.

    Raises:
        SettingsError: it fails.
    """
    library = _library()
    pixel, made = BytesIO(), BytesIO()
    Image.new("RGB", (1, 1)).save(pixel, "PNG")
    actions = [{"action": "c2pa.created", "digitalSourceType": f"{_SOURCE}digitalCreation"}]
    try:
        signer = _signer(library, settings)
        builder = library.Builder.from_json(_manifest("", actions), _context(library))
        builder.sign(signer, "image/png", pixel, made)
        reader = library.Reader("image/png", made, context=_context(library))
        flaws = _flaws(reader)
    except library.C2paError as error:
        flaws = (_said(error),)
    if flaws:
        raise SettingsError(
            f"The certificate {settings.certificate} and its key do not sign as "
            f"{settings.algorithm}: {'; '.join(flaws)}. It must be a chain, the signer's "
            "certificate first, and be made for signing; see docs/distribution.md."
        )


def _written_at(settings: C2paSettings) -> tuple[int, ...]:
    """When both files were written last: another certificate is looked at again."""
    found = (files.seen(Path(name or "").expanduser()) for name in
             (settings.certificate, settings.key))  # fmt: skip
    return tuple(one.modified_ns if one else 0 for one in found)


def _sign(
    library: Any, file: PackageFile, package: Package, target: Path, settings: C2paSettings
) -> None:
    context = _context(library)
    original = _original(package)
    origin = original.path if original else file.path if file.role in _KEPT else None
    actions = _actions(file, origin is not None, is_own=original is None)
    try:
        builder = library.Builder.from_json(_manifest(package.title, actions), context)
        if origin is not None:
            _add(builder, origin, "parentOf" if file.role in _KEPT else "componentOf")
        builder.sign_file(file.path, target, _signer(library, settings))
        flaws = _flaws(library.Reader(target, context=context))
    except library.C2paError as error:
        said = _said(error)
        if settings.timestamp_url and "time" in said.lower():
            raise RetryableError(f"No time stamp for {file.path.name}: {said}") from None
        raise PermanentError(f"{file.path.name} can't be signed: {said}") from None
    except OSError as error:
        raise from_os_error(error, f"signing {file.path.name}") from error
    if flaws:
        raise PermanentError(f"{file.path.name} was signed, and reads as {', '.join(flaws)}.")


def _original(package: Package) -> PackageFile | None:
    """The item itself, where it is here: beside its rendition, or published as it is."""
    its_own = (one for one in package.files if one.sha256 == package.item_id)
    return package.first("original") or next(its_own, None)


def _actions(file: PackageFile, has_origin: bool, is_own: bool) -> list[dict[str, Any]]:
    """What was done; ``is_own``: there is no original here, the file itself was opened."""
    of_origin = {"parameters": {"ingredientIds": [_PARENT]}}
    if file.role in _KEPT:
        done = "c2pa.published" if is_own else _KEPT[file.role]
        return [{"action": "c2pa.opened", **of_origin}, {"action": done}]
    if file.role == "lyric_video":
        made = "compositeWithTrainedAlgorithmicMedia" if file.by_model else "composite"
        created = {"action": "c2pa.created", "digitalSourceType": _SOURCE + made}
        return [created, *([{"action": "c2pa.placed", **of_origin}] if has_origin else [])]
    made = "trainedAlgorithmicMedia" if file.by_model else "digitalCreation"
    return [{"action": "c2pa.created", "digitalSourceType": _SOURCE + made}]


def _manifest(title: str, actions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "claim_generator_info": [{"name": "Night Shift", "version": version("nightshift")}],
        "title": title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }


def _add(builder: Any, origin: Path, relationship: str) -> None:
    """The original as what it was made of, with the credentials that it came with."""
    told = {"title": "original", "relationship": relationship, "instance_id": _PARENT}
    with origin.open("rb") as file:
        builder.add_ingredient(told, origin.suffix.lower().lstrip(".") or "bin", file)


def _told(reader: Any, is_checked: bool) -> Credentials:
    manifest: dict[str, Any] = reader.get_active_manifest() or {}
    signature = manifest.get("signature_info") or {}
    generator: dict[str, Any] = next(iter(manifest.get("claim_generator_info") or ()), {})
    name = " ".join(filter(None, (generator.get("name"), generator.get("version"))))
    return Credentials(
        generator=_line(name or manifest.get("claim_generator")),
        issuer=_line(signature.get("issuer")),
        signed_at=_line(signature.get("time")),
        by_model=any(_BY_MODEL.search(one) for one in _source_types(reader)),
        flaws=_flaws(reader) if is_checked else None,
    )


def _source_types(reader: Any) -> Iterator[str]:
    """All source types that any manifest of a file names: also of what it was made of."""
    for manifest in json.loads(reader.json()).get("manifests", {}).values():
        for assertion in manifest.get("assertions", ()):
            data = assertion.get("data")
            actions = data.get("actions", ()) if isinstance(data, dict) else ()
            for one in actions:
                yield str(one.get("digitalSourceType", ""))


def _flaws(reader: Any) -> tuple[str, ...]:
    """What does not hold of the file's own manifest."""
    results = reader.get_validation_results() or {}
    failed = results.get("activeManifest", {}).get("failure", ())
    return tuple(one["code"] for one in failed if one["code"] != _OWN_SIGNER)


def _line(value: Any) -> str | None:
    """A stranger's text on one line."""
    return " ".join(text(str(value)).split()) if value else None


def _said(error: BaseException) -> str:
    """What the library says, on one line; keys are no part of it."""
    return " ".join(re.sub(r"-----BEGIN.*", "", str(error), flags=re.DOTALL).split())[:300]
