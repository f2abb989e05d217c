"""What lines and parts of lines look like that are not the story: datelines, credits, links to other stories."""

import re

_I = re.IGNORECASE


def _either(lines: str) -> str:
    """Alternatives written over several lines, as one pattern."""
    return "|".join(line.strip() for line in lines.strip().splitlines())


AGENCY = _either(r"""
    AFP|AP|Reuters|TASS|ITAR-TASS|ТАСС|ИТАР-ТАСС|РИА\s?Новости|RIA(?:\sNovosti)?|Интерфакс|ИНТЕРФАКС|INTERFAX|Interfax|Xinhua|Sputnik
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
_DATE = rf"(?i:(?:(?:{_DAY})[,،]?\s+)?(?:le\s+|el\s+|den\s+)?(?:{_NUMBER_DATE})(?:[,،]?\s+(?:de\s+)?(?:19|20)\d\d)?)"
_UPPER = r"[^\W\d_a-zà-öø-ÿа-яё]"
_NAME = rf"{_UPPER}[\w'’.-]*(?:[ /]{_UPPER}[\w'’.-]*|[ ](?:de|du|des|la|sur|of|на)(?=[ ])){{0,4}}"
_CAPITALS = rf"{_UPPER}{{2,}}(?:[ '’/-]{_UPPER}+){{0,3}}"
_PLACE = rf"{_NAME}(?:[,،]\s{_NAME}){{0,2}}"
_KNOWN = rf"(?:\((?:[^()\n]{{0,20}}\b(?:{AGENCY})\b[^()\n]{{0,20}})\)|/\s?[^/\n]{{2,30}}/|(?:{AGENCY})\b)"
_ANY = rf"(?:{_KNOWN}|\([A-Z][\w/ .-]{{1,25}}\))"
_DASH = r"\s*\.?\s?[-–—]{1,2}(?=\s)"
_END = rf"(?:{_DASH}|\s*[.:](?=\s))"
_OPENING = (
    r"(?:The|An?|In|On|At|After|As|When|L[ae’']s?|Une?|Des|Au|En|Dans|Après|El|L[ao]s|Der|Die|Das|O|Os|As|В|На|По)\b"
)
DATED = re.compile(
    _either(rf"""
    {_PLACE}[,،.]?\s+{_DATE}[,،]?\s*(?:[.,،]|[-–—])?\s*{_ANY}{_END}?(?=\s)
    {_PLACE}[,،.]?\s+{_DATE}(?:{_DASH}|\s*\.(?=\s))
    {_PLACE}[,،]?\s*(?:[-–—]\s*)?{_KNOWN}{_END}
    {_CAPITALS}(?:[,،]\s{_NAME})?[,،]?\s*(?:[-–—]\s*)?{_ANY}{_END}
    \(\s?(?:Agence\s\w+|{AGENCY})\s?\)\s?[-–—]{{1,2}}(?=\s)
    """)
)
"""Datelines with a date or a source: MOSCOW, April 4 (TASS) - / Bamako, le 4 avril - / BAMAKO (Reuters) -"""
UNDATED = re.compile(
    _either(rf"""
    {_CAPITALS}(?:,\s{_NAME})?{_DASH}
    {_NAME}\s[–—-]\s(?={_OPENING})
    {_UPPER}[\w'’-]*(?:/{_UPPER}[\w'’-]*)?\s\([^()\n]{{2,25}}\)\s?[–—-]{{1,2}}(?=\s+[«"“]?{_UPPER})
    """)
)
"""Datelines without: NIAMEY - / Niamey - The / Niamey (Our Agency) - The; only where the text begins."""

RELATED_HEADS = _either(r"""
    read also|also read|read more|read next|see also|see more|watch also|also watch|further reading|continue reading
    related(?: articles?| stories| news| topics| posts| content| coverage| reading)?|more on this(?: story| topic)?
    more (?:stories|news|from)|recommended(?: for you| reading)?|you (?:may|might) also (?:like|be interested in)
    don['’]t miss|must read|what to read next|up next|from (?:the|our) archives?|elsewhere on (?:this|our) site
    other (?:news|stories)|latest (?:news|stories)|top stories|most popular|trending|most read|in other news
    (?:à |a )?(?:re)?lire (?:aussi|également|plus|la suite|[àa] ce sujet)|(?:à |a )(?:lire|voir|écouter|relire)
    lisez (?:aussi|également)|voir (?:aussi|également)|sur le même (?:sujet|thème)|dans la même rubrique
    autres articles|articles? (?:liés?|similaires?|connexes?)|pour aller plus loin|nos autres articles|notre dossier
    lire notre dossier|читай(?:те)? (?:также|ещё|еще|далее|по теме)|читать (?:также|ещё|еще|далее)
    смотри(?:те)? (?:также|ещё|еще)|подробнее по теме|по теме|материалы по теме|ещё по теме|еще по теме
    (?:ещё|еще|другие|последние|главные) новости|ранее по теме|рекомендуем(?: также| прочитать)?
    самое (?:читаемое|популярное)|[إا]قر[أا](?:وا|ي)? (?:أيض[اًا]*|ايض[اًا]*|المزيد|كذلك)|شاهد أيض[اًا]*
    (?:مواضيع|موضوعات) (?:ذات صلة|متعلقة)|(?:أخبار|روابط|مقالات) ذات صلة|طالع أيض[اًا]*|للمزيد|قد يهمك(?: أيض[اًا]*)?
    قد يعجبك(?: أيض[اًا]*)?|الأكثر قراءة|le[ae] (?:también|más)|lee además|sigue leyendo|ver también|vea también
    (?:te|le|también te) puede interesar|más (?:noticias|información|sobre)|(?:noticias|artículos) relacionad[ao]s
    relacionad[ao]s|te recomendamos|lo más leído|leia (?:também|mais)|ler (?:também|mais)|veja (?:também|mais)
    saiba mais|mais (?:notícias|sobre)|(?:notícias|artigos) relacionad[ao]s|conteúdo relacionado|mais lidas
    lesen sie (?:auch|mehr|dazu)|auch lesen|mehr (?:zum thema|dazu)|zum thema|siehe auch|auch interessant
    das könnte sie auch interessieren|weitere (?:artikel|nachrichten|meldungen)|weiterlesen|lesetipp|leggi anche
    (?:prze)?czytaj (?:też|także|również|więcej)|zobacz (?:też|także|również)|polecamy|ilgili haberler
    ayrıca (?:bak(?:ınız)?|okuyun)|bunları? da okuyun|延伸阅读|相关(?:新闻|阅读|报道)|推荐阅读
""")
TAG_HEADS = _either(r"""
    tags?|keywords?|topics?|hashtags?|filed under|in this (?:article|story)|categor(?:y|ies)|mots[- ]cl[ée]s?
    étiquettes?|sujets?|thèmes?|thématiques?|rubriques?|catégories?|теги?|тэги?|метки|ключевые слова|темы|рубрик[аи]
    хештеги|etiquetas|temas|tópicos|assuntos|marcadores|palabras clave|palavras-chave|categor[ií]as?|schlagw[öo]rter
    schlagworte?|stichw[öo]rter|stichworte|themen|الكلمات (?:المفتاحية|الدلالية)|كلمات (?:مفتاحية|دلالية)|وسوم|الوسوم
    هاشتاغ|etiketler|konular|tagi|słowa kluczowe|标签|关键词
""")
SIGN_UP = _either(r"""
    sign up|subscribe|join (?:our|us)|follow (?:us|our)|get (?:our|the) (?:\w+ ){0,3}newsletter|download our app
    click here|share this|support (?:us|our journalism)|register (?:now|here|free)|inscrivez-vous|abonnez-vous
    suivez-nous|rejoignez-nous|téléchargez|recevez|подпи(?:шитесь|шись|сывайтесь|сывайся)|подписаться|присоединяйтесь
    следите за|скачайте|suscr[íi]bete|suscríbase|suscríbanse|síguenos|síganos|únete|reg[íi]strate|assine|subscreva
    inscreva-se|registe-se|siga-nos|abonnieren sie|folgen sie uns|jetzt (?:abonnieren|anmelden)|melden sie sich
    [إا]شتركوا|[إا]شتركي? (?:الآن|معنا|في (?:ال)?(?:نشر|قنا|خدم|بريد))\w*|سجل(?:وا)? الآن|تابعونا|تابعنا|تابعوا
    انضم(?:وا)? إلى (?:ال)?(?:نشر|قنا|خدم|مجموعتنا|صفح)\w*|zapisz się|subskrybuj|abone ol(?:un)?|advertisement
    newsletter
""")
RELATED_LINE = re.compile(
    rf"[\W_]*(?:(?P<head>{RELATED_HEADS}|{TAG_HEADS})\s*(?:[:：|\]–—»>]|\s-\s|$)"
    rf"|(?:{RELATED_HEADS})\b(?=[^.!?]{{0,160}}$)|(?:{SIGN_UP})\b|(?:\#\w+[ ,]*){{2,}}$)",
    _I,
)
RELATED_PLAIN = re.compile(
    r"[\W_]*(?:related|recommended|trending|more from|don['’]t miss|à voir|a voir|à lire|a lire|по теме|other|latest"
    r"|from|up next|autres articles|notre dossier|рекомендуем|другие|последние|главные|самое|relacionad|más sobre"
    r"|mais sobre|mehr dazu|zum thema|weitere|للمزيد|قد|polecamy|watch|continue|further)\b",
    _I,
)
RELATED_INSIDE = re.compile(rf"(?:(?<=[.!?…»”\"])\s+|[\[(]\s?)(?:{RELATED_HEADS})\s?:[^\n]*", _I)

CREDIT_HEADS = _either(r"""
    (?:file |archive )?photo(?:s|graph|graphs|graphy)?(?:\s?(?:by|d['’]archives?|credits?))?|images?(?: credits?| by)?
    pictures?(?: credits?| by)?|caption credit|illustrations?(?: by)?|videos?(?: by)?|graphics?(?: by)?|maps?(?: by)?
    credits?|cr[ée]dit(?:s|o|os)?(?:\s(?:de\s)?(?:photos?|images?|fotos?))?|©|\(c\)|copyright|sources?|authors?|words
    text|texte|texto|story by|written by|editing by|edited by|reporting(?: by)?|additional reporting(?: by)?|writing by
    compiled by|translated by|translation|auteurs?|rédaction|reportage|propos recueillis par
    avec (?:afp|reuters|agences)|traduction|фото(?:графия|граф)?|источники?|авторы?|текст|редактор|иллюстрация
    изображение|снимок|видео|подготовила?|перевод|foto(?:graf[íi]a|graf)?s?|im[áa]gen(?:es)?|imagem|imagens|fuentes?
    autor(?:a|en|es)?|redacci[óo]n|redação|reportagem|edição|com informações de|con información de|fontes?|fot\.?
    quellen?|bild(?:quelle|nachweis|er)?|redaktion|zdjęci[ea]|źródło|fotoğraf|kaynak|صور|الصور|صورة|الصورة|تصوير|فيديو
    المصدر|مصدر|المصادر|بقلم|تحرير|إعداد|ترجمة|كتابة|来源|图片|记者|编辑
""")
RIGHTS = _either(r"""
    ©|\(c\)\s|copyright\b|all rights reserved|tous droits réservés|все права защищены|todos los derechos reservados
    alle rechte vorbehalten|todos os direitos reservados|جميع الحقوق محفوظة
    \(?(?:reporting|editing|additional reporting|writing) by\b|(?:photo|image|picture) by\b
""")
CREDIT_LINE = re.compile(
    rf"[\W_]*(?:(?:{CREDIT_HEADS})\s*(?P<colon>[:：/|]|$)|{RIGHTS}|\(?(?:(?:with|avec|con|mit|com)\s)?(?:{AGENCY})\)?[\W_]*$)",
    _I,
)
PICTURE = re.compile(
    r"[\W_]*(?:(?:file |archive )?photo|im[aá]g|picture|illustration|video|map|foto|фото"
    r"|изобр|иллюстр|снимок|видео|bild|zdjęci|صور|الصور|فيديو|图片)",
    _I,
)
_OURS = r"our|notre|nos|unser(?:em|er|e)?|nuestr[oa]s?|noss[oa]s?|наш(?:его|а)?"
_REPORTER = r"correspond|corresponsal|enviad[oa]|envoyée?s?\s|reporter|staff|корреспондент|собкор|korrespondent"
BYLINE = re.compile(
    _either(rf"""
    \(?(?i:{AGENCY})[,/]?\s{_NAME}\)?$
    (?i:by|par|por|von|автор)\s{_NAME}(?:,?\s(?:and|et|y|und|и)\s{_NAME})?(?:[,|–—-]\s?[^.!?\n]{{0,60}})?$
    (?i:(?:(?:from|de|von|por|del|do|da|от)\s)?(?:{_OURS})\s(?:\w+\s)?(?:{_REPORTER})\w*)(?:\s[^\s.!?:]+){{0,6}}$
    (?:من\s)?(?:مراسلنا|مراسلتنا|موفدنا)\s(?:في|إلى)(?:\s[^\s.!?:]+){{1,3}}$
    """)
)
"""By A. Writer / Our correspondent in Moscow / Reuters, London"""
CREDIT_TAIL = re.compile(
    _either(rf"""
    (?:(?<=[.!?…»”")])\s*|\s[|–—-]\s|\s?[(\[])(?:(?i:{CREDIT_HEADS})\s?[:：/©]|©)\s?[^\n]{{1,90}}$
    \((?:{AGENCY})(?:[ /][^()\n]{{0,40}})?\)$
    (?:[(/]|\s–\s)(?:Getty|Shutterstock)[^\n]{{0,60}}$
    """)
)
OWNER = re.compile(r"©\s?(?:[A-Z][\w.]*(?:/[A-Z][\w.]*)*\s?){1,2}?(?:Photo|Images)?(?:/[\w. ]{1,30}?)?(?=\s)")
RESERVED = re.compile(r"reserv|rights|droits|derechos|права|prohibit|permission", _I)
LIST_ITEM = re.compile(r"\s*(?:[-–—•*‣▪●·>]|\d{1,2}[.)])\s")
ENDED = re.compile(r"[.!?…۔؟。][\"'”»)\]]*\s*$")
