"""Other encodings of an item, found among many.

Which of the library may resemble a new item is asked of an index of terms, so that the cost
hardly grows with the library; the likeliest few are then compared in full.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from utils.db import fingerprints
from utils.db.fingerprints import Lengths
from utils.models.fingerprint import Fingerprint, NearDuplicate, NearDuplicates
from utils.models.item import MediaKind
from utils.models.options import DuplicateOptions
from utils.similarity import compare, lookup_terms


def store(s: Session, fingerprint: Fingerprint) -> None:
    """Keep the fingerprint of an item, to be found by its terms."""
    earlier = fingerprints.begin_replacing(s, fingerprint.item_id)
    terms = lookup_terms.of(fingerprint)
    fingerprints.replace(s, fingerprint, terms, lookup_terms.of(earlier) if earlier else ())


def find(s: Session, fingerprint: Fingerprint, options: DuplicateOptions) -> NearDuplicates:
    """What of the library is the same work as an item, best first.

    Reads only; ``duplicates.link`` keeps the result. Call it after the transaction that stored
    the item's own fingerprint has ended, so that two copies can't miss each other. Pairs that a
    person called different are left out; what was linked before is compared again.
    """
    linked = fingerprints.decisions(s, fingerprint.item_id)
    lengths = _lengths(fingerprint, options)
    as_is, *otherwise = lookup_terms.searched(fingerprint)
    most = options.max_candidates
    candidates = set(fingerprints.sharing(s, fingerprint.item_id, as_is, lengths, most))
    for terms in otherwise:  # chance finds some among many: the likeliest few are enough
        candidates.update(
            fingerprints.sharing(s, fingerprint.item_id, terms, lengths, max(1, most // 2))
        )
    undecided = {item_id for item_id, decision in linked.items() if decision is None}
    matches, refuted = [], []
    for other in fingerprints.load_all(s, {*candidates, *undecided}):
        if linked.get(other.item_id) == "different":
            continue
        found = compare.match(fingerprint, other, options)
        if found is not None:
            matches.append(
                NearDuplicate(item_id=other.item_id, score=found.score, evidence=found.evidence)
            )
        elif other.item_id in undecided:
            refuted.append(other.item_id)
    matches.sort(key=lambda match: (-match.score, match.item_id))
    return NearDuplicates(
        item_id=fingerprint.item_id, matches=tuple(matches), refuted=tuple(sorted(refuted))
    )


def _lengths(fingerprint: Fingerprint, options: DuplicateOptions) -> Lengths | None:
    """The lengths that a copy may have; None where any will do."""
    length = fingerprint.duration_seconds
    if fingerprint.kind is MediaKind.IMAGE or length is None:
        return None
    # The longer of the two sets the tolerance, and the other may be the longer one.
    reach = compare.tolerance(length * (1 + 2 * options.duration_share), options)
    return Lengths(length - reach, length + reach)
