"""The pictures of an item: by ComfyUI, or drawn here, and what is kept of them."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from tests.servers.comfyui import CHECKPOINT, Comfy, node_error
from utils.config import Settings
from utils.db import items, ledger, visuals
from utils.db.ledger import Inputs
from utils.db.session import session
from utils.documents.visuals import document
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.models.item import MediaItem, MediaKind
from utils.models.rendition import Thumbnail
from utils.models.signal import SignalReport
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import ComfyuiSettings, VisualOptions, Visuals
from utils.storage import files
from utils.visuals import downloaded_image, pictures

ITEM = "ab" * 32
SIGNAL = SignalReport(decoded_seconds=3, decode_errors=0)
SUBJECT = VisualSubject(title="Rain", kind="image")


@pytest.fixture
def item(settings: Settings, tmp_path: Path) -> MediaItem:
    path = tmp_path / "rain.jpg"
    path.write_bytes(b"x")
    found = MediaItem(item_id=ITEM, path=path, kind=MediaKind.IMAGE, size_bytes=1, title="Rain")
    with session() as s:
        items.register(s, items.Seen(files.stat(path), ITEM, True), found.kind)
    return found


def make(
    item: MediaItem, settings: Settings, subject: VisualSubject = SUBJECT, **chosen: object
) -> Visuals:
    return pictures.make(item, subject, SIGNAL, VisualOptions(**chosen), settings)


def test_each_aspect_ratio_is_made_and_said_by_what(
    comfy: Comfy, drawing: Settings, item: MediaItem
) -> None:
    made = make(item, drawing, seed=11)
    assert [(one.aspect, one.width, one.height) for one in made.visuals] == [
        ("16:9", 1280, 720), ("1:1", 1024, 1024), ("9:16", 720, 1280),
    ]  # fmt: skip
    wide = made.visuals[0]
    assert (wide.kind, wide.engine, wide.by_model) == ("generated", "ComfyUI 0.8.0", True)
    assert (wide.model, wide.workflow, wide.seed) == (CHECKPOINT, "text_to_image", 11)
    assert "painting of Rain" in wide.prompt
    assert wide.inputs["steps"] == 25
    assert wide.inputs["negative"].startswith("text, letters")
    assert wide.warnings == made.notes == ()
    assert wide.path.is_relative_to(drawing.home / "items" / "ab" / ITEM / "visuals")
    assert files.sha256(wide.path) == wide.sha256


def test_without_a_seed_the_item_has_its_own(drawing: Settings, item: MediaItem) -> None:
    (first,) = make(item, drawing, aspects=("1:1",)).visuals
    (again,) = make(item, drawing, aspects=("1:1",)).visuals
    assert first.seed == again.seed
    assert 0 < first.seed < 2**63
    assert first.path == again.path


def test_a_picture_that_other_options_make_leaves_the_first_where_it_is(
    comfy: Comfy, drawing: Settings, item: MediaItem
) -> None:
    (first,) = make(item, drawing, aspects=("1:1",)).visuals
    comfy.moods.size = (512, 512)
    (again,) = make(item, drawing, aspects=("1:1",)).visuals
    assert first.path.exists()
    assert first.path != again.path
    assert "512×512 pixels, not 1024×1024" in again.warnings[0]


def test_where_comfyui_fails_for_good_a_card_is_drawn_and_it_is_said(
    comfy: Comfy, drawing: Settings, item: MediaItem
) -> None:
    comfy.moods.error = node_error("shapes cannot be multiplied")
    made = make(item, drawing, aspects=("1:1", "9:16"))
    assert [one.kind for one in made.visuals] == ["title_card"] * 2
    assert not any(one.by_model for one in made.visuals)
    assert len(comfy.submitted) == 1
    assert "node 3 (KSampler)" in made.notes[0]
    assert made.told[-1] == made.notes[0]
    with pytest.raises(PermanentError, match="KSampler"):
        make(item, drawing, engine="comfyui")


def test_where_it_may_pass_nothing_is_drawn_instead(
    comfy: Comfy, drawing: Settings, item: MediaItem
) -> None:
    comfy.moods.never_ends = True
    short = ComfyuiSettings(url=comfy.url, timeout_seconds=0.1)
    with pytest.raises(RetryableError, match="NIGHTSHIFT_COMFYUI__TIMEOUT_SECONDS"):
        make(item, drawing.model_copy(update={"comfyui": short}))


def test_without_an_address_pictures_are_drawn_here(settings: Settings, item: MediaItem) -> None:
    made = make(item, settings, aspects=("1:1",))
    assert {(one.kind, one.engine) for one in made.visuals} == {("title_card", "local")}
    assert made.notes == ()
    with pytest.raises(SettingsError, match="No ComfyUI is set"):
        make(item, settings, engine="comfyui")


def test_a_workflow_without_a_model_says_so(drawing: Settings, item: MediaItem) -> None:
    (made,) = make(item, drawing, workflow="blank", aspects=("1:1",)).visuals
    assert (made.by_model, made.model, made.prompt, made.seed) == (False, None, None, None)


def test_the_best_still_goes_to_a_workflow_that_works_on_one(
    comfy: Comfy, drawing: Settings, item: MediaItem, tmp_path: Path
) -> None:
    stills = []
    for name, sharpness in (("a", 1.0), ("b", 9.0)):
        path = tmp_path / f"{name}.jpg"
        Image.new("RGB", (32, 32), "red" if name == "a" else "blue").save(path)
        stills.append(Thumbnail(path=path, width=32, height=32, sharpness=sharpness))
    subject = SUBJECT.model_copy(update={"pictures": tuple(stills)})
    make(item, drawing, subject, workflow="image_to_image", aspects=("1:1",))
    ((name, sent),) = comfy.uploaded.items()
    assert sent == stills[1].path.read_bytes()
    assert comfy.submitted[0]["prompt"]["1"]["inputs"]["image"] == f"nightshift/{name}"
    made = make(item, drawing, workflow="image_to_image", aspects=("1:1",))  # it has none
    assert "this one has none" in made.notes[0]


def test_the_key_is_that_of_what_decides_how_they_look(
    settings: Settings, drawing: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "styles"
    folder.mkdir()
    own = folder / "mine.yaml"
    own.write_text("description: x\nprompt: [one]\n")

    def engine(**changes: object) -> str:
        comfyui = drawing.comfyui.model_copy(update={"styles": folder, **changes})
        options = VisualOptions(style="mine")
        return pictures.engine(options, drawing.model_copy(update={"comfyui": comfyui}))

    before = engine()
    assert before == engine(url="http://elsewhere:8188")
    assert before != engine(model="another.safetensors")
    assert before != engine(url=None)
    own.write_text("description: x\nprompt: [two]\n")
    assert before != engine()
    with pytest.raises(SettingsError, match="There is no style"):
        pictures.engine(VisualOptions(style="nope"), settings)


def test_what_the_ledger_recalls_is_what_was_made(drawing: Settings, item: MediaItem) -> None:
    made = make(item, drawing)
    row = ledger.start(ITEM, "generate_visuals", Inputs("key", {"version": 1}), None)
    with session() as s:
        ledger.finish(s, row, made, 1.0)
    with session() as s:
        found = ledger.done_under(s, "key")
        assert str(drawing.home) not in json.dumps(found.result)
        assert ledger.read(s, found, Visuals) == made
        assert list(ledger.output_paths(made)) == [one.path for one in made.visuals]


def test_rows_take_the_place_of_what_the_step_made_before(
    comfy: Comfy, drawing: Settings, item: MediaItem
) -> None:
    cards = make(item, drawing, engine="local", aspects=("1:1",))
    generated = make(item, drawing, aspects=("16:9",))
    film = generated.visuals[0].model_copy(update={"kind": "lyric_video", "engine": "local"})
    with session() as s:
        visuals.save(s, cards)
        visuals.save(s, Visuals(item_id=ITEM, visuals=(film,)))
        visuals.save(s, generated)
    with session() as s:
        rows = visuals.of_item(s, ITEM)
        assert [(row.kind, row.aspect) for row in rows] == [
            ("generated", "16:9"), ("lyric_video", "16:9"),
        ]  # fmt: skip
        assert rows[0].path.startswith("items/ab/")
        assert visuals.path_of(s, rows[0]) == generated.visuals[0].path
        since = rows[0].made_at
        told = document(s, ITEM)["visuals"][0]
    assert (told["is_there"], told["seed"]) == (True, str(generated.visuals[0].seed))
    with session() as s:
        visuals.save(s, generated)  # recalled
        assert visuals.of_item(s, ITEM)[0].made_at == since


def png(picture: Image.Image, **more: object) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG", **more)
    return content.getvalue()


NOISE = Image.effect_noise((160, 90), 90)


def test_what_is_kept_of_a_picture_is_nothing_but_the_picture(tmp_path: Path) -> None:
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("prompt", "the whole graph")
    picture, warnings = downloaded_image.checked(
        png(NOISE.convert("RGBA"), pnginfo=hidden), (160, 90)
    )
    downloaded_image.save(picture, tmp_path / "kept.png")
    assert warnings == ()
    with Image.open(tmp_path / "kept.png") as kept:
        assert (kept.mode, kept.size, kept.info) == ("RGB", (160, 90), {})


def test_a_picture_of_another_shape_is_cut_and_one_of_one_colour_is_told() -> None:
    picture, warnings = downloaded_image.checked(png(NOISE), (90, 160))
    assert picture.size == (51, 90)
    assert "cut to 51×90" in warnings[0]
    black, warnings = downloaded_image.checked(png(Image.new("RGB", (80, 45))), (160, 90))
    assert black.size == (80, 45)
    assert "it is of one colour" in warnings[1]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no picture"),
        (b"<html>log in</html>", "is no picture"),
        (png(NOISE)[:2000], "is damaged"),
        (b"GIF89a" + bytes(64), "is no picture"),
        (png(Image.new("1", (20_000, 20_000))), "20000×20000 pixels|is damaged"),
        (png(Image.new("1", (1, 900))), "1×900 pixels"),
    ],
    ids=["nothing", "page", "half", "gif", "huge", "narrow"],
)
def test_what_is_no_picture_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(PermanentError, match=told):
        downloaded_image.checked(content, (160, 90))
