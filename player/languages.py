"""Language tags: one short tag for each of the ways in which a track or a file names a language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODES: Final = """
af:afr ar:ara az:aze be:bel bg:bul bn:ben bs:bos ca:cat cs:ces,cze cy:cym,wel da:dan de:deu,ger
el:ell,gre en:eng eo:epo es:spa et:est eu:eus,baq fa:fas,per fi:fin fil:tgl,tl fr:fra,fre ga:gle
gl:glg gu:guj he:heb,iw hi:hin hr:hrv hu:hun hy:hye,arm id:ind,in is:isl,ice it:ita ja:jpn
ka:kat,geo kk:kaz km:khm kn:kan ko:kor la:lat lt:lit lv:lav mk:mkd,mac ml:mal mn:mon mr:mar
ms:msa,may my:mya,bur ne:nep nl:nld,dut no:nor,nb,nob,nn,nno pa:pan pl:pol pt:por,pob ro:ron,rum
ru:rus si:sin sk:slk,slo sl:slv sq:sqi,alb sr:srp,scc sv:swe sw:swa ta:tam te:tel th:tha tr:tur
uk:ukr ur:urd uz:uzb vi:vie zh:zho,chi,cmn,yue
"""
_NAMES: Final = """
arabic:ar bulgarian:bg catalan:ca chinese:zh mandarin:zh cantonese:zh croatian:hr czech:cs danish:da
dutch:nl english:en estonian:et finnish:fi french:fr francais:fr german:de deutsch:de greek:el
hebrew:he hindi:hi hungarian:hu icelandic:is indonesian:id italian:it italiano:it japanese:ja
korean:ko latvian:lv lithuanian:lt malay:ms norwegian:no persian:fa polish:pl portuguese:pt
brazilian:pt romanian:ro russian:ru serbian:sr slovak:sk slovenian:sl spanish:es espanol:es
castilian:es swedish:sv thai:th turkish:tr ukrainian:uk vietnamese:vi
"""
_WRITTEN: Final = re.compile(r"([a-z]{2,3})([-_][a-z0-9]{2,8})*")


def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for entry in _CODES.split():
        tag, _, others = entry.partition(":")
        table |= dict.fromkeys((tag, *others.split(",")), tag)
    for entry in _NAMES.split():
        name, _, tag = entry.partition(":")
        table[name] = tag
    return table


_TAGS: Final = _table()


def language_tag(text: str) -> str:
    """The short tag of a language, its country left out; "" where none is named.

    ``de``, ``ger``, ``deu``, ``de-AT`` and ``German`` are all ``de``. A code that is not in the
    table stands for itself.
    """
    plain = text.strip().lower()
    if plain in ("", "und", "mul", "zxx", "mis"):
        return ""
    if plain in _TAGS:
        return _TAGS[plain]
    written = _WRITTEN.fullmatch(plain)
    return _TAGS.get(written[1], written[1]) if written else ""


def is_language(text: str) -> bool:
    """Whether a part of a name is a language that is known, and no other word."""
    plain = text.strip().lower()
    if plain in _TAGS:
        return True
    written = _WRITTEN.fullmatch(plain)
    return written is not None and plain != written[1] and written[1] in _TAGS


def spellings(tag: str) -> tuple[str, ...]:
    """Every code under which a track may carry the language of ``tag``, the tag itself first."""
    return (tag, *(code for code, known in _TAGS.items() if known == tag and code != tag))


def spoken_languages(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The languages of a system's user, best first, English at the end."""
    own = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    codes = (value.partition(".")[0].partition("@")[0] for value in own)
    spoken = (language_tag(code) for code in codes if is_language(code))
    return tuple(dict.fromkeys((*spoken, "en")))


def language_list(text: str) -> tuple[str, ...]:
    """The tags of ``de,en``, in their order, each once."""
    tags = (language_tag(part) for part in text.replace(" ", ",").split(","))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
