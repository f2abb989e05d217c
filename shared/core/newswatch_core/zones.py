"""Which lines of a text are not its story: datelines, credits, and links to other stories."""

import re
from collections.abc import Iterable, Iterator

from newswatch_core.events import Zone
from newswatch_core.zonepatterns import (
    BYLINE,
    CREDIT_LINE,
    CREDIT_TAIL,
    DATED,
    ENDED,
    LIST_ITEM,
    OWNER,
    PICTURE,
    RELATED_INSIDE,
    RELATED_LINE,
    RELATED_PLAIN,
    RESERVED,
    UNDATED,
)

_LONGEST_DATELINE = 130
_CREDIT_WORDS = 12
_CAPTION_WORDS = 7
_LONGEST_CREDIT = 170
_LONGEST_BYLINE = 90
_LONGEST_TAIL = 130
_LONGEST_RELATED = 400
_LONGEST_ITEM = 160
_MOST_ITEMS = 12

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
    read also see related more recommended you don must trending most à a lire lisez voir sur dans article
    articles pour читайте читать смотрите по материалы ещё еще другие ранее إقرأ إقرا اقرأ اقرا إقرأوا
    إقراوا اقرأوا اقراوا شاهد مواضيع أخبار طالع lea lee también ver te más noticias leia veja saiba notícias
    lesen mehr siehe auch das leggi czytaj ayrıca 延伸阅读 相关新闻 相关阅读 watch further continue what up from
    elsewhere other latest top écouter relire autres nos notre читай смотри подробнее последние главные
    рекомендуем самое إقرأي إقراي اقرأي اقراي موضوعات روابط مقالات للمزيد قد الأكثر sigue vea le artículos
    relacionado relacionada relacionados relacionadas lo ler mais artigos conteúdo lensen zum weitere
    weiterlesen lesetipp przeczytaj zobacz polecamy ilgili bunları bunlar 相关报道 推荐阅读 tag tags keyword
    keywords topic topics filed in categories mot mots étiquette étiquettes sujet sujets теги тэги метки
    ключевые темы etiquetas temas palabras schlagworter schlagwörter schlagworte themen الكلمات وسوم الوسوم
    كلمات 标签 hashtag hashtags category thème thèmes thématique thématiques rubrique rubriques catégorie
    catégories тег тэг рубрика рубрики хештеги tópicos assuntos marcadores palavras categoria categorias
    categoría categorías schlagwort stichwort stichwörter stichworter stichworte هاشتاغ etiketler konular
    tagi słowa 关键词 sign subscribe join follow get download click share inscrivez abonnez suivez rejoignez
    téléchargez recevez подпишитесь подписывайтесь подписаться присоединяйтесь следите suscríbete suscribete
    suscríbase síguenos únete assine inscreva siga abonnieren folgen jetzt اشترك اشتركوا تابعونا تابعنا انضم
    انضموا advertisement newsletter this support register подпишись подписывайся скачайте suscríbanse
    síganos regístrate registrate subscreva registe melden إشترك إشتركوا إشتركي اشتركي سجل سجلوا تابعوا
    zapisz subskrybuj abone image images picture pictures credit credits
    crédit crédits c copyright source sources author authors written editing edited by reporting additional
    writing compiled translated auteur rédaction avec фото источник автор текст редактор иллюстрация снимок
    foto fotos fotografía fotografia fotografías fotografias fuente autor autora fonte quelle bild
    bildquelle صورة الصورة تصوير المصدر مصدر بقلم تحرير file archive
    caption illustration illustrations video videos
    graphic graphics map maps crédito créditos credito creditos words text texte texto story translation
    auteurs reportage propos traduction фотография фотограф источники авторы изображение видео подготовил
    подготовила перевод fotograf fotografs imagen imagenes imágen imágenes imagem imagens fuentes autoren
    autores redacción redaccion redação reportagem edição com con fontes fot quellen bildnachweis bilder
    redaktion zdjęcia zdjęcie źródło fotoğraf kaynak صور الصور فيديو المصادر إعداد ترجمة كتابة 来源 图片 记者 编辑
    all tous все todos alle جميع with mit par por von our unser unserem unserer unsere nuestro nuestra
    nuestros nuestras nosso nossa nossos nossas наш нашего наша de del do da от من مراسلنا مراسلتنا موفدنا
    afp ap reuters tass itar тасс итар риа риановости ria rianovosti интерфакс interfax xinhua sputnik
    спутник efe dpa ansa anadolu aa apa apanews pana upi bloomberg regnum prensa lusa agencias agenzia mena
    aps wam spa amap anp aib nan rfi bbc voa cnn euronews رويترز شينخوا سبوتنيك الأناضول أ أف أفب فرانس د دب
    دبأ وكالات تاس العربية الجزيرة
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
    return (
        word in _FIRST_WORDS
        or word.startswith("photo")
        or (not word.isascii() and _ODD_CASE.search(found[1]) is not None)
    )


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
            owner = OWNER.match(line)
            if owner is None or len(line.split()) < _CREDIT_WORDS or RESERVED.search(line):
                return [(start, end, "credit")]
            # A feed that puts the picture's owner before the first sentence: only the owner is a credit.
            return [(start, start + owner.end(), "credit"), (start + owner.end(), end, "body")]
        found: list[Piece] = []
        opening = line[:_LONGEST_DATELINE]
        dateline = DATED.match(opening) if begins and may_be_dated(opening) else None
        dateline = dateline or (None if self._begun else UNDATED.match(opening))
        self._begun = True
        if dateline:
            found.append((start, start + dateline.end(), "dateline"))
            start += dateline.end()
        inside = RELATED_INSIDE.search(self._text, start, end) if may_hold_related(self._text, start, end) else None
        if inside:
            close = {"[": "]", "(": ")"}.get(inside[0][0])
            stop = self._text.find(close, inside.start(), end) + 1 if close else 0
            stop = stop or end
            rest: list[Piece] = [(stop, end, "body")] if stop < end else []
            return [*found, (start, inside.start(), "body"), (inside.start(), stop, "related"), *rest]
        tail = None
        if may_hold_credit(line[-_LONGEST_TAIL:]):
            tail = CREDIT_TAIL.search(self._text, max(start, end - _LONGEST_TAIL), end)
        if tail and tail.start() > start:
            return [*found, (start, tail.start(), "body"), (tail.start(), end, "credit")]
        return [*found, (start, end, "body")]

    def _is_related(self, line: str) -> bool:
        match = RELATED_LINE.match(line) if len(line) <= _LONGEST_RELATED else None
        if match and (match["head"] or not RELATED_PLAIN.match(line)):
            alone = match["head"] is not None and not line[match.end() :].strip()
            self._items_left = _MOST_ITEMS if alone else 0
            return True
        if self._items_left and line.strip():
            self._items_left -= 1
            short = len(line) <= _LONGEST_ITEM and not ENDED.search(line)
            if short or (LIST_ITEM.match(line) and len(line) <= _LONGEST_ITEM):
                return True
            self._items_left = 0
        return False


def _is_credit(line: str) -> bool:
    if len(line) > _LONGEST_CREDIT:
        return False
    match = CREDIT_LINE.match(line)
    if match is None:
        return bool(len(line) <= _LONGEST_BYLINE and BYLINE.match(line))
    return not (match["colon"] and PICTURE.match(line) and _is_description(line[match.end() :]))


def _is_description(rest: str) -> bool:
    """Does more than a credit follow "Photo:"? What it shows is a sentence, or has its own credit behind it."""
    credit = CREDIT_TAIL.search(rest, max(0, len(rest) - _LONGEST_TAIL))
    told = rest[: credit.start()] if credit else rest
    return (credit is not None or ENDED.search(told) is not None) and len(told.split()) >= _CAPTION_WORDS
