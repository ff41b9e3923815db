"""Tags in another encoding than they are marked with, by bytes as programs wrote them."""

import pytest

from utils.metadata import encodings


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [("Чёрный ворон", "cp1251", "windows-1251"), ("МОСКВА", "cp1251", "windows-1251"),
     ("Кино", "cp1251", "windows-1251"), ("Земфира - Хочешь?", "cp1251", "windows-1251"),
     ("Ария (live) 1999", "cp1251", "windows-1251"), ("Чёрный ворон", "koi8-r", "KOI8-R"),
     ("夜明けの海", "cp932", "Shift-JIS"), ("宇多田ヒカル", "cp932", "Shift-JIS"),
     ("椎名林檎", "cp932", "Shift-JIS"), ("さくらさくら", "euc_jp", "EUC-JP"),
     ("月亮代表我的心", "gbk", "GBK"), ("邓丽君", "gbk", "GBK"), ("鄧麗君", "big5", "Big5"),
     ("서태지와 아이들", "cp949", "EUC-KR"), ("사랑", "cp949", "EUC-KR"),
     ("Μίκης Θεοδωράκης", "cp1253", "windows-1253"), ("Чёрный ворон", "utf-8", "UTF-8"),
     ("Café Müller", "utf-8", "UTF-8"), ("夜明けの海", "utf-8", "UTF-8")],
)  # fmt: skip
@pytest.mark.parametrize("shown_as", ["latin-1", "cp1252"])
def test_words_come_back_out_of_mojibake(text: str, codec: str, name: str, shown_as: str) -> None:
    shown = "".join(
        bytes([byte]).decode(shown_as, errors="replace").replace("�", chr(byte))
        for byte in text.encode(codec)
    )
    assert encodings.repaired(shown) == (text, name)


@pytest.mark.parametrize(
    "text",
    ["Café Müller", "été", "Ça ira", "À la claire fontaine", "Motörhead", "Queensrÿche",
     "Ágætis byrjun", "Æon Flux", "Ibañez & Peña", "ÉTÉ", "ÆØÅ", "ÄÖÜ", "Œuvre – “live”", "½ + ¼",
     "5 × 5", "Père Noël’s", "«été»", "¿Qué?", "£5–£10", "™®", "…", "Þórður", "plain", "",
     "Чёрный ворон", "夜明けの海", "Łódź", "Dvořák", "שלום"],
)  # fmt: skip
def test_what_may_be_meant_stays(text: str) -> None:
    assert encodings.repaired(text) == (text, None)


def test_only_texts_are_read_again_and_each_guess_is_told() -> None:
    guesses: dict[str, str] = {}
    shown = "Чёрный ворон".encode("cp1251").decode("latin-1")
    mended = encodings.all_repaired({"tags": [shown, 5, None], "title": "Café"}, guesses)
    assert mended == {"tags": ["Чёрный ворон", 5, None], "title": "Café"}
    assert guesses == {"Чёрный ворон": "windows-1251"}


def test_short_words_are_read_as_the_longer_ones_beside_them() -> None:
    texts = ["Чёрный ворон", "ДДТ", "Би-2", "Café"]
    shown = [t.encode("cp1251" if t[0] > "z" else "cp1252").decode("latin-1") for t in texts]
    assert encodings.all_repaired(shown, {}) == texts
    assert encodings.all_repaired(shown[1:], {}) == shown[1:]
