"""A critic: which model it is, what it may cost, and what it says of an item.

Two readings, each with an order of its own; a third where their scores are too far apart. An
answer of no use is asked for once more. What a model says counts only with evidence that is
found in what it was shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from utils.config import Settings
from utils.critic import chat, cooldown, form, material, memory, prompt, readings, revision
from utils.critic.material import Material
from utils.critic.readings import Reading
from utils.errors import NightShiftError, PermanentError, RetryableError, SettingsError
from utils.models.analysis import TokenUsage
from utils.models.approval import Critique, Precedent, Subject
from utils.models.house_rules import HouseRules
from utils.models.options import CriticOptions
from utils.models.spending import Estimate, TokenPrice

_READINGS = 3
_CALLS = _READINGS + 1  # one answer of no use is asked for again
_LEAST_TOKENS = 500  # of material: a model that has not even room for that is no critic
_PRECEDENT_TOKENS = 5 * 400
_GEMINI_THOUGHTS = 2  # times the tokens: its thoughts count as its answer


def engine(options: CriticOptions, settings: Settings) -> str:
    """The name of the critic that ``options`` mean on this machine; empty: there is none."""
    wanted = options.engine
    if wanted == "auto":
        served, keyed = settings.critic.base_url, settings.gemini_api_key
        wanted = "openai" if served else "gemini" if keyed else "none"
    if wanted == "none":
        return ""
    if wanted == "openai":
        return f"openai {options.model or settings.critic.model or 'default'}"
    return f"gemini {options.model or settings.pipeline.analysis.gemini_model}"


def is_readable(subject: Subject) -> bool:
    """True if there is more of an item to read than its title."""
    return bool(
        any(segment.text.strip() for segment in subject.segments)
        or subject.understanding
        or subject.video_summary
        or subject.texts
    )


def estimate(
    subject: Subject, rules: HouseRules, options: CriticOptions, settings: Settings
) -> Estimate | None:
    """The most that ``critique`` may use; None where it is free."""
    name, price = engine(options, settings), None
    if name.startswith("gemini"):
        from utils.analysis.gemini import prices

        price = prices.price(name.removeprefix("gemini "), settings.ai_price)
    else:
        asked = settings.critic
        if not (asked.input_usd or asked.output_usd):
            return None
        price = TokenPrice(input_usd=asked.input_usd, output_usd=asked.output_usd)
    seen = material.whole(subject, settings.critic.max_material_tokens)
    question = prompt.question(seen, rules, revision.described(), 0)
    read = material.tokens(f"{question.told}{question.data}{question.form.model_json_schema()}")
    return Estimate(
        engine=name,
        prompt_tokens=_CALLS * (read + _PRECEDENT_TOKENS),
        response_tokens=_CALLS * _response_tokens(name, settings),
        price=price,
    )


def critique(
    item_id: str, subject: Subject, rules: HouseRules, options: CriticOptions, settings: Settings
) -> Critique:
    """Ask the critic twice, and a third time where the two disagree.

    Raises:
        RetryableError: it does not answer, or is not to be asked now.
        PermanentError: it refuses, or its answers are of no use.
    """
    asking = _Asking(subject, rules, options, settings)
    precedents = asking.precedents(item_id)
    found, seen = asking.readings(precedents)
    criteria = readings.middle(found)
    counting = [one.score for one in criteria if one.counts]
    breaches = tuple(readings.agreed_breaches(found))
    expected = estimate(subject, rules, options, settings)
    return Critique(
        engine=f"{asking.name.split()[0]} {asking.model}",
        score=round(sum(counting) / len(counting), 4),
        criteria=criteria,
        readings=tuple(round(one.score, 4) for one in found),
        breaches=breaches,
        changes=readings.all_changes(found),
        precedents=tuple(precedents),
        orders=seen.orders,
        notes=(*seen.notes, *asking.notes, *readings.all_notes(found, breaches)),
        usage=asking.used,
        cost_microusd=expected.cost_of(asking.used) if expected else None,
    )


class _Asking:
    """Questions about one item to one model: what was used so far, and what is to be said of it."""

    def __init__(
        self, subject: Subject, rules: HouseRules, options: CriticOptions, settings: Settings
    ) -> None:
        self.subject, self.rules, self.options, self.settings = subject, rules, options, settings
        self.name = engine(options, settings)
        self.place = f"{self.name} {settings.critic.base_url or ''}".strip()
        self.model: str | None = None
        self.used = TokenUsage(audio_tokens=0)
        self.notes: list[str] = []

    def precedents(self, item_id: str) -> tuple[Precedent, ...]:
        """Decisions on items like this one; without them it is judged all the same."""
        try:
            return memory.similar(item_id, self.subject, self.settings)
        except (RetryableError, SettingsError) as error:
            self.notes.append(f"earlier decisions were not looked up: {error}")
            return ()

    def readings(self, precedents: Sequence[Precedent]) -> tuple[list[Reading], Material]:
        """Two readings, or three, and what was shown in the last of them."""
        found: list[Reading] = []
        room, unusable = self.settings.critic.max_material_tokens, 0
        seen = material.of(self.subject, precedents, room)
        for number in range(_CALLS):
            if len(found) >= 2 and not self._disagree(found):
                break
            said, seen = self._fitting(seen, precedents, number)
            if said is None:
                unusable += 1
            else:
                found.append(said)
            if unusable > 1 or len(found) == _READINGS:
                break
        if len(found) < 2:
            raise self._billed(
                PermanentError(
                    f"The critic's answers were of no use: {'; '.join(self.notes)}. The rules "
                    "decide alone. Another model may do better."
                )
            )
        return found, seen

    def _disagree(self, found: Sequence[Reading]) -> bool:
        if len(found) >= _READINGS:
            return False
        apart = abs(found[0].score - found[1].score)
        return round(apart, 6) > self.options.max_disagreement

    def _fitting(
        self, seen: Material, precedents: Sequence[Precedent], number: int
    ) -> tuple[Reading | None, Material]:
        """A reading of as much of the material as the model has room for."""
        room = self.settings.critic.max_material_tokens
        while True:
            try:
                return self._reading(seen, number), seen
            except chat.TooLongError as error:
                room //= 2
                if room < _LEAST_TOKENS:
                    raise self._billed(PermanentError(str(error))) from error
                seen = material.of(self.subject, precedents, room)

    def _reading(self, seen: Material, number: int) -> Reading | None:
        question = prompt.question(seen, self.rules, revision.described(), number % _READINGS)
        said = self._said(question)
        self._count(said.usage or _estimated(question, said.text))
        answer = form.read(said.text, question.form) if said.is_whole else None
        if answer is None:
            fault = "not in the form asked for" if said.is_whole else "cut short"
            self.notes.append(f"an answer was {fault}" if said.text else "an answer was empty")
            return None
        found = readings.checked(answer, seen, prompt.names(self.rules))
        if found is None:
            self.notes.append("an answer had no evidence that holds")
        return found

    def _said(self, question: prompt.Question) -> chat.Said:
        cooldown.require_available(self.place)
        try:
            self.model = self.model or _model(self.name, self.options, self.settings)
            said = _ask(self.name, self.model, question, self.settings)
        except RetryableError as error:
            if error.billed:
                self._count(error.usage or _estimated(question, ""))
            raise self._billed(cooldown.failed(self.place, error)) from error
        except chat.TooLongError:
            raise
        except NightShiftError as error:
            raise self._billed(error) from error
        cooldown.answered(self.place)
        return said

    def _count(self, usage: TokenUsage) -> None:
        self.used = TokenUsage(
            prompt_tokens=self.used.prompt_tokens + usage.prompt_tokens,
            response_tokens=self.used.response_tokens + usage.response_tokens,
            audio_tokens=0,
        )

    def _billed(self, error: NightShiftError) -> NightShiftError:
        """The error with all that was used before it: that is to be paid, too."""
        if self.used.prompt_tokens:
            error.billed, error.usage = True, self.used
        return error


def _model(name: str, options: CriticOptions, settings: Settings) -> str:
    """The model's name as its service knows it."""
    if name.startswith("gemini"):
        return name.removeprefix("gemini ")
    return chat.model_name(options.model, settings)


def _ask(name: str, model: str, question: prompt.Question, settings: Settings) -> chat.Said:
    """What the model says to one question."""
    if not name.startswith("gemini"):
        return chat.ask(question, model, settings)
    from utils.analysis.gemini import client as gemini  # its library takes a second to import

    asked = gemini.Question(
        [question.data], "this item", _response_tokens(name, settings), system=question.told
    )
    client = gemini.connect(settings)
    text, usage = gemini.ask_plain(client, model, asked, question.form, settings)
    return chat.Said(text, bool(text), usage)


def _response_tokens(name: str, settings: Settings) -> int:
    times = _GEMINI_THOUGHTS if name.startswith("gemini") else 1
    return times * settings.critic.max_response_tokens


def _estimated(question: prompt.Question, text: str) -> TokenUsage:
    """What a call used, where the server does not say it."""
    read = material.tokens(question.told + question.data)
    return TokenUsage(prompt_tokens=read, response_tokens=material.tokens(text), audio_tokens=0)
