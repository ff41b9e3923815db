"""With how many threads ffmpeg decodes where damage is looked for, and filters what it decoded."""

from __future__ import annotations

from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe

# Chosen: ten minutes of 1080p at 30 frames a second.
_ONE_THREAD_PIXELS = 4e10


def of_decoder(probe: ContainerProbe) -> tuple[str, ...]:
    """Options before the input: one thread, unless a film would take one too long.

    With several, ffmpeg misses damage at random: of a film with one corrupt frame it said so in 16
    of 20 decodes, with one thread in 20 (docs/decisions/0025).
    """
    video = probe.video
    if video is None:
        return ()
    size = (video.width or 0) * (video.height or 0)
    pixels = size * (video.frame_rate or 25) * (probe.watchable_seconds or 0)
    return ("-threads", "1") if pixels <= _ONE_THREAD_PIXELS else ()


def of_filters(probe: ContainerProbe) -> tuple[str, ...]:
    """Options before the input: one thread for a still, as stacks count in its memory's bound."""
    return ("-filter_complex_threads", "1") if probe.kind is MediaKind.IMAGE else ()
