"""Content credentials: what was kept and what a model made is declared, and holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import Override
from tests.media import Clips, ffmpeg
from tests.unit.distribution.calls import call, file, package
from utils.config import Settings, load_settings
from utils.db import items
from utils.db.items import Seen
from utils.db.session import session
from utils.distribution import credentials
from utils.errors import PermanentError, SettingsError
from utils.models.item import MediaKind
from utils.models.publishing import PackageFile
from utils.models.targets import C2paSettings
from utils.storage import files

_PEM = serialization.Encoding.PEM
Sign = Callable[..., Path]


def _named(common_name: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Night Shift tests")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(subject: str, key: Any, by: Any, days: int, *more: Any) -> x509.Certificate:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named("root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=40))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False)
    )
    for extension, is_critical in more:
        made = made.add_extension(extension, is_critical)
    return made.sign(by, hashes.SHA256())


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(signs, False, False, False, False, not signs, not signs, False, False)


def make_certificate(folder: Path, days: int = 30) -> C2paSettings:
    """A chain of two certificates and a key, as C2PA asks for them; ``days`` until it is over."""
    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    above = _certificate(
        "root", root, root, 30, (x509.BasicConstraints(True, None), True), (_usage(False), True)
    )
    signer = _certificate(
        "signer", own, root, days, (x509.BasicConstraints(False, None), True), (_usage(True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
    )  # fmt: skip
    chain, key = folder / f"chain-{days}.pem", folder / f"key-{days}.pem"
    chain.write_bytes(signer.public_bytes(_PEM) + above.public_bytes(_PEM))
    no_password = serialization.NoEncryption()
    key.write_bytes(own.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, no_password))
    return C2paSettings(certificate=str(chain), key=str(key))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> C2paSettings:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def sign(certificate: C2paSettings, override: Override, tmp_path: Path) -> Sign:
    """Sign one file of a package that has others as well."""
    override(c2pa=certificate)

    def sign(one: PackageFile, *others: PackageFile, **facts: Any) -> Path:
        item = package(one, *others, **facts)
        return credentials.signed(one, item, call(load_settings(), tmp_path))

    return sign


def manifest(path: Path) -> dict[str, Any]:
    reader = c2pa.Reader(path)
    assert reader.get_validation_state() == "Valid"
    document = json.loads(reader.json())
    found: dict[str, Any] = document["manifests"][document["active_manifest"]]
    return found


def actions(path: Path) -> list[tuple[str, str]]:
    (found,) = [a for a in manifest(path)["assertions"] if a["label"].startswith("c2pa.actions")]
    return [
        (one["action"], one.get("digitalSourceType", "").rpartition("/")[2])
        for one in found["data"]["actions"]
    ]


def test_what_came_with_the_original_is_kept_through_a_transcode(sign: Sign, clips: Clips) -> None:
    """And the files themselves stay as they are."""
    recorded = sign(file(clips.silent_video, "media"))
    before = clips.video.read_bytes(), recorded.read_bytes()
    made = sign(file(clips.video, "media"), file(recorded, "original"))
    assert made != clips.video and made.name == clips.video.name
    assert (clips.video.read_bytes(), recorded.read_bytes()) == before
    assert actions(made) == [("c2pa.opened", ""), ("c2pa.transcoded", "")]
    (parent,) = manifest(made)["ingredients"]
    assert parent["relationship"] == "parentOf" and parent["title"] == "original"
    assert parent["active_manifest"]  # its own credentials are in it
    generator = manifest(made)["claim_generator_info"][0]
    assert generator["name"] == "Night Shift" and generator["version"]


@pytest.mark.parametrize(
    ("role", "by_model", "said"),
    [
        ("generated", True, "trainedAlgorithmicMedia"),
        ("title_card", False, "digitalCreation"),
        ("waveform", False, "digitalCreation"),
    ],
)
def test_what_was_made_says_by_whom(
    sign: Sign, clips: Clips, role: str, by_model: bool, said: str
) -> None:
    made = sign(file(clips.image, role, by_model=by_model))
    assert actions(made) == [("c2pa.created", said)]
    assert "thumbnail" not in json.dumps(manifest(made))
    found = credentials.found(made)
    assert found.by_model is by_model and found.flaws == ()
    assert found.issuer == "Night Shift tests" and found.generator.startswith("Night Shift ")
    assert ("names a model" in found.in_words) is by_model


def test_a_lyric_video_over_generated_pictures_says_so_and_names_the_song(
    sign: Sign, clips: Clips
) -> None:
    song = file(clips.tone, "original")
    made = sign(file(clips.video, "lyric_video", by_model=True), song)
    source = "compositeWithTrainedAlgorithmicMedia"
    assert actions(made) == [("c2pa.created", source), ("c2pa.placed", "")]
    assert manifest(made)["ingredients"][0]["relationship"] == "componentOf"
    drawn = sign(file(clips.video, "lyric_video"))
    assert actions(drawn) == [("c2pa.created", "composite")]


def test_a_still_of_a_film_is_edited_and_a_rendition_alone_is_published(
    sign: Sign, clips: Clips
) -> None:
    still = sign(file(clips.image, "artwork"), file(clips.video, "original"))
    assert actions(still) == [("c2pa.opened", ""), ("c2pa.edited", "")]
    film = file(clips.video, "media")  # no rendition: what is played is the original
    assert actions(sign(file(clips.image, "artwork"), film, item_id=film.sha256)) == actions(still)
    assert actions(sign(file(clips.image, "artwork"))) == [
        ("c2pa.opened", ""), ("c2pa.published", ""),
    ]  # fmt: skip


def test_an_original_and_formats_without_credentials_stay_as_they_are(
    sign: Sign, clips: Clips, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    film = tmp_path / "film.mkv"
    ffmpeg("-i", clips.silent_video, "-c", "copy", film)
    assert sign(file(film, "media")) == film
    assert "a mkv file can't" in caplog.text
    assert sign(file(clips.video, "original")) == clips.video
    played = file(clips.video, "media")
    assert sign(played, item_id=played.sha256) == clips.video  # no rendition: it is the original
    assert credentials.found(film) is None and credentials.found(clips.video) is None


def test_nothing_is_signed_unless_it_is_switched_on(
    settings: Settings, clips: Clips, tmp_path: Path
) -> None:
    one = file(clips.image, "generated", by_model=True)
    assert credentials.signed(one, package(one), call(settings, tmp_path)) == clips.image


def test_what_was_changed_after_signing_is_found(sign: Sign, clips: Clips) -> None:
    made = sign(file(clips.image, "generated", by_model=True))
    data = bytearray(made.read_bytes())
    data[-200] ^= 1
    made.write_bytes(data)
    assert "assertion.dataHash.mismatch" in credentials.found(made).flaws


def test_a_large_file_is_not_read_whole_for_them(
    sign: Sign, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sign(file(clips.image, "generated", by_model=True))
    monkeypatch.setattr(credentials, "_CHECKED_BYTES", 100)
    found = credentials.found(made)
    assert found.flaws is None and "not checked" in found.in_words and found.by_model


def test_show_names_the_credentials_of_an_original(
    sign: Sign, clips: Clips, settings: Settings
) -> None:
    made = sign(file(clips.image, "generated", by_model=True))
    stat = files.stat(made)
    with session() as s:
        items.register(s, Seen(stat, items.hash_file(stat), True), MediaKind.IMAGE)
    shown = CliRunner().invoke(app, ["show", str(made)])
    assert "signed by Night Shift tests with Night Shift" in " ".join(shown.stdout.split())


def test_an_original_whose_credentials_do_not_hold_stops_nothing(sign: Sign, clips: Clips) -> None:
    """What is wrong with them is kept along, as C2PA has it."""
    broken = sign(file(clips.image, "generated", by_model=True))
    data = bytearray(broken.read_bytes())
    data[-200] ^= 1
    broken.write_bytes(data)
    made = sign(file(clips.video, "media"), file(broken, "original"))
    assert credentials.found(made).flaws == ()


@pytest.mark.parametrize("fault", ["missing", "another key", "no certificate", "over", "algorithm"])
def test_a_certificate_that_is_of_no_use_is_said_and_the_key_is_not_shown(
    override: Override, certificate: C2paSettings, clips: Clips, tmp_path: Path, fault: str
) -> None:
    other = make_certificate(tmp_path)
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate")
    wrong = {
        "missing": {"key": str(tmp_path / "gone.pem")},
        "another key": {"key": other.key},
        "no certificate": {"certificate": str(nonsense)},
        "over": make_certificate(tmp_path, days=-10).model_dump(),
        "algorithm": {"algorithm": "ps256"},
    }[fault]
    override(c2pa=certificate.model_copy(update=wrong))
    one = file(clips.image, "title_card")
    with pytest.raises(SettingsError) as error:
        credentials.signed(one, package(one), call(load_settings(), tmp_path))
    secret = "".join(Path(certificate.key).read_text().split()[3:5])
    assert secret not in str(error.value) and "PRIVATE" not in str(error.value)


def test_a_file_that_is_none_is_its_own_fault(sign: Sign, clips: Clips) -> None:
    with pytest.raises(PermanentError, match=r"text\.mp4 can't be signed"):
        sign(file(clips.text, "lyric_video"))
