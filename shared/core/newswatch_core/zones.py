"""Which lines of a text are not its story: datelines, credits, and links to other stories."""

import re
from collections.abc import Iterable, Iterator

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
_OWNER = re.compile(r"©\s?(?:[A-Z][\w.]*(?:/[A-Z][\w.]*)*\s?){1,2}?(?:Photo|Images)?(?:/[\w. ]{1,30}?)?(?=\s)")
_RESERVED = re.compile(r"reserv|rights|droits|derechos|права|prohibit|permission", _I)
_CREDIT_WORDS = 12
_CAPTION_WORDS = 7
_LONGEST_CREDIT = 170
_LONGEST_BYLINE = 90
_LONGEST_TAIL = 130
_LONGEST_RELATED = 400
_LONGEST_ITEM = 160
_MOST_ITEMS = 12
_LIST_ITEM = re.compile(r"\s*(?:[-–—•*‣▪●·>]|\d{1,2}[.)])\s")
_ENDED = re.compile(r"[.!?…۔؟。][\"'”»)\]]*\s*$")

Piece = tuple[int, int, Zone]


def pieces(text: str, paragraphs: Iterable[tuple[int, int]]) -> Iterator[list[Piece]]:
    """For each paragraph its parts in order: what is story has zone "body" (who calls decides what is lead)."""
    reader = _Reader(text)
    for start, end in paragraphs:
        yield reader.paragraph(start, end)


# Most lines are story. A quick look tells it of most of these; the patterns above decide on all others.

_FIRST_WORD = re.compile(r"[\W_]*([^\W_]+)")
_ODD_CASE = re.compile("[ıſᲀ-ᲈ]")
"""Letters that a pattern takes for others when it does not mind case, but `lower` does not."""
_FIRST_WORDS = frozenset(
    """
    read also see related more recommended you don must trending most à a lire lisez voir sur dans article articles
    pour читайте читать смотрите по материалы ещё еще другие ранее إقرأ إقرا اقرأ اقرا إقرأوا إقراوا اقرأوا اقراوا شاهد
    مواضيع أخبار طالع lea lee también ver te más noticias leia veja saiba notícias lesen mehr siehe auch das leggi
    czytaj ayrıca 延伸阅读 相关新闻 相关阅读
    tag tags keyword keywords topic topics filed in categories mot mots étiquette étiquettes sujet sujets
    теги тэги метки ключевые темы etiquetas temas palabras schlagworter schlagwörter schlagworte themen الكلمات وسوم
    الوسوم كلمات 标签
    sign subscribe join follow get download click share inscrivez abonnez suivez rejoignez téléchargez recevez
    подпишитесь подписывайтесь подписаться присоединяйтесь следите suscríbete suscribete suscríbase síguenos únete
    assine inscreva siga abonnieren folgen jetzt اشترك اشتركو اشتركوا تابعونا تابعنا انضم انضموا advertisement
    newsletter
    photo photos photograph photographs image images picture pictures credit credits crédit crédits c copyright source
    sources author authors written editing edited reporting additional writing compiled translated auteur
    rédaction avec
    фото источник автор текст редактор иллюстрация снимок foto fotos fotografía fotografia fotografías fotografias
    fuente autor autora fonte quelle bild bildquelle صورة الصورة تصوير المصدر مصدر بقلم تحرير
    all tous все todos alle جميع with con mit com by par por von
    afp ap reuters tass itar тасс итар риа риановости ria rianovosti интерфакс interfax xinhua sputnik спутник efe dpa
    ansa anadolu aa apa apanews pana upi bloomberg regnum prensa lusa agencias agenzia mena aps map wam spa amap anp aib
    nan rfi bbc voa cnn euronews رويترز شينخوا سبوتنيك الأناضول أ أف أفب فرانس د دب وكالات تاس العربية الجزيرة
    """.split()  # noqa: SIM905  # a list of one string each would be ten times as long
)
"""How the heads, credits and bylines above begin."""
_OPENED = re.compile(r"[.!?…»”\"\[(](?:(?<=[\[(])|\s)\s*([^\W_]+)")
_MARK = re.compile(r"[\d.:(/–—-]")
_SMALL = frozenset(re.findall("[a-zà-öø-ÿа-яё]", "".join(map(chr, range(0x500)))))
_IN_DATELINES = frozenset(["de", "du", "des", "la", "sur", "of", "на", "le", "el", "den", "dpa"])
_DATES_BEGIN = frozenset(
    """
    mon tue wed thu fri sat sun lun mar mer jeu ven sam dim mié mie jue vie sáb sab dom
    jan fév fev feb apr avr may mai jun jui jul aug aoû aou sep oct nov dec déc ene abr ago dic out set dez mär okt
    янв фев мар апр мая июн июл авг сен окт ноя дек
    """.split()  # noqa: SIM905
)
"""The first three letters of days and months."""


def may_be_headed(line: str) -> bool:
    """Can this line be a link to another story, a credit or a byline?"""
    found = _FIRST_WORD.match(line)
    if found is None or "#" in line or "©" in line:
        return True
    word = found[1].lower()
    return word in _FIRST_WORDS or (not word.isascii() and _ODD_CASE.search(found[1]) is not None)


def may_be_dated(opening: str) -> bool:
    """Can a paragraph that opens so begin with a dateline?

    One holds a figure, a dash, a bracket or a stop, and before that nothing in small letters but a few small words.
    """
    mark = _MARK.search(opening)
    if mark is None:
        return False
    for word in opening[: mark.start()].split():
        small = word.partition(",")[0]
        if word[0] in _SMALL and small not in _IN_DATELINES and small[:3].lower() not in _DATES_BEGIN:
            return False
    return True


def may_hold_related(text: str, start: int, end: int) -> bool:
    """Can a link to another story stand within this line?"""
    return text.find(":", start, end) >= 0 and any(
        word.lower() in _FIRST_WORDS or not word.isascii() for word in _OPENED.findall(text, max(0, start - 1), end)
    )


def may_hold_credit(end: str) -> bool:
    """Can a line that ends so end in a credit?"""
    return (
        end.endswith(")")
        or ":" in end
        or "/" in end
        or "©" in end
        or "：" in end
        or "Getty" in end
        or "Shutterstock" in end
    )


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
        headed = may_be_headed(line)
        if (headed or self._items_left) and self._is_related(line):
            return [(start, end, "related")]
        if headed and _is_credit(line):
            owner = _OWNER.match(line)
            if owner is None or len(line.split()) < _CREDIT_WORDS or _RESERVED.search(line):
                return [(start, end, "credit")]
            # A feed that puts the picture's owner before the first sentence: only the owner is a credit.
            return [(start, start + owner.end(), "credit"), (start + owner.end(), end, "body")]
        found: list[Piece] = []
        opening = line[:_LONGEST_DATELINE]
        dateline = _DATED.match(opening) if begins and may_be_dated(opening) else None
        dateline = dateline or (None if self._begun else _UNDATED.match(opening))
        self._begun = True
        if dateline:
            found.append((start, start + dateline.end(), "dateline"))
            start += dateline.end()
        inside = _RELATED_INSIDE.search(self._text, start, end) if may_hold_related(self._text, start, end) else None
        if inside:
            close = {"[": "]", "(": ")"}.get(inside[0][0])
            stop = self._text.find(close, inside.start(), end) + 1 if close else 0
            stop = stop or end
            rest: list[Piece] = [(stop, end, "body")] if stop < end else []
            return [*found, (start, inside.start(), "body"), (inside.start(), stop, "related"), *rest]
        tail = None
        if may_hold_credit(line[-_LONGEST_TAIL:]):
            tail = _CREDIT_TAIL.search(self._text, max(start, end - _LONGEST_TAIL), end)
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
