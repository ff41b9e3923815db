"""Variables that begin like settings and are none."""

import pytest

from nightshift.cli import variables


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("NIGHTSHIFT_SHIFTLIMIT", "NIGHTSHIFT_SHIFT_LIMIT"),
        ("NIGHTSHIFT_LANES_TRANSCRIBE", "NIGHTSHIFT_LANES__TRANSCRIBE"),
        ("NIGHTSHIFT_GEMINI_KEY", "NIGHTSHIFT_GEMINI_API_KEY"),
        ("NIGHTSHIFT_STEPS__TRANSCRIBE_AUDIO", "NIGHTSHIFT_PIPELINE__STEPS__TRANSCRIBE_AUDIO"),
        ("NIGHTSHIFT_HOME__FOLDER", "NIGHTSHIFT_HOME"),
        ("NIGHTSHIFT_QQ", None),
    ],
)
def test_a_slip_is_named_with_what_may_have_been_meant(given: str, meant: str) -> None:
    (found,) = variables.unknown({given: "1", "PATH": "/bin"})
    assert (found.name, found.nearest) == (given, meant)


@pytest.mark.parametrize(
    "known",
    ["NIGHTSHIFT_HOME", "nightshift_home", "NIGHTSHIFT_LANES__AI", "NIGHTSHIFT_LANES",
     "NIGHTSHIFT_AI_PRICE__INPUT_USD", "NIGHTSHIFT_PIPELINE__TRANSCRIPTION__MODEL"],
)  # fmt: skip
def test_a_setting_or_a_part_of_one_is_no_slip(known: str) -> None:
    assert variables.unknown({known: ""}) == []


def test_what_only_the_compose_file_reads_is_no_slip() -> None:
    import re

    from tests.paths import PROJECT

    text = (PROJECT / "docker-compose.yml").read_text()
    read = set(re.findall(r"\$\{(NIGHTSHIFT_\w+)", text))
    assert read
    assert variables.unknown(dict.fromkeys(read, "")) == []


def test_a_command_names_it_in_one_line_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_SHIFTLIMIT", "5")
    variables.warn()
    assert capsys.readouterr().err == (
        "nightshift: warning: no setting, so ignored: "
        "NIGHTSHIFT_SHIFTLIMIT (NIGHTSHIFT_SHIFT_LIMIT?)\n"
    )
