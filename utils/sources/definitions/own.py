"""Definitions as lists: ours, and those of an autoloader of files from object storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from utils.media import formats
from utils.models.source import SourceDefinition, SourceKind
from utils.sources.definitions import schedules
from utils.sources.definitions.found import Found, in_words, mapped, options_of

_STORES = {
    **dict.fromkeys(("s3", "s3a", "aws", "aws_s3", "amazon_s3", "minio", "s3_compatible"), "s3"),
    **dict.fromkeys(("azure", "azure_blob", "azureblob", "azure_blob_storage", "blob", "adls",
                     "adls_gen2", "abfs", "abfss", "az", "wasb", "wasbs"), "az"),
    **dict.fromkeys(("gcs", "gs", "gcp", "google", "google_cloud_storage"), "gs"),
}  # fmt: skip
_KINDS = {
    **dict.fromkeys(("local", "file", "filesystem", "folder", "directory", "nfs", "smb"),
                    SourceKind.FOLDER),
    **dict.fromkeys(("rss", "feed", "atom", "podcast"), SourceKind.FEED),
    **dict.fromkeys(("youtube", "channel", "playlist"), SourceKind.YOUTUBE),
    **dict.fromkeys(("http", "https", "web"), SourceKind.HTTP),
}  # fmt: skip
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "az": "AZURE_STORAGE_CONNECTION_STRING",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
}
_SECRET = re.compile(
    r"secret|passw|token|credential|access_?key|key_?id|account_?key|connection_?string|\bsas|auth"
    r"|service_account|private_?key|client_?id",
    re.IGNORECASE,
)
_NESTED = ("source", "source_config", "config", "configuration", "connection", "storage", "spec",
           "source_details", "location")  # fmt: skip
# The first of these names that there is counts.
_NAMES = {
    "name": ("name", "ingestion_name", "title"),
    "type": ("source_type", "type", "storage_type", "provider", "kind"),
    "bucket": ("bucket", "bucket_name", "container", "container_name"),
    "prefix": ("prefix", "path_prefix", "key_prefix", "folder_path"),
    "path": ("path", "source_path", "uri", "url", "location", "source_url", "source_uri",
             "base_path"),
    "pattern": ("pattern", "file_pattern", "glob", "path_glob_filter", "filename_pattern"),
    "format": ("file_format", "format", "file_type"),
    "region": ("region", "aws_region"),
    "endpoint": ("endpoint_url", "endpoint"),
    "account": ("account", "account_name", "storage_account", "storage_account_name"),
    "queue": ("queue", "work_queue"),
    "keep_last": ("keep_last",),
    "since": ("since", "start_date"),
}  # fmt: skip
_TIMES = ("timezone", "schedule_timezone", "time_zone")
_FREQUENCIES = ("frequency", "schedule_frequency", "time", "schedule_time", "cron_expression",
                "schedule_cron", "cron", "day_of_week", "day_of_month")  # fmt: skip
_STATES = ("status", "state", "enabled", "is_active", "active", "paused", "is_paused")
_ALSO = {"schedule", "id", "description", "created_at", "updated_at", "credentials", "ingestion_id"}


def read(given: Mapping[str, Any]) -> Found:
    """One definition; its secrets are not taken over, but named."""
    try:
        return _ours(given) if _is_ours(given) else _autoloaders(given)
    except (ValueError, TypeError) as error:
        return Found(name=str(given.get("name") or "without a name"), why_not=in_words(error))


def _is_ours(given: Mapping[str, Any]) -> bool:
    kinds = {kind.value for kind in SourceKind}
    is_told = "source_type" not in given and isinstance(given.get("url"), str)
    return is_told and str(given.get("kind", "folder")) in kinds


def _ours(given: Mapping[str, Any]) -> Found:
    url, fields = str(given["url"]), dict(given)
    for name in ("url", "name", "kind"):
        fields.pop(name, None)
    paused = bool(fields.pop("paused", False))
    unknown = sorted(map(str, set(fields) - set(SourceDefinition.model_fields)))
    notes = [f"not known here, and left out: {', '.join(unknown)}"] if unknown else []
    planned = schedules.read(fields.pop("schedule", None), fields.pop("timezone", None))
    options = options_of(dict(fields.pop("options", None) or {}))
    kind = SourceKind(given["kind"]) if given.get("kind") else None
    known = {name: value for name, value in fields.items() if name not in unknown}
    known |= {"schedule": planned.schedule, "timezone": planned.timezone, "options": options}
    notes += planned.notes
    return mapped(str(given.get("name") or ""), url, kind, notes, paused, **known)


def _autoloaders(given: Mapping[str, Any]) -> Found:
    flat = _flat(given)
    taken: dict[str, Any] = {}
    for meaning, names in _NAMES.items():
        taken[meaning] = next((flat[n] for n in names if flat.get(n) not in (None, "")), None)
    name = str(taken["name"] or "")
    store, address = _address(taken)
    notes = [*_left_out(flat, store)]
    if store == "az" and taken["account"] is None:
        account = urlsplit(str(taken["path"])).netloc.partition("@")[2].split(".")[0]
        taken["account"] = account or None
    planned = schedules.read(_schedule(flat), next((flat[n] for n in _TIMES if flat.get(n)), None))
    known = {key: taken[key] for key in ("region", "endpoint", "account") if taken[key]}
    options = options_of({{"endpoint": "endpoint_url"}.get(k, k): v for k, v in known.items()})
    high = "high" in str(taken["queue"] or "")
    return mapped(
        name, address, None if store else _KINDS.get(str(taken["type"]).lower()),
        (*notes, *planned.notes), _is_paused(flat), pattern=_pattern(taken),
        schedule=planned.schedule, timezone=planned.timezone, options=options,
        queue="high-memory" if high else None, keep_last=taken["keep_last"], since=taken["since"],
    )  # fmt: skip


def _flat(given: Mapping[str, Any]) -> dict[str, Any]:
    """A definition whose address and bucket stand in a part of their own, as one mapping."""
    found: dict[str, Any] = {}
    for name in _NESTED:
        if isinstance(inner := given.get(name), Mapping):
            found |= {str(key).lower(): value for key, value in inner.items()}
    outer = {str(key).lower(): value for key, value in given.items()}
    nested = {name for name in _NESTED if isinstance(outer.get(name), Mapping)}
    return found | {key: value for key, value in outer.items() if key not in nested}


def _address(taken: Mapping[str, Any]) -> tuple[str | None, str]:
    """Which store, and the address of the bucket there; None and the path where it is none.

    Raises:
        ValueError: nothing says where it lies.
    """
    path = str(taken["path"] or "").strip()
    scheme = urlsplit(path).scheme.lower() if "://" in path else ""
    store = _STORES.get(scheme) or _STORES.get(str(taken["type"] or "").strip().lower())
    if store is None:
        if not path:
            raise ValueError("it names neither a path nor a bucket")
        return None, path
    if scheme in {"abfs", "abfss", "wasb", "wasbs"} and "@" in urlsplit(path).netloc:
        parts = urlsplit(path)
        return store, f"az://{parts.netloc.partition('@')[0]}{parts.path}"
    if scheme in _STORES:
        return store, f"{store}://{path.partition('://')[2]}"
    if scheme:
        raise ValueError(f"{scheme}:// is no address of a bucket; write s3://, az:// or gs://")
    parts_of = [str(part).strip("/") for part in (taken["bucket"], taken["prefix"] or path) if part]
    if not parts_of:
        raise ValueError("it names neither a path nor a bucket")
    return store, f"{store}://{'/'.join(parts_of)}"


def _pattern(taken: Mapping[str, Any]) -> str | None:
    """Which files: by a pattern, else by their format.

    Raises:
        ValueError: its files are no media.
    """
    wanted = str(taken["format"] or "").lower().strip("*. ")
    if wanted and wanted not in {"binaryfile", "binary", "any", "media", "video", "audio", "image"}:
        if not formats.kind_of(Path(f"x.{wanted}")):
            raise ValueError(f"it takes {wanted} files, which are no media")
        return str(taken["pattern"] or f"*.{wanted}")
    return str(taken["pattern"]) if taken["pattern"] else None


def _schedule(flat: Mapping[str, Any]) -> Any:
    """What says when: a part of its own, or names beside the others."""
    given = flat.get("schedule")
    beside = {name.removeprefix("schedule_"): flat[name] for name in _FREQUENCIES if flat.get(name)}
    if isinstance(given, Mapping):
        return given
    if isinstance(given, str) and given.strip().lower() in {"custom", "cron"}:
        return {"frequency": "custom"} | beside
    if isinstance(given, str) and beside and " " not in given.strip():
        return {"frequency": given} | beside
    return given if given else beside or None


def _is_paused(flat: Mapping[str, Any]) -> bool:
    words = {name: str(flat[name]).lower() for name in _STATES if name in flat}
    is_off = any(words.get(name) == "false" for name in ("enabled", "is_active", "active"))
    is_held = any(words.get(name) == "true" for name in ("paused", "is_paused"))
    return is_off or is_held or words.get("status", words.get("state")) in {
        "paused", "disabled", "inactive", "draft", "archived"}  # fmt: skip


def _left_out(flat: Mapping[str, Any], store: str | None) -> list[str]:
    """What is not taken over, by name: secrets with where they belong, and what is unknown."""
    known = {
        *_TIMES,
        *_FREQUENCIES,
        *_STATES,
        *_ALSO,
        *(n for names in _NAMES.values() for n in names),
    }
    secret = sorted(name for name in flat if _SECRET.search(name) and flat[name])
    unknown = sorted(name for name in flat if name not in known and name not in secret)
    notes = []
    if secret:
        where = f": set {_CREDENTIALS[store]} in the environment" if store else ""
        notes.append(f"credentials are not taken over ({', '.join(secret)}){where}")
    if unknown:
        notes.append(f"not known here, and left out: {', '.join(unknown)}")
    return notes
