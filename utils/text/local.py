"""Understanding without a service: language, keywords and the sentences that say most.

Sentences and lemmas by simplemma, stop words by stopwordsiso, the summary by LexRank
(Erkan and Radev 2004) in sumy. Languages that simplemma does not know keep their words as
they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import simplemma
import stopwordsiso
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers.lex_rank import LexRankSummarizer

from utils.models.analysis import Analysis, Understanding
from utils.models.transcript import Transcript

ENGINE = "local (LexRank, lemma frequency)"
_SENTENCES = 3
_KEYWORDS = 12
_MIN_LETTERS = 3


def analyze(transcript: Transcript) -> Analysis:
    """Keywords and an extractive summary of a transcript; both empty without text."""
    language = transcript.language or "en"
    ranked = keywords(transcript.text, language)
    return Analysis(
        engine=ENGINE,
        understanding=Understanding(
            language=transcript.language if transcript.text else None,
            summary=summary(transcript.text, language),
            topics=tuple(ranked[:5]),
            keywords=tuple(ranked),
        ),
    )


def keywords(text: str, language: str) -> list[str]:
    """The most frequent content words of ``text``, lemmatised, at most ``_KEYWORDS``."""
    stop = _stop_words(language)
    words = (_lemma(word, language) for word in simplemma.simple_tokenizer(text.casefold()))
    counted = Counter(
        word
        for word in words
        if len(word) >= _MIN_LETTERS and word not in stop and any(map(str.isalpha, word))
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


def _lemma(word: str, language: str) -> str:
    try:
        return str(simplemma.lemmatize(word, lang=language)).casefold()
    except ValueError:  # a language without a dictionary
        return word


def _stop_words(language: str) -> frozenset[str]:
    known = stopwordsiso.has_lang(language)
    return frozenset(stopwordsiso.stopwords(language)) if known else frozenset()
