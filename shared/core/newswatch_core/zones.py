"""Which lines of a text are not its story: datelines, credits, and links to other stories."""

import re
from collections.abc import Iterator, Sequence

from newswatch_core.events import Zone

_I = re.IGNORECASE


def _either(lines: str) -> str:
    """Alternatives written over several lines, as one pattern."""
    return "|".join(line.strip() for line in lines.strip().splitlines())


_AGENCY = _either(r"""
    AFP|AP|Reuters|TASS|ITAR-TASS|ТАСС|ИТАР-ТАСС|РИА\s?Новости|RIA(?:\sNovosti)?|Интерфакс|Interfax|Xinhua|Sputnik
    Спутник|EFE|dpa|DPA|ANSA|Anadolu|AA|APA|APANEWS|PANA|UPI|Bloomberg|Regnum|REGNUM|Prensa Latina|Lusa|Agencias
    Agenzia Nova|MENA|APS|MAP|WAM|SPA|AMAP|ANP|AIB|NAN|RFI|BBC|VOA|CNN|Euronews|رويترز|شينخوا|سبوتنيك|الأناضول
    أ\s?ف\s?ب|فرانس برس|د\s?ب\s?أ|وكالات|تاس|العربية|الجزيرة
""")
_MONTH = _either(r"""
    (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?|janvier|f[ée]vrier|mars|avril|mai|juin|juillet
    ao[ûu]t|septembre|octobre|novembre|d[ée]cembre|janv\.|f[ée]vr\.|ene(?:ro)?|febrero|marzo|abril|mayo|junio
    julio|agosto|septiembre|octubre|noviembre|diciembre|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro
    novembro|dezembro|januar|februar|märz|juni|juli|oktober|dezember|января|февраля|марта|апреля|мая|июня|июля
    августа|сентября|октября|ноября|декабря|يناير|فبراير|مارس|أبريل|ابريل|إبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر
    أكتوبر|نوفمبر|ديسمبر|abr|dic|ago|dez|out|set|янв|фев|мар|апр|июн|июл|авг|сен|сент|окт|ноя|нояб|дек
""")
_DAY = _either(r"""
    (?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|lundi|mardi|mercredi|jeudi|vendredi|samedi
    dimanche|lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado|domingo
""")
_NUMBER_DATE = rf"\d{{1,2}}(?:er|st|nd|rd|th|\.)?(?:\s+de)?\s+(?:{_MONTH})\b\.?|(?:{_MONTH})\s+\d{{1,2}}"
_DATE = rf"(?i:(?:(?:{_DAY}),?\s+)?(?:le\s+|el\s+|den\s+)?(?:{_NUMBER_DATE})(?:,?\s+(?:de\s+)?(?:19|20)\d\d)?)"
_UPPER = r"[^\W\d_a-zà-öø-ÿа-яё]"
_NAME = rf"{_UPPER}[\w'’.-]*(?:[ /]{_UPPER}[\w'’.-]*|[ ](?:de|du|des|la|sur|of|на)(?=[ ])){{0,4}}"
_CAPITALS = rf"{_UPPER}{{2,}}(?:[ '’/-]{_UPPER}+){{0,3}}"
_PLACE = rf"{_NAME}(?:,\s{_NAME}){{0,2}}"
_KNOWN = rf"(?:\((?:[^()\n]{{0,20}}\b(?:{_AGENCY})\b[^()\n]{{0,20}})\)|/\s?[^/\n]{{2,30}}/|(?:{_AGENCY})\b)"
_ANY = rf"(?:{_KNOWN}|\([A-Z][\w/ .-]{{1,25}}\))"
_DASH = r"\s*\.?\s?[-–—]{1,2}(?=\s)"
_END = rf"(?:{_DASH}|\s*[.:](?=\s))"
_OPENING = (
    r"(?:The|An?|In|On|At|After|As|When|L[ae’']s?|Une?|Des|Au|En|Dans|Après|El|L[ao]s|Der|Die|Das|O|Os|As|В|На|По)\b"
)
_DATED = re.compile(
    _either(rf"""
    {_PLACE},?\s+{_DATE},?\s*(?:[.,]|[-–—])?\s*{_ANY}{_END}?(?=\s)
    {_PLACE},?\s+{_DATE}(?:{_DASH}|\s*\.(?=\s))
    {_PLACE},?\s*(?:[-–—]\s*)?{_KNOWN}{_END}
    {_CAPITALS}(?:,\s{_NAME})?,?\s*(?:[-–—]\s*)?{_ANY}{_END}
    \(\s?(?:Agence\s\w+|{_AGENCY})\s?\)\s?[-–—]{{1,2}}(?=\s)
    """)
)
"""Datelines with a date or a source: MOSCOW, April 4 (TASS) - / Bamako, le 4 avril - / BAMAKO (Reuters) -"""
_UNDATED = re.compile(rf"{_CAPITALS}(?:,\s{_NAME})?{_DASH}|{_NAME}\s[–—-]\s(?={_OPENING})")
"""Datelines without: NIAMEY - / Niamey - The; only where the text begins."""
_LONGEST_DATELINE = 130

_RELATED_HEADS = _either(r"""
    read also|also read|read more|read next|see also|see more
    related(?: articles?| stories| news| topics| posts| content)?|more on this(?: story)?
    more (?:stories|news|from)|recommended(?: for you)?|you (?:may|might) also like|don['’]t miss|must read
    trending|most read|(?:à |a )?lire (?:aussi|également|plus|[àa] ce sujet)|(?:à |a )(?:lire|voir|écouter)
    lisez aussi|voir aussi|sur le même (?:sujet|thème)|dans la même rubrique
    articles? (?:liés?|similaires?|connexes?)|pour aller plus loin|читайте также|читать также|читайте ещё
    читать далее|смотрите также|по теме|материалы по теме|ещё по теме|еще по теме|другие новости|ранее по теме
    [إا]قر[أا](?:وا)? (?:أيض[اًا]*|ايض[اًا]*|المزيد|كذلك)|شاهد أيض[اًا]*|مواضيع (?:ذات صلة|متعلقة)|أخبار ذات صلة
    طالع أيض[اًا]*|le[ae] también|lee además|ver también|te puede interesar|más (?:noticias|información)
    noticias relacionadas|leia (?:também|mais)|veja também|saiba mais|notícias relacionadas|lesen sie auch
    mehr zum thema|siehe auch|auch interessant|das könnte sie auch interessieren|leggi anche
    czytaj (?:też|także|więcej)|ayrıca bak(?:ınız)?|延伸阅读|相关(?:新闻|阅读)
""")
_TAG_HEADS = _either(r"""
    tags?|keywords?|topics?|filed under|in this (?:article|story)|categories|mots[- ]cl[ée]s?|étiquettes?|sujets?
    теги|тэги|метки|ключевые слова|темы|etiquetas|temas|palabras clave|schlagw[öo]rter|schlagworte|themen
    الكلمات المفتاحية|وسوم|الوسوم|كلمات دلالية|标签
""")
_SIGN_UP = _either(r"""
    sign up|subscribe|join our|follow us|get (?:our|the) (?:\w+ ){0,3}newsletter|download our app|click here
    share this|inscrivez-vous|abonnez-vous|suivez-nous|rejoignez-nous|téléchargez|recevez
    подпи(?:шитесь|сывайтесь)|подписаться|присоединяйтесь|следите за|suscr[íi]bete|suscríbase|síguenos|únete
    assine|inscreva-se|siga-nos|abonnieren sie|folgen sie uns|jetzt abonnieren|اشتركوا?|تابعونا|تابعنا
    انضم(?:وا)? إلى|advertisement|newsletter
""")
_RELATED_LINE = re.compile(
    rf"[\W_]*(?:(?P<head>{_RELATED_HEADS}|{_TAG_HEADS})\s*(?:[:：|\]–—»>]|\s-\s|$)"
    rf"|(?:{_RELATED_HEADS})\b(?=[^.!?]{{0,160}}$)|(?:{_SIGN_UP})\b|(?:\#\w+[ ,]*){{2,}}$)",
    _I,
)
_RELATED_PLAIN = re.compile(
    r"[\W_]*(?:related|recommended|trending|more from|don['’]t miss|à voir|a voir|à lire|a lire|по теме)\b", _I
)
_RELATED_INSIDE = re.compile(rf"(?:(?<=[.!?…»”\"])\s+|[\[(]\s?)(?:{_RELATED_HEADS})\s?:[^\n]*", _I)

_CREDIT_HEADS = _either(r"""
    photos?(?:graph)?(?:\s?(?:by|d['’]archives?|credit))?|images?|picture|pictures by|credits?
    cr[ée]dits?(?:\s(?:photos?|images?))?|©|\(c\)|copyright|source|sources|author|authors|written by|editing by
    edited by|reporting by|additional reporting(?: by)?|writing by|compiled by|translated by|auteur|rédaction
    avec (?:afp|reuters|agences)|фото|источник|автор|текст|редактор|иллюстрация|снимок|foto(?:graf[íi]a)?s?|fuente
    autor|autora|fonte|quelle|bild|bildquelle|صورة|الصورة|تصوير|المصدر|مصدر|بقلم|تحرير
""")
_RIGHTS = _either(r"""
    ©|\(c\)\s|copyright\b|all rights reserved|tous droits réservés|все права защищены|todos los derechos reservados
    alle rechte vorbehalten|todos os direitos reservados|جميع الحقوق محفوظة
    \(?(?:reporting|editing|additional reporting|writing) by\b|(?:photo|image|picture) by\b
""")
_CREDIT_LINE = re.compile(
    rf"[\W_]*(?:(?:{_CREDIT_HEADS})\s*(?P<colon>[:：/|]|$)|{_RIGHTS}|\(?(?:(?:with|avec|con|mit|com)\s)?(?:{_AGENCY})\)?[\W_]*$)",
    _I,
)
_PICTURE = re.compile(r"[\W_]*(?:photo|image|picture|foto|фото|bild|صورة|الصورة)", _I)
_BYLINE = re.compile(
    rf"(?i:by|par|por|von|автор)\s{_NAME}(?:,?\s(?:and|et|y|und|и)\s{_NAME})?(?:[,|–—-]\s?[^.!?\n]{{0,60}})?$"
)
_CREDIT_TAIL = re.compile(
    _either(rf"""
    (?:(?<=[.!?…»”")])\s*|\s[|–—-]\s|\s?[(\[])(?:(?i:{_CREDIT_HEADS})\s?[:：/©]|©)\s?[^\n]{{1,90}}$
    \((?:{_AGENCY})(?:[ /][^()\n]{{0,40}})?\)$
    (?:[(/]|\s–\s)(?:Getty|Shutterstock)[^\n]{{0,60}}$
    """)
)
_MAY_HOLD_CREDIT = re.compile(r"[:：©/]|\)$|Getty|Shutterstock")
_OWNER = re.compile(r"©\s?(?:[A-Z][\w.]*(?:/[A-Z][\w.]*)*\s?){1,2}?(?:Photo|Images)?(?:/[\w. ]{1,30}?)?(?=\s)")
_RESERVED = re.compile(r"reserv|rights|droits|derechos|права|prohibit|permission", _I)
_CREDIT_WORDS = 12
_CAPTION_WORDS = 7
_LONGEST_CREDIT = 170
_LONGEST_BYLINE = 90
_LONGEST_RELATED = 400
_LONGEST_ITEM = 160
_MOST_ITEMS = 12
_LIST_ITEM = re.compile(r"\s*(?:[-–—•*‣▪●·>]|\d{1,2}[.)])\s")
_ENDED = re.compile(r"[.!?…۔؟。][\"'”»)\]]*\s*$")

Piece = tuple[int, int, Zone]


def pieces(text: str, paragraphs: Sequence[tuple[int, int]]) -> Iterator[list[Piece]]:
    """For each paragraph its parts in order: what is story has zone "body" (who calls decides what is lead)."""
    reader = _Reader(text)
    for start, end in paragraphs:
        yield reader.paragraph(start, end)


class _Reader:
    """Remembers from line to line whether a story has begun, and whether a list of links goes on."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._begun = False
        self._items_left = 0

    def paragraph(self, start: int, end: int) -> list[Piece]:
        found: list[Piece] = []
        first = start
        while start < end:
            stop = self._text.find("\n", start, end)
            stop = end if stop < 0 else stop
            for piece in self._line(start, stop, begins=start == first):
                if found and found[-1][2] == piece[2] == "body":
                    found[-1] = (found[-1][0], piece[1], "body")
                else:
                    found.append(piece)
            start = stop + 1
        return found

    def _line(self, start: int, end: int, *, begins: bool) -> list[Piece]:
        line = self._text[start:end]
        if self._is_related(line):
            return [(start, end, "related")]
        if _is_credit(line):
            owner = _OWNER.match(line)
            if owner is None or len(line.split()) < _CREDIT_WORDS or _RESERVED.search(line):
                return [(start, end, "credit")]
            # A feed that puts the picture's owner before the first sentence: only the owner is a credit.
            return [(start, start + owner.end(), "credit"), (start + owner.end(), end, "body")]
        found: list[Piece] = []
        opening = line[:_LONGEST_DATELINE]
        dateline = (_DATED.match(opening) if begins else None) or (None if self._begun else _UNDATED.match(opening))
        self._begun = True
        if dateline:
            found.append((start, start + dateline.end(), "dateline"))
            start += dateline.end()
        inside = _RELATED_INSIDE.search(self._text, start, end) if ":" in line else None
        if inside:
            close = {"[": "]", "(": ")"}.get(inside[0][0])
            stop = self._text.find(close, inside.start(), end) + 1 if close else 0
            stop = stop or end
            rest: list[Piece] = [(stop, end, "body")] if stop < end else []
            return [*found, (start, inside.start(), "body"), (inside.start(), stop, "related"), *rest]
        near_end = self._text[max(start, end - 130) : end]
        tail = None
        if _MAY_HOLD_CREDIT.search(near_end):
            tail = _CREDIT_TAIL.search(self._text, max(start, end - 130), end)
        if tail and tail.start() > start:
            return [*found, (start, tail.start(), "body"), (tail.start(), end, "credit")]
        return [*found, (start, end, "body")]

    def _is_related(self, line: str) -> bool:
        match = _RELATED_LINE.match(line) if len(line) <= _LONGEST_RELATED else None
        if match and (match["head"] or not _RELATED_PLAIN.match(line)):
            alone = match["head"] is not None and not line[match.end() :].strip()
            self._items_left = _MOST_ITEMS if alone else 0
            return True
        if self._items_left and line.strip():
            self._items_left -= 1
            short = len(line) <= _LONGEST_ITEM and not _ENDED.search(line)
            if short or (_LIST_ITEM.match(line) and len(line) <= _LONGEST_ITEM):
                return True
            self._items_left = 0
        return False


def _is_credit(line: str) -> bool:
    if len(line) > _LONGEST_CREDIT:
        return False
    match = _CREDIT_LINE.match(line)
    if match is None:
        return bool(len(line) <= _LONGEST_BYLINE and _BYLINE.match(line))
    return not (match["colon"] and _PICTURE.match(line) and _is_description(line[match.end() :]))


def _is_description(rest: str) -> bool:
    """Does a sentence follow "Photo:"? It tells what the picture shows; a credit is a name or two."""
    return bool(_ENDED.search(rest)) and len(rest.split()) >= _CAPTION_WORDS
