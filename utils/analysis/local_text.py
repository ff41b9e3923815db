"""Understanding without a service: language, keywords and the sentences that say most.

Sentences and lemmas by simplemma, stop words by stopwordsiso, the summary by LexRank
(Erkan and Radev 2004) in sumy. Languages that simplemma does not know keep their words as
they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import simplemma
import stopwordsiso
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers.lex_rank import LexRankSummarizer

from utils.analysis import romanisation
from utils.models.analysis import Analysis, Understanding
from utils.models.transcript import Transcript

ENGINE = "local (LexRank, lemma frequency)"
_SENTENCES = 3
_KEYWORDS = 12
_MIN_LETTERS = 3
_MAX_LETTERS = 30  # longer "words" are sentences of a script without spaces


def analyze(transcript: Transcript, standard: str | None = None) -> Analysis:
    """Keywords and an extractive summary of a transcript; both empty without text.

    What is not in Latin script is romanised by rules, unless ``standard`` is "none".
    """
    language = transcript.text_language or "en"
    ranked = keywords(transcript.text, language)
    romanised = None
    if standard != "none":
        romanised = romanisation.by_rules(transcript.segments, transcript.text_language)
    return Analysis(
        engine=ENGINE,
        understanding=Understanding(
            language=transcript.language if transcript.text else None,
            summary=summary(transcript.text, language),
            topics=tuple(ranked[:5]),
            keywords=tuple(ranked),
            romanisation=romanised,
            romanised_by=romanisation.BY if romanised else None,
        ),
    )


def keywords(text: str, language: str) -> list[str]:
    """The most frequent content words of ``text``, lemmatised, at most ``_KEYWORDS``."""
    stop = _stop_words(language)
    words = (_lemma(word, language) for word in _words(text.casefold(), language))
    counted = Counter(
        word
        for word in words
        if _MIN_LETTERS <= len(word) <= _MAX_LETTERS
        and word not in stop
        and any(map(str.isalpha, word))
    )
    return [word for word, _ in counted.most_common(_KEYWORDS)]


def summary(text: str, language: str) -> str:
    """The ``_SENTENCES`` most central sentences of ``text``, in their order."""
    sentences = simplemma.split_sentences(text) if text else []
    if len(sentences) <= _SENTENCES:
        return " ".join(sentences)
    tokenizer = _Words()
    document = ObjectDocumentModel([Paragraph([Sentence(s, tokenizer) for s in sentences])])
    ranker = LexRankSummarizer(stemmer=lambda word: _lemma(word, language))
    ranker.stop_words = _stop_words(language)
    return " ".join(str(sentence) for sentence in ranker(document, _SENTENCES))


class _Words:
    """The tokenizer that sumy asks for."""

    def to_words(self, sentence: str) -> Sequence[str]:
        return [word for word in simplemma.simple_tokenizer(sentence) if word[0].isalnum()]


def _words(text: str, language: str) -> Sequence[str]:
    """The words of ``text``.

    simplemma's tokenizer cuts scripts with combining vowels (Khmer, Thai) into pieces; for
    languages that it has no dictionary for, words are what stands between spaces.
    """
    if _has_dictionary(language):
        return list(simplemma.simple_tokenizer(text))
    return [word.strip(".,;:!?\"'()[]«»។៕…") for word in text.split()]


def _lemma(word: str, language: str) -> str:
    if not _has_dictionary(language):
        return word
    return str(simplemma.lemmatize(word, lang=language)).casefold()


@cache
def _has_dictionary(language: str) -> bool:
    try:
        simplemma.lemmatize("a", lang=language)
    except ValueError:
        return False
    return True


def _stop_words(language: str) -> frozenset[str]:
    known = stopwordsiso.has_lang(language)
    return frozenset(stopwordsiso.stopwords(language)) if known else frozenset()
