"""Which moments become frames, and which way to them is the cheapest that is right."""

from fractions import Fraction

import pytest

from utils.frames import moments
from utils.frames.moments import Moment, Plan, Shown, indexes, of_pictures, shown_in

HD, TINY = 1920 * 1080, 64 * 48
TENTH = Fraction(1, 10)


def film(seconds: float, rate: float = 30, gop: int = 250) -> list[Shown]:
    return [Shown(n / rate, n % gop == 0) for n in range(round(seconds * rate))]


@pytest.mark.parametrize(
    ("rate", "seconds", "wanted"),
    [
        ("1/10", 35.0, [0, 100, 200, 300]),
        ("1/10", 30.0, [0, 100, 200]),
        ("1/10", 9.0, [0]),
        ("10", 0.5, [0, 1, 2, 3, 4]),
        ("3/10", 10.0, [0, 34, 67]),
        ("1/10", 0.0, [0]),
    ],
)
def test_an_index_counts_tenths_of_a_second(rate: str, seconds: float, wanted: list[int]) -> None:
    assert indexes(Fraction(rate), seconds) == wanted


def test_a_short_film_is_exact_by_the_cheaper_way() -> None:
    assert of_pictures(film(30), TENTH, TINY).way == "decode"
    many = of_pictures(film(300, gop=30), TENTH, HD // 8)
    assert many.way == "seek"
    assert [moment.tenth for moment in many.moments] == list(range(0, 3000, 100))


def test_a_long_film_of_large_frames_gives_its_key_frames_at_their_own_times() -> None:
    plan = of_pictures(film(600), TENTH, HD)
    assert plan.way == "keyframes" and len(plan.moments) == 60
    assert plan.moments[:3] == (Moment(0, 0.0), Moment(84, 250 / 30), Moment(167, 500 / 30))
    assert all(0 <= one.tenth / 10 - one.seconds < 0.1 for one in plan.moments)


def test_where_all_frames_are_key_frames_few_of_them_are_sought() -> None:
    plan = of_pictures(film(600, gop=1), TENTH, HD)
    assert plan.way == "seek" and len(plan.moments) == 60


def test_key_frames_that_lie_on_the_wanted_moments_keep_their_indexes() -> None:
    plan = of_pictures(film(600, rate=25), TENTH, HD)
    assert (plan.way, [one.tenth for one in plan.moments]) == ("keyframes", [*range(0, 6000, 100)])


def test_where_key_frames_are_too_rare_the_frames_are_exact_all_the_same() -> None:
    assert of_pictures(film(600, gop=9000), TENTH, HD) == Plan("decode")


def test_the_picture_shown_is_the_last_that_began_before() -> None:
    slides = [Shown(0.0, True), Shown(9.97, True), Shown(10.03, True), Shown(31.0, True)]
    starts = [one.seconds for one in slides]
    found = moments._exact(slides, starts, [0, 100, 101, 300, 310])
    assert [moment.seconds for moment, _ in found] == [0.0, 9.97, 10.03, 10.03, 31.0]


def test_packets_are_put_in_the_order_in_which_they_are_shown() -> None:
    packets = [("1.4", "K__"), ("1.52", "___"), ("1.44", "___"), ("1.36", "_D_"), ("1.52", "___")]
    printed: dict[str, object] = {"format": {"start_time": "1.4"},
               "packets": [{"pts_time": t, "flags": f} for t, f in packets]}  # fmt: skip
    assert [one.seconds for one in shown_in(printed)] == [0.0, 0.04, 0.12]
    assert shown_in({"packets": [{"flags": "K__"}]}) == []


def test_the_filter_passes_the_frames_of_a_rate() -> None:
    assert moments.chosen_by_ffmpeg(Fraction(10)) == "fps=10:round=up:start_time=0"
    assert "lt(mod(n*3\\,100)\\,3)" in moments.chosen_by_ffmpeg(Fraction(3, 10))
