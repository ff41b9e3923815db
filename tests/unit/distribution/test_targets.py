"""targets.yaml: read with its secrets, checked, described; what is wrong says where."""

from pathlib import Path

import pytest

from tests.unit.distribution import known
from utils.config import load_settings
from utils.distribution import checks, targets
from utils.errors import SettingsError, UsageError

pytestmark = pytest.mark.usefixtures("settings")


def test_a_secret_comes_from_the_environment_and_is_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDIA_PASSWORD", "open sesame")
    known.targets(
        "targets:\n  there:\n    kind: folder\n    url: sftp://anna:${MEDIA_PASSWORD}@host/media\n"
    )
    target = targets.one(load_settings(), "there")
    assert target.kind == "folder"
    assert target.url.get_secret_value() == "sftp://anna:open sesame@host/media"
    assert "sesame" not in repr(target)
    assert checks.place_of(target) == "sftp://host/media"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets: {a: {kind: folder, url: 's3://${NOT_SET}/x'}}", "a.url: ${NOT_SET} is not set"),
        ("targets: {a: {kind: podkast, url: 'file:///x'}}", "a: kind is missing or not known: one"),
        ("targets: {a: {url: 'file:///x'}}", "a: kind is missing or not known: one of folder, pod"),
        ("target: {}", "target: is not known; there are targets"),
        ("targets: {a: {kind: folder}}", "a.url: Field required"),
        (
            "targets: {a: {kind: folder, url: 'file:///x', hights: 1}}",
            "a.hights: is not known; there",
        ),
        ("targets: {A b: {kind: folder, url: 'file:///x'}}", "A b"),
        ("targets: {a: {kind: folder, url: '/srv/x'}}", "a.url"),
        ("targets: {a: {kind: folder, url: 'file:///x', public_url: 'x'}}", "a.public_url"),
        (
            "targets: {a: {kind: podcast, url: 'file:///x', public_url: null, title: T, author: A,"
            " email: e@x}}",
            "a podcast needs a public_url",
        ),
        (
            "targets: {a: {kind: folder, url: 'file:///x'}, b: {kind: folder, url: 'file:///x/'}}",
            "b and a have the same url",
        ),
        ("targets: {a: {kind: webhook, url: 'ftp://x'}}", "a.url is no address"),
        ("targets: {a: {kind: message, url: 'json://x', text: '{titel}'}}", "no titel"),
        ("targets: [", "is no YAML"),
    ],
)
def test_what_makes_no_sense_says_where(text: str, said: str) -> None:
    known.targets(text)
    with pytest.raises(SettingsError) as raised:
        targets.load(load_settings())
    assert said in str(raised.value)
    assert str(load_settings().targets_file) in str(raised.value)


def test_a_wrong_file_does_not_give_its_secrets_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "open-sesame")
    known.targets("targets: {a: {kind: folder, url: '${TOKEN}', more: '${TOKEN}'}}")
    with pytest.raises(SettingsError) as raised:
        targets.load(load_settings())
    assert "sesame" not in str(raised.value)


def test_no_file_is_no_target() -> None:
    assert targets.load(load_settings()).targets == {}
    with pytest.raises(UsageError, match="There is none"):
        targets.one(load_settings(), "a")


def test_a_check_writes_reads_and_leaves_nothing(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    settings = load_settings()
    assert checks.check("public", targets.one(settings, "public"), settings).ok
    assert list(folder.iterdir()) == []
    folder.rmdir()
    folder.write_text("no folder")
    found = checks.check("public", targets.one(settings, "public"), settings)
    assert not found.ok
    assert "no folder" not in found.found


def test_a_public_url_that_nobody_serves_yet_is_asked_about(tmp_path: Path) -> None:
    known.targets(
        f"targets: {{a: {{kind: folder, url: 'file://{tmp_path}/a', "
        "public_url: 'http://127.0.0.1:9/'}}"
    )
    settings = load_settings()
    found = checks.check("a", targets.one(settings, "a"), settings)
    assert found.found == (
        "written; but public_url http://127.0.0.1:9/ does not answer: is it served yet?"
    )
    assert (found.ok, found.state) == (False, "not to be seen")
    assert list((tmp_path / "a").iterdir()) == []


def test_the_schema_knows_every_kind() -> None:
    names = targets.schema()["$defs"]
    assert {"FolderTarget", "PodcastTarget", "YoutubeTarget", "WebhookTarget"} <= set(names)
