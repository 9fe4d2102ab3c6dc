"""What simulated people post: several scripts, long and short, and the characters that break careless readers."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)

_SENTENCES = (
    "Het water staat vandaag hoger dan gisteren, de sluis bij Eefde blijft tot zes uur dicht.",
    "Wer gestern Abend am Wehr war, hat die neue Fischtreppe im Betrieb gesehen, großartig!",
    "Opening hours change next week: doors at 9, last entry 16:30, dogs welcome on a leash.",
    "Merci à toutes et à tous pour cette soirée inoubliable, à très bientôt au théâtre.",
    "新しい水車小屋のカフェは土曜日に開店します。ご来店をお待ちしております。",
    "شكرًا لكم على الدعم، نراكم في السوق يوم الجمعة.",
    'The miller says "flour first, talk later" and the queue reaches C:\\mill\\gate already.',
    "Дякуємо всім, хто допоміг прибрати берег річки після повені.",  # noqa: RUF001  # Cyrillic is meant
    "Who lost a grey umbrella at stop 14? It is with the driver of line 3.",
    "Nog drie plekken vrij voor de workshop broodbakken van zaterdag 🍞👩🏽‍🍳",
    "Die Prüfung der Turbine dauert bis Freitag; der Strom kommt so lange aus dem Netz.",
    "We measured 412 litres a second at the headrace, a record for this month.",
    "Ça y est : le pont est rouvert, la déviation est supprimée dès ce soir.",
    "Vandaag gratis koffie voor wie een zakje oud brood voor de eenden thuislaat.",
    "Please read the pinned post before asking about parking ☂️: the answer is yes.",
    "Ein Foto sagt mehr: links vor dem Umbau, rechts danach. Was fällt euch auf?",
)
_BREAKS = (" ", "\n", "\u2028", " ", "\n\n", " ", "\u0085", "\t")
_TAGS = ("#water", "#molen", "#Mühle", "#水車", "#weekend", "#brood", "#river", "#énergie")
_KINDS = ("Post", "Photo", "Video", "Reel")


def _content(dice: Random, line_bytes: int) -> str:
    words = [dice.choice(_SENTENCES)]
    for _ in range(dice.randint(0, 4)):
        words += [dice.choice(_BREAKS), dice.choice(_SENTENCES), f" ({dice.randrange(10**9):x})"]
    while sum(map(len, words)) < line_bytes:
        words += [dice.choice(_BREAKS), dice.choice(_SENTENCES), f" {dice.getrandbits(96):x}"]
    return "".join(words)


def post(seed: str, variant: int, line_bytes: int) -> dict[str, Any]:
    """The fields of a post that do not depend on its page or number; same arguments, same post.

    ``line_bytes`` is how long the content shall be at least, in characters.
    """
    dice = Random(f"{seed}/{variant}")  # noqa: S311  # reproducible data, no secret
    photos = [f"https://media.example/photos/{dice.getrandbits(64):016x}.jpg" for _ in range(dice.randint(0, 3))]
    video = [f"https://media.example/videos/{dice.getrandbits(64):016x}.mp4"] if dice.random() < 1 / 4 else []
    return {
        "content": _content(dice, line_bytes),
        "date_posted": (FIRST_DAY - timedelta(minutes=dice.randrange(500_000))).isoformat().replace("+00:00", ".000Z"),
        "likes": dice.randrange(50_000),
        "num_comments": dice.randrange(2_000),
        "num_shares": dice.choice((None, dice.randrange(900))),
        "hashtags": dice.sample(_TAGS, dice.randint(0, 3)) or None,
        "post_type": dice.choice(_KINDS),
        "photos": photos or None,
        "video": video or None,
    }


def stamp(seed: str) -> str:
    """When the records were collected, as they say: follows from the seed, so that bytes can be repeated."""
    minutes = int(seed[:8], 16) % 300_000
    return (FIRST_DAY + timedelta(minutes=minutes)).isoformat().replace("+00:00", ".000Z")
