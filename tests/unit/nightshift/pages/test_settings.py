"""The settings as a page: grouped and found, with no secret in it, and no place for strangers."""

from html import unescape
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from tests.conftest import Override
from tests.pages import client
from utils.config import Settings, load_settings
from utils.models.page_settings import Role

MARKER = "s3cr3t-m4rk3r"


def secrets_of(model: type[BaseModel], place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where secrets are in the settings, by the names of their parts."""
    found: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += secrets_of(field.annotation, (*place, name))
        elif "SecretStr" in str(field.annotation):
            found.append((*place, name))
    return found


def with_secrets(model: Any, place: tuple[str, ...] = ()) -> Any:
    """The settings with a marker in each secret, in the form that it has."""
    changes: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            changes[name] = with_secrets(value, (*place, name))
        elif "SecretStr" in str(field.annotation):
            secret = SecretStr(f"https://user:{MARKER}@example.org/?token={MARKER}")
            changes[name] = (secret,) if "tuple" in str(field.annotation) else secret
    return model.model_copy(update=changes)


def test_no_secret_is_on_any_page_of_the_machine(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(secrets_of(Settings)) >= 8
    marked = with_secrets(load_settings())
    for name in secrets_of(Settings):
        if name[0] != "database_url":
            monkeypatch.setenv(f"NIGHTSHIFT_{'__'.join(name)}".upper(), MARKER)
    settings.targets_file.write_text(
        f"targets:\n  web: {{kind: webhook, url: 'https://example.org/{MARKER}?key={MARKER}'}}\n"
        f"  files: {{kind: folder, url: 'sftp://me:{MARKER}@example.org/x', "
        f"options: {{key: {MARKER}}}}}\n"
    )
    asking = client(marked)
    for place in ("/settings", "/settings?changed=true", f"/settings?q={MARKER[:3]}", "/doctor"):
        answer = asking.get(place)
        assert answer.status_code == 200 and MARKER not in unescape(answer.text)
    text = unescape(asking.get("/settings").text)
    assert "set, hidden" in text and "webhook, https://example.org…" in text
    settings.targets_file.write_text(f"targets:\n  web: {{kind: webhook, uri: '{MARKER}'}}\n")
    text = unescape(asking.get("/settings").text)
    assert "has a fault" in text and MARKER not in text


def test_a_setting_is_found_with_its_value_and_where_it_comes_from(
    settings: Settings, override: Override, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_LANES__COMPRESS", "7")
    load_settings.cache_clear()
    asking = client(load_settings())
    text = asking.get("/settings?q=lanes__comp").text
    assert "1 setting<" in text and "NIGHTSHIFT_LANES__COMPRESS" in text
    assert ">7<" in text and ">environment<" in text
    text = asking.get("/settings?changed=true").text
    assert "NIGHTSHIFT_LANES__COMPRESS" in text and "NIGHTSHIFT_SHIFT_LIMIT" not in text
    assert "No setting is like that" in asking.get("/settings?q=<script>").text
    assert "For schedules and reports" in asking.get("/settings?q=timezone").text


def test_where_things_lie_is_told_to_admins_alone(settings: Settings) -> None:
    settings.rules_file.write_text(
        "rules: [{name: short, when: {kind: image}, then: {priority: high}}]\n"
    )
    settings.house_rules_file.write_text("brand: [1\n")
    seen = unescape(client(settings, Role.ADMIN).get("/settings").text)
    assert str(settings.home) in seen and "priority: high" in seen and "has a fault" in seen
    seen = unescape(client(settings, Role.VIEWER).get("/settings").text)
    assert str(settings.home) not in seen and "only admins see it" in seen
    assert "priority: high" in seen and "An admin sees here what is wrong" in seen
