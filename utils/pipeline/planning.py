"""Which steps an item gets, and why it does not get the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from utils.analysis import analyst
from utils.config import Settings
from utils.critic import critic
from utils.errors import SettingsError
from utils.frames import text
from utils.models.item import MediaKind
from utils.models.options import PipelineOptions
from utils.models.probe import ContainerProbe
from utils.models.shift import Lack
from utils.models.steps import BY_NAME, FETCH, PROFILE_OF, STEPS, Step
from utils.rules import house_rules

# What is rejected is not compressed.
_COMPRESSIONS = frozenset({"compress_video", "compress_audio"})

# How what is off by default is switched on.
_SWITCHED_ON_BY = {
    "identify_speakers": "not asked for (--speakers auto)",
    "read_text": "not asked for (--read-text)",
    "generate_visuals": "not asked for (--visuals)",
    "make_lyric_video": "not asked for (--lyric-video)",
}

# What the plan itself is made from: these always run.
_FIRST = ("generate_checksum", "extract_ffprobe")


class Plan(NamedTuple):
    """Which steps an item gets: each name with why it does not run, None if it does."""

    reasons: Mapping[str, str | None]

    def runs(self, step: str) -> bool:
        """True if ``step`` applies."""
        return self.reasons[step] is None

    def for_rejected(self) -> Plan:
        """The same for an item whose verdict is reject: it is not compressed."""
        return self._uncompressed("the item was rejected")

    def for_motion(self) -> Plan:
        """The same for the film of a Live Photo: another form of it would be no part of it."""
        return self._uncompressed("it is the film of a Live Photo")

    def _uncompressed(self, reason: str) -> Plan:
        why = {step: self.reasons[step] or reason for step in _COMPRESSIONS}
        return Plan({**self.reasons, **why})


def plan(probe: ContainerProbe, options: PipelineOptions, settings: Settings) -> Plan:
    """What is to be done to an item with this probe.

    Raises:
        SettingsError: ``options.only`` names something that is no step.
    """
    asked = with_needs(options.only)
    reasons: dict[str, str | None] = {}
    for step in STEPS:  # a step comes after those that it needs
        reason = _why_not(step, probe, options, settings, asked)
        for need in step.needs:
            if reason is None and reasons[need] is not None:
                reason = f"needs {need}: {reasons[need]}"
        reasons[step.name] = reason
    return Plan(reasons)


def dependent_lacks(plan: Plan, lacks: Sequence[Lack]) -> list[Lack]:
    """The steps of a plan that could not be done because one that they need is lacking."""
    missing = {lack.step: lack for lack in lacks}
    found = []
    for step in STEPS:  # a step comes after those that it needs
        need = next((need for need in step.needs if need in missing), None)
        if need and step.name not in missing and plan.runs(step.name):
            lack = Lack(step=step.name, reason=f"needs {need}", may_pass=missing[need].may_pass)
            missing[step.name] = lack
            found.append(lack)
    return found


def with_needs(names: Iterable[str]) -> frozenset[str]:
    """These steps, those that they need or use, and so on.

    Raises:
        SettingsError: one of them is no step.
    """
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in BY_NAME or name == FETCH.name:
            raise SettingsError(
                f"{name!r} is no step. The steps are {', '.join(step.name for step in STEPS)}."
            )
        if name not in found:
            found.add(name)
            left += (*BY_NAME[name].needs, *BY_NAME[name].uses)
    return frozenset(found)


def forced(options: PipelineOptions) -> frozenset[str]:
    """The steps that are to be done again though the ledger knows them."""
    if not options.force:
        return frozenset()
    return frozenset(options.only or (step.name for step in STEPS))


def profile(probe: ContainerProbe, options: PipelineOptions) -> str:
    """The profile that an item is worked on with."""
    return PROFILE_OF[probe.kind] if options.profile == "auto" else options.profile


def _why_not(
    step: Step,
    probe: ContainerProbe,
    options: PipelineOptions,
    settings: Settings,
    asked: frozenset[str],
) -> str | None:
    """Why a step does not apply, its needs left aside; None if it does."""
    if asked and step.name not in asked and step.name not in _FIRST:
        return f"not asked for (only {', '.join(options.only)})"
    if not options.is_on(step):
        return "switched off" if step.default else _SWITCHED_ON_BY.get(step.name, "not switched on")
    if (chosen := profile(probe, options)) not in step.profiles:
        return f"makes no sense for profile {chosen}"
    if step.required_stream == "picture" and not probe.video:
        return "has no picture"
    if step.required_stream == "sound" and not probe.heard:
        return "has no sound"
    return _not_configured(step.name, options, settings)


def _not_configured(step: str, options: PipelineOptions, settings: Settings) -> str | None:
    """Why the settings leave a step nothing to do."""
    if step in {"compress_video", "compress_audio"} and not options.compression.enabled:
        return "compression is switched off"
    if step == "make_proxy" and analyst.engine(options.analysis, settings) == "local":
        return "the local analysis needs no proxy; set NIGHTSHIFT_GEMINI_API_KEY for Gemini"
    if step == "read_text" and not text.engine():
        return "rapidocr is not installed: pip install 'nightshift[ocr]'"
    if step == "write_subtitles" and options.subtitles.beside == "nothing":
        return "not asked for; set NIGHTSHIFT_PIPELINE__SUBTITLES__BESIDE"
    if step == "check_house_rules" and not house_rules.digest(settings):
        return "there are no house rules (house_rules.yaml in the home)"
    if step == "critique_content" and not critic.engine(options.critic, settings):
        return "no critic is set; set NIGHTSHIFT_CRITIC__BASE_URL, or a key for Gemini"
    if step == "upload_thumbnails" and settings.publish_url is None:
        return "NIGHTSHIFT_PUBLISH_URL is not set"
    return None


def expected(kind: MediaKind, options: PipelineOptions, settings: Settings) -> tuple[str, ...]:
    """The steps that an item of this kind may go through, before anybody has looked into it."""
    chosen = PROFILE_OF[kind] if options.profile == "auto" else options.profile
    asked = with_needs(options.only)
    return tuple(
        step.name
        for step in STEPS
        if (not asked or step.name in asked or step.name in _FIRST)
        and options.is_on(step)
        and chosen in step.profiles
        and _not_configured(step.name, options, settings) is None
    )
