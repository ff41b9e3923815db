"""One picture by a ComfyUI server, whatever the server does."""

import threading

import pytest
from pydantic import SecretStr

from tests.servers.comfyui import CHECKPOINT, Comfy, node_error, refusal
from utils.config import Settings
from utils.errors import NightShiftError, PermanentError, RetryableError, StoppedError
from utils.models.visual_templates import Value
from utils.processes import deadline
from utils.visuals import comfyui, comfyui_client, template_files
from utils.visuals.comfyui import Made

VALUES: dict[str, Value] = {
    "prompt": "rain on a river", "negative": "text", "seed": 7, "width": 128, "height": 72,
    "model": CHECKPOINT,
}  # fmt: skip


def generate(settings: Settings, shares: list[float] | None = None, name: str = "") -> Made:
    template = template_files.workflow(name or "text_to_image", settings)
    values = VALUES if not name else {"width": 128, "height": 72}
    with comfyui_client.connected(settings) as server:
        hear = shares.append if shares is not None else lambda _share: None
        return comfyui.generate(server, template, values, settings, hear)


def jobs(comfy: Comfy) -> list[str]:
    return [one["job"] for one in comfy.submitted]


def with_limits(settings: Settings, **limits: object) -> Settings:
    changed = settings.comfyui.model_copy(update=limits)
    return settings.model_copy(update={"comfyui": changed})


def test_a_picture_comes_with_progress_and_the_values_that_it_was_made_from(
    comfy: Comfy, drawing: Settings
) -> None:
    shares: list[float] = []
    made = generate(drawing, shares)
    (sent,) = comfy.submitted
    assert made.picture == next(iter(comfy.files.values()))
    assert made.values["seed"] == 7
    assert sent["prompt"]["6"]["inputs"]["text"] == "rain on a river"
    assert sent["prompt"]["5"]["inputs"]["width"] == 128
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_same_picture_again_is_a_job_of_its_own_and_no_old_file(
    comfy: Comfy, drawing: Settings
) -> None:
    first, again = generate(drawing), generate(drawing)
    assert first.values["prefix"] != again.values["prefix"]
    assert len(comfy.files) == 2


@pytest.mark.parametrize("mood", ["without_socket", "drops_socket", "is_old"])
def test_without_what_a_websocket_tells_the_history_is_asked(
    comfy: Comfy, drawing: Settings, mood: str
) -> None:
    setattr(comfy.moods, mood, True)
    assert generate(drawing).picture.startswith(b"\x89PNG")


def test_a_job_that_a_restart_lost_is_submitted_again_but_not_for_ever(
    comfy: Comfy, drawing: Settings
) -> None:
    comfy.moods.forgets = 2
    assert generate(drawing).picture
    assert len(set(jobs(comfy))) == 3
    comfy.moods.forgets = 9
    with pytest.raises(RetryableError, match="was given to it 3 times"):
        generate(drawing)


def test_a_server_that_starts_is_waited_for(
    comfy: Comfy, drawing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = comfyui_client.submit

    def submit_and_go(*given: object) -> object:
        told = submit(*given)  # type: ignore[arg-type]
        comfy.moods.away = 3
        return told

    monkeypatch.setattr(comfyui_client, "submit", submit_and_go)
    comfy.moods.without_socket = True
    comfy.moods.forgets = 1
    assert generate(drawing).picture
    assert len(comfy.submitted) == 2
    monkeypatch.setattr(comfyui, "PATIENCE_SECONDS", 0)
    with pytest.raises(RetryableError, match="answers 503: starting"):
        generate(drawing)


def test_a_lost_file_is_made_once_more_and_then_it_is_an_error(
    comfy: Comfy, drawing: Settings
) -> None:
    comfy.moods.loses = 1
    assert generate(drawing).picture
    assert len(comfy.submitted) == 2
    comfy.moods.loses = 2
    with pytest.raises(PermanentError, match="has lost it"):
        generate(drawing)


def test_half_a_file_is_asked_for_again(comfy: Comfy, drawing: Settings) -> None:
    comfy.moods.cuts = 2
    assert generate(drawing).picture.endswith(b"IEND\xaeB`\x82")
    comfy.moods.cuts = 9
    with pytest.raises(RetryableError, match="does not answer"):
        generate(drawing)


def test_a_node_that_fails_is_named_with_what_it_says(comfy: Comfy, drawing: Settings) -> None:
    comfy.moods.error = node_error("mat1 and mat2 shapes\n cannot be multiplied")
    told = "node 3 \\(KSampler\\): RuntimeError: mat1 and mat2 shapes cannot be multiplied"
    with pytest.raises(PermanentError, match=told):
        generate(drawing)
    comfy.moods.error = node_error("Allocation failed", "torch.OutOfMemoryError")
    with pytest.raises(RetryableError, match="Another program may have its memory"):
        generate(drawing)


def test_what_it_refuses_is_told_by_node(comfy: Comfy, drawing: Settings) -> None:
    comfy.moods.refusal = refusal()
    told = "node 5 \\(EmptyLatentImage\\): Value -5 smaller than min of 1: width"
    with pytest.raises(PermanentError, match=told):
        generate(drawing)
    error = {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": ""}
    comfy.moods.refusal = {"error": error, "node_errors": {}}
    with pytest.raises(PermanentError, match="refuses the workflow: Prompt has no outputs"):
        generate(drawing)
    comfy.moods.refusal = {"error": "no prompt", "node_errors": []}
    with pytest.raises(PermanentError, match="no prompt"):
        generate(drawing)


def test_a_job_that_never_ends_is_cancelled_there_and_none_of_others(
    comfy: Comfy, drawing: Settings
) -> None:
    comfy.moods.never_ends = True
    comfy.running["of another"] = {}
    with pytest.raises(RetryableError, match=r"in time \(it was at node 3\)"):
        generate(with_limits(drawing, timeout_seconds=0.2))
    assert comfy.interrupted == jobs(comfy)
    assert comfy.deleted == jobs(comfy)
    assert "of another" in comfy.running


def test_a_job_that_it_took_though_its_answer_was_lost_is_cancelled_there(
    comfy: Comfy, drawing: Settings
) -> None:
    comfy.moods.never_ends, comfy.moods.loses_answers = True, 1
    with pytest.raises(RetryableError):
        generate(drawing)
    assert comfy.interrupted == comfy.deleted == jobs(comfy)


def test_a_job_that_waits_behind_others_leaves_the_queue(comfy: Comfy, drawing: Settings) -> None:
    comfy.moods.never_ends = comfy.moods.without_socket = True
    settings = with_limits(drawing, timeout_seconds=0.2)
    submit = comfyui_client.submit

    def submitted(*given: object) -> object:
        told = submit(*given)  # type: ignore[arg-type]
        with comfy.guard:
            comfy.running = {"of another": {}}
            comfy.pending = ["of a third", told[0]]
        return told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comfyui_client, "submit", submitted)
        with pytest.raises(RetryableError, match="waits in its queue behind other jobs"):
            generate(settings)
    assert comfy.pending == ["of a third"]
    assert comfy.interrupted == []


def test_who_stops_the_run_stops_the_job(comfy: Comfy, drawing: Settings) -> None:
    comfy.moods.never_ends = True
    over = threading.Event()
    template = template_files.workflow("blank", drawing)
    with deadline.until(over), comfyui_client.connected(drawing) as server:
        with pytest.raises(StoppedError):
            comfyui.generate(
                server, template, {"width": 64, "height": 64}, drawing, lambda _share: over.set()
            )
    assert comfy.interrupted == jobs(comfy)


def test_a_job_that_a_person_interrupts_there_is_not_made_again(
    comfy: Comfy, drawing: Settings
) -> None:
    comfy.moods.never_ends = comfy.moods.without_socket = True
    submit = comfyui_client.submit

    def submitted(*given: object) -> object:
        told = submit(*given)  # type: ignore[arg-type]
        comfy.answer("POST", "/interrupt", b'{"prompt_id": "%s"}' % told[0].encode())
        return told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comfyui_client, "submit", submitted)
        with pytest.raises(PermanentError, match="interrupted at ComfyUI"):
            generate(drawing)
    assert len(comfy.submitted) == 1


def test_the_token_opens_both_and_is_told_nowhere(comfy: Comfy, drawing: Settings) -> None:
    comfy.moods.token = "sesame-7"
    with pytest.raises(PermanentError, match="answers 401: set NIGHTSHIFT_COMFYUI__TOKEN"):
        generate(drawing)
    shares: list[float] = []
    assert generate(with_limits(drawing, token=SecretStr("sesame-7")), shares).picture
    assert shares  # by the websocket
    comfy.moods.token = "another"
    with pytest.raises(NightShiftError) as caught:
        generate(with_limits(drawing, token=SecretStr("sesame-7")))
    assert "sesame" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_with_its_setting(drawing: Settings) -> None:
    with pytest.raises(RetryableError, match="NIGHTSHIFT_COMFYUI__URL"):
        generate(with_limits(drawing, url="http://127.0.0.1:9"))


@pytest.mark.parametrize("url", ["127.0.0.1:8188", "ftp://host", "http://", "http://h:99999", ""])
def test_what_is_no_address_is_refused(drawing: Settings, url: str) -> None:
    with pytest.raises(NightShiftError, match="NIGHTSHIFT_COMFYUI__URL"):
        generate(with_limits(drawing, url=url))


def test_a_job_that_ends_without_a_picture_is_an_error(comfy: Comfy, drawing: Settings) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comfy, "_made", lambda _graph: {"text": "no file"})
        with pytest.raises(PermanentError, match=r"without a picture from node 9 \(SaveImage\)"):
            generate(drawing)


NONSENSE: list[object] = [
    b"", b"<html>", [], "x", 7, {"JOB": 3}, {"JOB": {"status": 3, "outputs": 4}},
    {"JOB": {"status": {"status_str": "error", "messages": 5}}},
    {"JOB": {"input": {"required": {"text": 3, "seed": [[1], 2]}}}},
    {"prompt_id": 3, "system": 3}, {"prompt_id": "JOB", "node_errors": {"3": {"errors": 7}}},
    {"queue_running": 3, "queue_pending": [3, [], [1, {}]]},
]  # fmt: skip


@pytest.mark.parametrize("path", ["prompt", "queue", "history", "object_info", "system_stats"])
def test_an_answer_that_is_nonsense_is_an_error_of_ours_or_no_matter(
    comfy: Comfy, drawing: Settings, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    answer = comfy.answer
    given: list[object] = []

    def answered(method: str, asked: str, body: bytes) -> tuple[int, object]:
        if not asked.startswith(f"/{path}"):
            return answer(method, asked, body)
        nonsense = given[-1]
        if not isinstance(nonsense, dict):
            return 200, nonsense
        job = asked.rsplit("/", 1)[-1]
        return 200, {job if name == "JOB" else name: value for name, value in nonsense.items()}

    monkeypatch.setattr(comfy, "answer", answered)
    monkeypatch.setattr(comfyui, "PATIENCE_SECONDS", 0)
    comfy.moods.without_socket = True
    for one in NONSENSE:
        given.append(one)
        with comfyui_client.connected(drawing) as server:
            comfyui_client.version(server)
        try:
            assert generate(with_limits(drawing, timeout_seconds=2)).picture
        except NightShiftError as error:
            assert str(error)
