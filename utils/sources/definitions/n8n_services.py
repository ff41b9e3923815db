"""What does here the work of n8n's nodes: by their kind, by the address or the command they use."""

from __future__ import annotations

import re
from typing import Any, NamedTuple


class Place(NamedTuple):
    """What a node ``becomes`` here, by which name, and what a person does for it."""

    becomes: Any
    what: str
    remedy: str


_BY_HAND = Place(
    "flow", "night-shift/nightly",
    "nothing: `nightshift night`, or Run in Prefect's UI, begins it by hand",
)  # fmt: skip
_FROM_OUTSIDE = Place(
    "flow", "content-ingestion/on-demand",
    "set NIGHTSHIFT_API__PORT and a token: POST /api/v1/shifts, or `prefect deployment run`",
)  # fmt: skip
_SCHEDULE = Place(
    "schedule", "night-shift/nightly",
    "nothing: its time is that of the sources behind it; the night's: nightly_deployment.yaml",
)  # fmt: skip
_ON_FAILURE = Place(
    "notification", "apprise", "NIGHTSHIFT_NOTIFY_ON=partial,quarantined and NIGHTSHIFT_NOTIFY_URLS"
)
_DATABASE = Place(
    "database", "prefect-sqlalchemy",
    "set NIGHTSHIFT_DATABASE_URL, or a SqlAlchemyConnector block: NIGHTSHIFT_DATABASE_BLOCK",
)  # fmt: skip
_RULE = Place("rule", "rules.yaml", "write it as a rule: `nightshift rules --help`")
_STEP_OF_YOURS = Place(
    "step", "a task of yours", "programs are not taken over: add a step (CONTRIBUTING.md)"
)
_ITEMS = Place(
    "not needed", "the night itself", "nothing: items are mapped, each once, and resumed"
)
FETCHED = Place(
    "step", "fetch_media", "nothing: each entry that a source lists is fetched by the night"
)
_MUSIC = Place("flow", "spotify-ingestion", "`nightshift music login`, then every 30 minutes")
_GEMINI = Place("step", "analyze_content", "set NIGHTSHIFT_GEMINI_API_KEY")
_CRITIC = Place("step", "critique_content", "set NIGHTSHIFT_CRITIC__BASE_URL and …__MODEL")
_PICTURES = Place(
    "step", "generate_visuals", "set NIGHTSHIFT_COMFYUI__URL; nightshift run --visuals"
)
_SPEECH = Place("step", "transcribe_audio", "nothing: whisper runs here")
_VECTORS = Place("step", "generate_embeddings", "nothing, or NIGHTSHIFT_CHROMA_URL for a server")


def _told(scheme: str) -> Place:
    return Place("notification", "apprise", f"NIGHTSHIFT_NOTIFY_URLS={scheme}")


def _target(kind: str) -> Place:
    return Place("target", kind, f"a target of kind {kind} in targets.yaml; `nightshift publish`")


BY_KIND: dict[str, Place] = {
    **dict.fromkeys(("manualTrigger", "start"), _BY_HAND),
    **dict.fromkeys(("webhook", "formTrigger", "executeWorkflowTrigger", "chatTrigger",
                     "workflowTrigger", "n8nTrigger", "executeWorkflow"), _FROM_OUTSIDE),
    **dict.fromkeys(("scheduleTrigger", "cron", "interval"), _SCHEDULE),
    "errorTrigger": _ON_FAILURE,
    **dict.fromkeys(("postgres", "supabase", "mySql", "questDb", "timescaleDb", "crateDb"),
                    _DATABASE),
    **dict.fromkeys(("if", "filter", "switch"), _RULE),
    **dict.fromkeys(("code", "function", "functionItem", "ssh"), _STEP_OF_YOURS),
    **dict.fromkeys(("splitInBatches", "merge", "wait", "noOp", "set", "splitOut", "aggregate",
                     "itemLists", "limit", "removeDuplicates", "sort", "respondToWebhook",
                     "stopAndError", "dateTime", "html", "xml", "markdown", "editImage",
                     "compression", "convertToFile", "extractFromFile", "moveBinaryData"), _ITEMS),
    "slack": _told("slack://TokenA/TokenB/TokenC"),
    "telegram": _told("tgram://TOKEN/CHAT"),
    "discord": _told("discord://ID/TOKEN"),
    "matrix": _told("matrixs://USER:PASSWORD@HOST/ROOM"),
    "mattermost": _told("mmosts://HOST/TOKEN"),
    "microsoftTeams": _told("msteams://TokenA/TokenB/TokenC"),
    "gotify": _told("gotifys://HOST/TOKEN"),
    "pushover": _told("pover://USER@TOKEN"),
    "twilio": _told("twilio://SID:TOKEN@FROM/TO"),
    **dict.fromkeys(("emailSend", "gmail", "sendGrid"), _told("mailtos://USER:PASSWORD@HOST")),
    **dict.fromkeys(("googleGemini", "lmChatGoogleGemini", "chainSummarization"), _GEMINI),
    **dict.fromkeys(("openAi", "lmChatOpenAi", "lmChatOllama", "lmOllama", "agent", "chainLlm",
                     "anthropic", "lmChatAnthropic"), _CRITIC),
    **dict.fromkeys(("vectorStoreChroma", "vectorStoreQdrant", "vectorStorePinecone",
                     "vectorStoreSupabase", "vectorStoreInMemory"), _VECTORS),
    "spotify": _MUSIC,
}  # fmt: skip

_BY_ADDRESS: tuple[tuple[str, str, Place], ...] = (
    ("", r"generativelanguage\.googleapis\.com", _GEMINI),
    ("POST", r"/(v1/)?audio/transcriptions", _SPEECH),
    ("POST", r"/chat/completions|/api/(chat|generate)$|:11434/", _CRITIC),
    ("", r":8188/|/prompt$|/history/|/upload/image$|comfyui", _PICTURES),
    ("", r"chroma|/api/v[12]/(tenants|collections)|:8000/api/", _VECTORS),
    ("", r"\.supabase\.(co|in)", _DATABASE),
    ("", r"api\.spotify\.com|accounts\.spotify\.com", _MUSIC),
    ("", r"musicbrainz\.org", Place("flow", "daily-etl", "nothing: `nightshift music etl`")),
    ("", r"api\.acoustid\.org", Place("step", "identify_recording",
                                      "set NIGHTSHIFT_MUSIC__ACOUSTID_KEY")),
    ("", r"hooks\.slack\.com|slack\.com/api", _told("slack://TokenA/TokenB/TokenC")),
    ("", r"api\.telegram\.org", _told("tgram://TOKEN/CHAT")),
    ("", r"discord(app)?\.com/api/webhooks", _told("discord://ID/TOKEN")),
    ("POST", r"googleapis\.com.*/youtube/v3/", _target("youtube")),
)  # fmt: skip
_BY_COMMAND: tuple[tuple[str, Place], ...] = (
    (r"yt-dlp|youtube-dl",
     Place("source", "yt-dlp runs here", "nightshift source add URL, with what it fetches")),
    (r"whisper", _SPEECH),
    (r"ffprobe|mediainfo|exiftool",
     Place("step", "extract_ffprobe, …", "nothing: every file is probed")),
    (r"ffmpeg|handbrake",
     Place("step", "compress_video, compress_audio",
           "nothing; how: NIGHTSHIFT_PIPELINE__COMPRESSION__… (docs/settings.md)")),
    (r"aws s3|rclone|rsync|scp ", _target("folder")),
)  # fmt: skip


def at_address(address: str, method: str) -> Place | None:
    """What does the work of a request to ``host:port/path``; None for one that may be a source."""
    for wanted, pattern, place in _BY_ADDRESS:
        if wanted in {"", method} and re.search(pattern, address, re.I):
            return place
    if method in {"POST", "PUT", "PATCH"}:
        return Place("target", "webhook", "tell others: a target of kind webhook in targets.yaml")
    return None


def by_command(command: str) -> Place | None:
    """What does the work of a command line; None if it is none that is known."""
    return next(
        (place for pattern, place in _BY_COMMAND if re.search(pattern, command, re.I)), None
    )
