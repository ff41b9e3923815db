"""From which similarity on a passage answers a question, and how often that is wrong.

python -m benchmarks.search_floor           error rates at several floors, on two small libraries
python -m benchmarks.search_floor --write   makes utils/search/centre.json anew, from the texts here

The floor was chosen on the first library and the questions for it, and is checked on the second.
No text of one occurs in another, nor among those of which the centre is made.
"""

from __future__ import annotations

import json
import sys
from typing import NamedTuple

import numpy as np

from utils.search import centre, embedder
from utils.search.embedder import Embedder, Vector

# What people say and ask, of all kinds: their means are what any two texts have in common.
PASSAGES = (
    "The meeting begins at nine in the morning.",
    "Chop the garlic and fry it in butter.",
    "The village was flooded after three days of storm.",
    "She plays the violin in a small orchestra.",
    "Turn left after the bridge.",
    "The company sold more cars than last year.",
    "A child builds a castle of sand.",
    "The patient was given antibiotics.",
    "Install the update and restart the computer.",
    "The team lost the final by one goal.",
    "Stars are born in clouds of gas.",
    "He wrote a letter to his sister.",
    "And then I told him that we would not come, and he just laughed.",
    "Der Zug nach Berlin hat Verspätung.",
    "Die Katze schläft auf dem Sofa.",
    "Wir pflanzen im Frühling Kartoffeln.",
    "Das Parlament stimmt über das Gesetz ab.",
    "Le marché ouvre tôt le matin.",
    "Il répare son vélo dans la cour.",
    "El médico habla con los padres.",
    "La película empieza a las ocho.",
    "Поезд прибыл на станцию.",
    "Мы пьём чай на кухне.",
    "今天天气很好，我们去公园。",
    "彼は図書館で本を読んでいる。",
    "ក្មេងៗលេងបាល់នៅក្នុងសួន។",
    "ទីផ្សារបើកនៅពេលព្រឹក។",
    "school, teacher, lesson, pupil",
    "mountain, snow, hut, path",
    "Garten, Blumen, Sommer",
    "IMG_4711",
    "MVI_0032",
    "VID_20240711_183000",
    "interview part 2",
    "birthday party",
    "track 07",
)
QUESTIONS = (
    "how to cook rice",
    "train to Berlin",
    "birthday party",
    "garden flowers",
    "football",
    "Arzt",
    "école",
    "музыка",
    "天气",
    "ទីផ្សារ",
    "computer update",
    "letter from my sister",
    "stars",
    "interview",
    "snow in the mountains",
    "who bought the car",
    "Hochzeit",
    "cumpleaños",
    "blorp zzzt",
    "yuiop ghjkl",
    "mxlq",
    "55512",
    "grund fleeb nork",
    "oiuytr",
)


class Library(NamedTuple):
    """Items, each with its passages; questions that some of them answer; and those that none does.

    ``nonsense`` means nothing in any language, ``absent`` means something that is not there.
    """

    items: dict[str, tuple[str, ...]]
    questions: dict[str, str]
    nonsense: tuple[str, ...]
    absent: tuple[str, ...]


# The samples as whisper heard them, and what people keep besides.
FIRST = Library(
    items={
        "shift": (
            "the night shift · The night shift begins at 10. Every recording in the library is "
            "listened to, judge and compressed. In the morning there is one report.",
            "night, shift, record, library, listen, judge, compress, morning, report",
            "The night shift begins at 10. Every recording in the library is listened to, judge "
            "and compressed. In the morning there is one report.",
        ),
        "light": (
            "lighthouse · The lighthouse keeper climbs the stairs every evening. He lights the "
            "lamp before the fishing boat comes home.",
            "lighthouse, keeper, climb, stair, evening, light, lamp, fishing, boat",
            "The lighthouse keeper climbs the stairs every evening. He lights the lamp before "
            "the fishing boat comes home.",
        ),
        "port": (
            "Hafen am Abend · Das Schiff errest den Hafen am Abend. Die Fischer kommen mit dem "
            "Nordwind zurück. Am Morgen reisen wir den Bericht.",
            "schiffen, errest, hafen, abend, fischer, nordwind, reisen, berichten",
            "Das Schiff errest den Hafen am Abend. Die Fischer kommen mit dem Nordwind zurück. "
            "Am Morgen reisen wir den Bericht.",
        ),
        "coast": ("coast",),
        "song": ("evening song",),
        "soup": (
            "Tomato soup · A recipe.",
            "tomato, soup",
            "Chop the onions. Serve it with bread.",
        ),
        "rain": ("ភ្លៀង · ភ្លៀងធ្លាក់លើទន្លេ", "ភ្លៀង, ទន្លេ", "ថ្ងៃនេះមានភ្លៀងធ្លាក់ខ្លាំង"),
        "budget": (
            "Budget · Next year's costs.",
            "budget, costs",
            "Cut the travel costs by ten percent.",
        ),
        "camera": ("DSC_20391",),
        "action": ("GX010045",),
    },
    questions={
        "lamp on the stairs": "light",
        "a ship leaves the harbour": "port",
        "fishermen come home": "port light",
        "Leuchtturm": "light",
        "who lights the lamp in the evening": "light",
        "phare gardien escalier": "light",
        "sailors and north wind": "port",
        "port at dusk": "port",
        "bateau au port le soir": "port light",
        "barco en el puerto": "port",
        "работа ночью": "shift",
        "working at night": "shift",
        "compressing recordings": "shift",
        "Nachtschicht": "shift",
        "morning report": "shift port",
        "灯台守": "light",
        "夜班": "shift",
        "turno de noche": "shift",
        "sea shore": "coast port light",
        "Küste": "coast",
        "music for the evening": "song",
        "Lied": "song",
        "chanson du soir": "song",
        "faro": "light",
        "Zwiebeln schneiden": "soup",
        "heavy rain today": "rain",
        "cooking with tomatoes": "soup",
        "how much do we spend on travel": "budget",
        "Regen am Fluss": "rain",
        "កប៉ាល់នៅកំពង់ផែ": "port",
        "Reisekosten kürzen": "budget",
        "recette de soupe": "soup",
        "pluie": "rain",
        "weather": "rain",
        "boats": "light port",
        "ship": "port light",
        "finance": "budget",
        "quality of recordings is judged": "shift",
        "summary in the morning": "shift",
        "onion": "soup",
    },
    nonsense=(
        *("xqzzt blorf", "asdfghjkl", "qwertyuiop", "zzzzzz", "flibbertigibbet wug dax", "blorp"),
        *("kjhgfd wert", "aaaaaaa", "1234567890", "!!!???", "lorem ipsum dolor sit amet"),
        *("foo bar baz", "hjkl hjkl hjkl", "wqeoiu zmxncb", "snorfle grumptious quibbledown"),
        *("ʘ‿ʘ", "🎉", "brillig slithy toves", "xyzzy", "ûþßðñ", "пцукенг йцфыв"),
        *("あうえおかきくけ", "กขฃคฅฆ", "កខគឃង", "dkfjghsldkfjhg", "trlm pnft", "vlakshtenbrug"),
        *("asdf qwer zxcv", "0xdeadbeef", "glorptastic fnord"),
    ),
    absent=(
        *("quantum chromodynamics", "wedding speech of my uncle", "kubernetes ingress controller"),
        *("football world cup final", "giraffe", "how to fix a bicycle chain", "dinosaur fossils"),
        *("chess opening theory", "volcano eruption", "knitting a sweater", "Photosynthese"),
        *("Zahnarzttermin", "guitar tutorial", "basketball", "Quantenmechanik", "carburetor"),
        *("yoga class", "SQL injection", "moon landing", "penguin", "hair salon"),
        *("Formel 1 Rennen", "mathématiques", "dentist appointment", "programming in Rust"),
        *("cat plays with yarn", "elections parlementaires", "surgery on a knee", "zebra"),
        "la guerra civil",
    ),
)
SECOND = Library(
    items={
        "bees": (
            "Beekeeping in spring · How to open a hive after the winter and look for the queen.",
            "bee, hive, queen, honey, frame, spring",
            "Use the smoker gently, then lift the first frame. If you see eggs, the queen is well.",
        ),
        "bike": (
            "Radtour an der Elbe · Wir fahren drei Tage mit dem Rad von Dresden nach Magdeburg.",
            "rad, elbe, dresden, zelt, reifen",
            "Am zweiten Tag ist uns ein Reifen geplatzt, mitten im Wald.",
        ),
        "astro": (
            "lecture 04 · Why the light of distant galaxies is shifted to the red.",
            "galaxy, redshift, light, universe, expansion",
            "Hubble found that the farther a galaxy is, the faster it moves away from us.",
        ),
        "grandma": (
            "Mamie raconte · Une grand-mère parle de son enfance à la ferme pendant la guerre.",
            "enfance, ferme, guerre, vaches, école",
            "On se levait à cinq heures pour traire les vaches avant d'aller à l'école.",
        ),
        "market": (
            "ផ្សារថ្មី · អ្នកលក់បន្លែនិយាយអំពីតម្លៃ",
            "ផ្សារ, បន្លែ, តម្លៃ",
            "ត្រីថ្លៃជាងមុន តែបន្លែនៅថោកដដែល។",
        ),
        "code": (
            "standup 2024-03-11 · The team talks about a bug in the login page and the release.",
            "login, bug, release, test, deploy",
            "The password reset mail is sent twice, so we can't release before Thursday.",
        ),
        "dog": ("dog at the lake",),
        "church": ("Kirche innen",),
        "photo": ("IMG_20230514_101530",),
        "train": (
            "Steam train · An old locomotive arrives at the station and people wave.",
            "train, locomotive, station, steam",
        ),
    },
    questions={
        "finding the queen in a beehive": "bees",
        "honey": "bees",
        "Bienen": "bees",
        "apiculture": "bees",
        "how to use a smoker": "bees",
        "cycling along a river": "bike",
        "flat tyre in the forest": "bike",
        "vélo": "bike",
        "Fahrradreise": "bike",
        "camping with bicycles": "bike",
        "expansion of the universe": "astro",
        "Galaxien": "astro",
        "astronomy lecture": "astro",
        "why are galaxies red": "astro",
        "космос": "astro",
        "milking cows before school": "grandma",
        "Kindheit auf dem Bauernhof": "grandma",
        "childhood in the war": "grandma",
        "souvenirs de ma grand-mère": "grandma",
        "farm": "grandma",
        "price of fish": "market",
        "vegetable seller": "market",
        "តម្លៃត្រី": "market",
        "Gemüsemarkt": "market",
        "marché aux légumes": "market",
        "password reset mail": "code",
        "software release is delayed": "code",
        "Fehler beim Anmelden": "code",
        "team meeting about a bug": "code",
        "authentication": "code",
        "puppy swimming": "dog",
        "Hund am See": "dog",
        "perro": "dog",
        "inside a church": "church",
        "cathedral": "church",
        "église": "church",
        "Dampflok": "train",
        "old railway": "train",
        "蒸汽火车": "train",
        "people wave at the platform": "train",
    },
    nonsense=(
        *("wibble wobble snark", "poiuytrewq", "mnbvcxz", "qqqq", "jabberwock gyre", "fhqwhgads"),
        *("sdkfj sldkfj", "ooooooo", "9876543210", "???", "dolor consectetur elit"),
        "spam eggs xyz",
        *("lkj lkj", "vbnm tyui", "crumbobulous zint", "¯", "🦄", "mimsy borogoves", "plugh"),
        *("ñøßæþ", "фывапр олдж", "さしすせそたち", "งจฉชซ", "ចឆជឈញ", "gfdsahjklpoi", "brx dlpt"),
        *("knörgelflump", "uiop vcxz", "0xcafebabe", "frobnicate quux"),
    ),
    absent=(
        *("income tax declaration", "violin concerto", "tropical cyclone", "heart transplant"),
        *("pizza dough", "ice hockey", "Pyramiden von Gizeh", "Steuererklärung", "sailing regatta"),
        *("wine tasting", "origami", "spider", "Mozart opera", "nuclear power plant", "tattoo"),
        *("wrestling", "Vulkan", "parliament debate", "skateboard tricks", "perfume", "submarine"),
        *("economía mundial", "ballet", "karate", "crocodile", "supermarket robbery", "haiku"),
        *("glacier", "Bitcoin mining", "makeup tips"),
    ),
)


class Rates(NamedTuple):
    """Shares of questions at a floor, 0–1.

    ``missed``: the right item is below it; ``nonsense`` and ``absent``: something is above it.
    """

    missed: float
    nonsense: float
    absent: float


def rates(best: dict[str, dict[str, float]], library: Library, floor: float) -> Rates:
    """What a floor does; ``best`` holds for each question the similarity of each item."""

    def found(questions: tuple[str, ...]) -> float:
        return sum(max(best[q].values()) >= floor for q in questions) / len(questions)

    right = [
        max(best[question][name] for name in wanted.split()) >= floor
        for question, wanted in library.questions.items()
    ]
    return Rates(1 - sum(right) / len(right), found(library.nonsense), found(library.absent))


def similarities(
    library: Library, model: Embedder, middle: centre.Centre | None
) -> dict[str, dict[str, float]]:
    """For each question of a library the similarity of each item, that of its best passage."""
    made = {name: model.passages(texts) for name, texts in library.items.items()}
    found = {}
    for question in (*library.questions, *library.nonsense, *library.absent):
        vector = model.query(question)
        found[question] = {name: max(_compared(vector, m, middle)) for name, m in made.items()}
    return found


def _compared(query: Vector, made: list[Vector], middle: centre.Centre | None) -> list[float]:
    if middle:
        return middle.similarities(query, made)
    return [float(np.dot(query, one)) for one in made]  # the model's vectors have length 1


def first_right(best: dict[str, dict[str, float]], library: Library) -> float:
    """The share of questions whose nearest item is a right one."""
    hits = [
        max(best[q], key=lambda name: best[q][name]) in wanted.split()
        for q, wanted in library.questions.items()
    ]
    return sum(hits) / len(hits)


def write(model: Embedder) -> None:
    """Make the file of the centre."""
    means = {
        "model": model.name,
        "passages": np.mean(model.passages(PASSAGES), axis=0).round(5).tolist(),
        "queries": np.mean([model.query(one) for one in QUESTIONS], axis=0).round(5).tolist(),
    }
    centre.FILE.write_text(json.dumps(means) + "\n")


def main() -> None:
    model = embedder.load()
    if "--write" in sys.argv:
        write(model)
    for name, library in (("first", FIRST), ("second", SECOND)):
        for what, middle in (("raw", None), ("centred", centre.load())):
            best = similarities(library, model, middle)
            print(f"{name} library, {what}: nearest item right {first_right(best, library):.0%}")
            floors = np.arange(0.10, 0.24, 0.01) if middle else np.arange(0.80, 0.86, 0.005)
            for floor in floors:
                missed, nonsense, absent = rates(best, library, float(floor))
                print(f"  floor {floor:.3f}: right item below it {missed:.0%}, found for "
                      f"nonsense {nonsense:.0%}, for what is absent {absent:.0%}")  # fmt: skip


if __name__ == "__main__":
    main()
