"""Keyboard layouts: which key a letter lies on, so that a person need not change his layout.

A layout is what its keys write, in the order of `KEYS`; a blank stands for a key that writes
nothing of its own. The tables are those of XKB.
"""

# ruff: noqa: RUF001 (letters that look alike are what this is about)

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS: Final = "`1234567890-=qwertyuiop[]asdfghjkl;'\\zxcvbnm,./"
"""What the same keys write on the layout that the registry of actions is written in."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the keys of one layout write."""

    name: str
    languages: tuple[str, ...]
    """Codes of ISO 639-1."""
    written: str
    has_latin: bool = False
    """It has the letters of the registry where it wants them, and only the rest is elsewhere."""

    def key_at(self, character: str) -> str:
        """The key that ``character`` lies on, "" for none."""
        place = self.written.find(character) if character.strip() else -1
        return KEYS[place] if place >= 0 else ""


LAYOUTS: Final[tuple[Layout, ...]] = (
    Layout("Russian", ("ru",), r"ё1234567890-=йцукенгшщзхъфывапролджэ\ячсмитьбю."),
    Layout("Ukrainian", ("uk",), "'1234567890-=йцукенгшщзхїфівапролджєґячсмитьбю."),
    Layout("Belarusian", ("be",), r"ё1234567890-=йцукенгшўзх'фывапролджэ\ячсмітьбю."),
    Layout("Serbian", ("sr",), "`1234567890'+љњертзуиопшђасдфгхјклчћжжџцвбнм,.-"),
    Layout("Macedonian", ("mk",), " 1234567890-=љњертѕуиопшѓасдфгхјклчќжзџцвбнм,./"),
    Layout("Bulgarian", ("bg",), "(1234567890-.,уеишщксдзц;ьяаожгтнвмч„юйъэфхпрлб"),
    Layout("Kazakh", ("kk",), r"""("әіңғ,.үұқөһйцукенгшщзхъфывапролджэ\ячсмитьбю№"""),
    Layout("Mongolian", ("mn",), "=1234567890ещфцужэнгшүзкъйыбөахролдп!ячёсмитьвю"),
    Layout("Greek", ("el",), r"`1234567890-=;ςερτυθιοπ[]ασδφγηξκλ '\ζχψωβνμ,./"),
    Layout("Hebrew", ("he", "iw", "yi"), r";1234567890-=/'קראטוןםפ][שדגכעיחלךף,\זסבהנמצתץ."),
    Layout("Arabic", ("ar",), r"ذ1234567890-=ضصثقفغعهخحجدشسيبلاتنمكط\ئءؤرﻻىةوزظ"),
    Layout("Persian", ("fa",), r" 1234567890-=ضصثقفغعهخحجچشسیبلاتنمکگ\ظطزرذدپو./"),
    Layout("Urdu", ("ur",), r"ً1234567890-=قوعرتےءیہپ][اسدفگحجکل؛'\زشچطبنم،۔/"),
    Layout("Georgian", ("ka",), r"„1234567890-=ქწერტყუიოპ[]ასდფგჰჯკლ;'\ზხცვბნმ,./"),
    Layout("Armenian", ("hy",), "՝ֆձ֊,։՞․՛)օէղճփբսմուկըթծցջվգեանիտհպր»ժդչյզլքխշռ"),
    Layout("Thai", ("th",), "_ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฟหกดเ้่าสวงฃผปแอิืทมใฝ"),
    Layout("Hindi", ("hi", "mr", "ne"), "ॊ1234567890-ृौैाीूबहगदजड़ोे्िुपरकतचटॉॆंमनवलस,.य"),
    Layout(
        "Korean", ("ko",),
        r"`1234567890-=ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ[]ㅁㄴㅇㄹㅎㅗㅓㅏㅣ;'\ㅋㅌㅊㅍㅠㅜㅡ,./",
    ),
    Layout("French", ("fr",), "²&é\"'(-è_çà)=azertyuiop^$qsdfghjklmù*wxcvbn,;:!", True),
    Layout("German", ("de",), "^1234567890ß´qwertzuiopü+asdfghjklöä#yxcvbnm,.-", True),
    Layout("Czech", ("cs",), ";+ěščřžýáíé= qwertzuiopú)asdfghjklů§ yxcvbnm,.-", True),
    Layout("Slovak", ("sk",), ";+ľščťžýáíé= qwertzuiopúäasdfghjklô§ňyxcvbnm,.-", True),
    Layout("Hungarian", ("hu",), "0123456789öüóqwertzuiopőúasdfghjkléáűyxcvbnm,.-", True),
    Layout("Turkish", ("tr",), '"1234567890*-qwertyuıopğüasdfghjklşi,zxcvbnmöç.', True),
    Layout("Swedish", ("sv", "fi"), "§1234567890+´qwertyuiopå¨asdfghjklöä'zxcvbnm,.-", True),
    Layout("Danish", ("da",), "½1234567890+´qwertyuiopå¨asdfghjklæø'zxcvbnm,.-", True),
    Layout(
        "Norwegian", ("no", "nb", "nn"),
        r"|1234567890+\qwertyuiopå¨asdfghjkløæ'zxcvbnm,.-", True,
    ),
    Layout("Italian", ("it",), r"\1234567890'ìqwertyuiopè+asdfghjklòàùzxcvbnm,.-", True),
    Layout("Slovene", ("sl", "hr", "bs"), "¸1234567890'+qwertzuiopšđasdfghjklčćžyxcvbnm,.-", True),
)  # fmt: skip


class LayoutReader:
    """Reads keys off what was typed; the layout in use is known from the letters before.

    Args:
        language: of the person, a code of ISO 639-1; of two layouts that have a letter its own
            is meant. "" when it is not known.
    """

    def __init__(self, language: str = "") -> None:
        self._layouts = layouts_for(language)
        self._in_use: Layout | None = None

    def key_of(self, character: str) -> str:
        """The key of the registry's layout; ``character`` itself where no layout has it."""
        plain = _plain(character)
        if plain.isascii():
            if plain.isalpha():
                self._in_use = None
            # A comma or a full stop is a letter's key only to who writes in such letters.
            return (self._in_use.key_at(plain) if self._in_use else "") or plain
        letter = plain.lower()
        if self._in_use is None or not self._in_use.key_at(letter):
            self._in_use = next((one for one in self._layouts if one.key_at(letter)), self._in_use)
        key = self._in_use.key_at(letter) if self._in_use else ""
        return (key if letter == plain else key.upper()) or character


def layouts_for(language: str) -> tuple[Layout, ...]:
    """The layouts that are looked at, the person's own first.

    A layout with the letters of the registry counts for those alone who write its language: what
    it has elsewhere, others have elsewhere still.
    """
    own = [layout for layout in LAYOUTS if language in layout.languages]
    others = [layout for layout in LAYOUTS if layout not in own and not layout.has_latin]
    return (*own, *others)


def letters_for(language: str) -> dict[str, str]:
    """Every letter that is not the registry's own, with its key."""
    letters: dict[str, str] = {}
    for layout in layouts_for(language):
        for letter, key in zip(layout.written, KEYS, strict=True):
            if not letter.isascii():
                letters.setdefault(letter, key)
    return letters


def language_of(environment: Mapping[str, str]) -> str:
    """The code of the language that a person's locale names, "" for none."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if locale := environment.get(name, ""):
            code = locale.partition(".")[0].partition("@")[0].partition("_")[0].lower()
            return code if code.isalpha() and len(code) <= _LONGEST_CODE else ""
    return ""


_LONGEST_CODE: Final = 3


def _plain(character: str) -> str:
    """Wide letters and the digits of any script as ASCII has them."""
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 and folded.isascii() else character
