"""Capitals that stand for a government: "Moscow denied it" is Russia, "a fire in Moscow" is a place."""

from collections.abc import Sequence

from newswatch_core.text import Document, fold
from newswatch_judging.inflect import name_forms


def _words(text: str) -> frozenset[str]:
    return frozenset(map(fold, text.split()))


_PLACE_BEFORE = _words("""
    in at near outside around across throughout inside downtown central northern southern eastern western greater
    visit visits visited visiting reach reaches reached reaching left leave leaves leaving enter enters entered
    entering depart departs departed departing arrived flew tour tours toured crossed via through beyond capital city
    mayor près hors en cerca im nahe bei em w we pod nad во в под около близ над возле через минуя проездом في قرب
    عبر quitte quittent quittait quitter quitté quittée quittés quittant regagne regagnent regagné regagner atteint
    atteindre traverse traversent traversé survole survolé survolent abandona abandonan abandonó abandonaron deja
    dejan dejó dejaron dejar recorre recorrió deixa deixam deixou deixaram deixar percorre verlässt verlassen verließ
    verließen erreicht erreichte erreichten покидает покидают покинул покинула покинули покинуть достиг достигли غادر
    غادرت غادروا يغادر تغادر سيغادر مغادرة مغادرا وصل وصلت وصلوا يصل تصل دخل دخلت بلغ capitale ville maire stolica
    stolicy burmistrz mer dzielnicy centrum ulice ulicach mieszkańcy visite visiter visitera visitent visita visitan
    visitar visitará visitarán visitó visitaron visitou visitaram besucht besuchte besuchen besuchten bereist
    посещает посетит посетил посетила посетили посетят посетить زار زارت زاروا يزور تزور سيزور столица столице
    столицу столицы мэр мэра жители жителей улицы улицах центр центре окраине شوارع مدينة العاصمة مطار سكان
""")
_LITTLE = _words("""
    little petit petite pequeña pequeño klein kleines kleine mały mała new nouveau nouvelle nueva nova neu neues old alt
    vieux малая малый маленькая новая нью
""")
"""With a capital letter: Little Moscow and Petit-Moscou are quarters, and no governments."""
_FOR = _words("for pour para")
_SETS_OUT = _words("""
    leave leaves leaving left depart departs departed departing departure bound head heads headed heading flight
    flights sailed sails flew fly took off train ticket tickets partir part partent parti partis partie départ vol
    vols billet envole envolé envolée envolés embarque embarqué sale salen salió salieron salida parte partem partiu
    partiram partida vuelo vuelos voo voos
""")
"""What makes "for" lead to a place: "left for Moscow", where "a setback for Moscow" is a government's."""
_RUSSIAN_PLACES = """
    аэропорт вокзал станция район окраина пригород окрестность центр площадь улица переулок набережная мост парк
    рынок рынке метро театр музей галерея консерватория университет институт школа больница гостиница ресторан клуб
    завод фабрика библиотека студент школьник житель гость север юг восток запад мэр мэрия суд прокуратура полиция
    небо
"""
_ARABIC_PLACES = """
    ضواحي ضاحية أحياء حي وسط شمال جنوب شرق غرب سماء أجواء جامعة ملعب فندق محطة مستشفى سوق أسواق طريق مترو متحف مسرح
    مقهى بلدية عمدة محافظ جسر حديقة ساحة ميدان مصنع مدرسة كلية معهد مهرجان
"""
_PLACE_BEFORE |= _words(_ARABIC_PLACES).union(
    form for word in _RUSSIAN_PLACES.split() for form in name_forms(word, "ru")
)
_WHERE = _words("where où donde onde wo где حيث")
_BETWEEN = _words("between entre zwischen между بين")
_WAYS = _words("""
    road roads highway motorway route routes flight flights train trains railway rail line bus buses distance journey
    trip vol vols autoroute chemin trajet distance ligne carretera vuelo vuelos tren estrada voo voos comboio trem
    Straße Flug Flüge Zug Strecke Bahn дорога дороге рейс рейсы поезд поезда трасса трассе طريق الطريق رحلة رحلات
    قطار
""")
"""What leads from town to town: "the road between Niamey and Agadez", where relations are between governments."""
_GREATEST = _words("main biggest largest oldest busiest central only famous first")
_RELATED_TO = _words(
    "علاقات العلاقات علاقاتها علاقاته علاقة صلات صلاتها ثقة الثقة ارتباط مرتبط مرتبطة دفع يدفع تدفع وعد"
)
"""In Arabic one letter says "in" and "with": ties with Moscow are ties with a government."""
_BEGIN_WITH_IN = _words("باماكو باريس بكين برلين بروكسل بانغي بيروت بغداد برازيليا")
_AND = _words("and or et ou y e и und oraz i و")
_OVER = _words("over above")
_POSSESSIVE = frozenset({"'s", "’s"})
_TO = _words("to vers до из from depuis desde nach aus إلى من")
_LOOKS_AHEAD = frozenset({"aus"})
"""In German the message may follow: "Aus Moskau kam Kritik"."""
_TOWARDS_A_GOVERNMENT = _words("""
    close closer ties links tie link loyal allied turn turned turning turns pivot pivoted appeal appealed answer
    message letter thanks grateful gratitude response thank appeals opposed according hostile support aid help
    assistance pressure demand weapons arms signal signals order orders criticism warning threats condemnation
    Kritik Signal Signale Botschaft Botschaften Hilfe Unterstützung Druck Antwort Warnung Warnungen Drohung Drohungen
    Absage Einladung Waffen Protest Proteste Vorwurf Vorwürfe Zusage Zusagen Befehl Befehle Weisung Dementi hieß heißt
    сигнал сигналы поддержка поддержки поддержку поддержке поддержкой помощь помощи критика критику критики реакция
    ответ ответа предупреждение приглашение угрозы приказ приказы приказа указания
    رسالة رسالته دعم بدعم الدعم دعوة طلب ضغوط ضغط تحذير أوامر بأوامر بطلب
""")
_AT_OR_TO = _words("a à")
"""In Spanish, Portuguese and French both: "viaja a Moscú" is a place, "pide a Moscú" is a government."""
_IS_THERE = _words("""
    viaja viajan viajar viajará viajarán viajó viajaron viajou viajaram viaje viajes viagem viagens visita visite
    llega llegan llegar llegará llegó llegaron llegada chega chegam chegar chegou chegada
    regresa regresan regresar regresó vuelve vuelven volver volvió retorna vuelo vuelos voo voos va van ir irá fue vai
    vão ida enviado enviada trasladado se rend rendu rendus rendue rendre rendra arrive arrivé arrivés arrivée arriver
    retour voyage voyagé aller allé allés vol vols séjour réuni réunis réunie réunion rencontre sommet atterri envoyé
    envoyés envoyée envoyées acheminé acheminée acheminés acheminées distribué distribuée distribués distribuées déployé
    déployés déployée tué tués mort morts blessés manifestation attaque attaques attentat explosion incendie marche
    rassemblement conférence départ installé installée ouverture organisé organisée organisés basé basée
    né née tenu tenue tenir siège bureau ambassadeur embajada embajador embaixada entregada entregado
    distribuida ataque ataques atentado vive viven vivir mudou
""")
_ASKS = _words("""
    pide piden pidió pidieron pedir pidiendo exige exigen exigió exigieron exigir insta instan instó instaron exhorta
    exhortó acusa acusan acusó acusaron acusar advierte advierten advirtió responde responden respondió agradece
    agradecen agradeció reclama reclaman reclamó ofrece ofrecen ofreció critica critican criticó apoya apoyan apoyó
    condena condenan condenó culpa culpan culpó sanciona sancionan sancionó presiona presionan
    entrega entregan dona donan vende venden suministra suministran llamó llama llamamiento
    llamado solicita solicitan solicitó recuerda recordó ordena ordenó diálogo apoyo ayuda crítica críticas presión
    sanciones advertencia mensaje carta respuesta ultimátum petición
    pede pedem pediu pediram exigiu acusou acusaram adverte advertiu respondeu agradeceu apela apelam apelou oferece
    ofereceu criticou condenou solicitou apoio ajuda resposta mensagem apelo aviso pressão sanções
    demande demandent demandé demander exige exigent exigé ordonne ordonné réclame réclament réclamé reproche
    reprochent reproché répond répondent répondu répondre adresse adressé adressent appel appelle appellent soutien
    aide message lettre réponse avertissement ultimatum sanctions pression remercie remerciements impose imposent
    imposé imposer promet promettent promis propose proposent proposé offre offrent offert face grâce fidèle hostile
    opposé opposés confiance interdit permet permettre livre livrent livré accorde accordé
""")
_LOOKS_BACK = 5
_LONGEST_LIST = 20
_NAMES_GO_ON = frozenset({"en", "fr", "es", "pt"})
"""Where a word with a capital letter belongs to the name before it: Moscow Circus. German writes all nouns so."""
_SMALL_WORDS = 3
_DAYS = _words("""
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August September
    October November December
""")
_PLACE_AFTER = _words("""
    man men woman women boy girl teenager teenagers teen couple mother father family doctor doctors teacher teachers
    lawyer student students pupils driver cyclist cyclists tourist tourists motorcade winter summer night nights
    robbery heist burglary funeral opera orchestra circus conservatory gallery galleries bookshop bookshops pub pubs
    boutique born educated raised bound area areas native natives skyline zoo premiere festival gig lab clinic
    clinics ward jail prison office offices bureau headquarters studio shelter police airport street streets suburb
    suburbs region university metro oblast resident residents time film half marathon stadium hospital hotel district
    mayor neighbourhood neighborhood skyscraper apartment apartments court zoo museum taxi taxis traffic market
    markets bus buses tram trams train station stations commuters motorists motorist drivers shoppers traders vendors
    nightlife weather flat flats bakery bakeries restaurant restaurants café cafés school schools slum slums shop
    nightclub supermarket supermarkets warehouse downtown ring аэропорт область регион метро университет мэр Straßen
    Flughafen Bahnhof Vororte Vorort Innenstadt Altstadt Bürgermeister Einwohner Museen Märkte Universität Stadtteil
    Stadtrand Parks Nachtleben
""")
_DISTANCE_UNITS = _words("км километр километра километров km kms kilometres kilometers kilómetros quilômetros miles")
_OF = _words("of de du d von do")
_GOVERNMENT_OF = _words("""
    ambassador forces army troops soldiers weapons money strategy plan plans propaganda protection partner
    partners cooperation relations ties letter statement spokesman spokeswoman diplomats minister ministers invitation
    mercy grip shadow war friends enemies foes help aid cost expense
    support backing ally allies alliance position policy politics government authorities rulers leaders leadership hand
    influence pressure offer response answer demand demands decision request proposal refusal will behalf part side
    accusations criticism interests consent approval eyes message warning ambitions foreign diplomacy diplomatie
    interference grievance grievances complaint complaints threat threats reproaches suspicions sanctions claims denial
    silence stance meddling reaction reactions promise promises envoy envoys emissaries
    soutien appui allié alliés alliance position politique gouvernement autorités pouvoir main influence pression offre
    réponse demande décision refus volonté part côté accusations critiques intérêts accord regard message ambitions
    rapprochement régime régimes junte junta chef diplomate satellite orbite giron
    ingérence ingérences grief griefs reproche reproches plainte plaintes menace menaces exigence exigences réaction
    réactions silence promesse promesses soupçons démenti colère ire émissaire émissaires proposition propositions
    mainmise dénégations ambassadeur forces armée troupes soldats armes aide livraison livraisons argent vert
    engagement avertissement appel invitation stratégie plan promesse parole propagande tutelle protection parrain
    partenaire partenaires coopération relations liens cadeau lettre communiqué porte-parole parole représentant envoyé
    diplomates ministre ministres droit étroit orthodoxie
    apoyo aliado aliados posición política gobierno autoridades mano influencia presión oferta respuesta petición
    decisión acusaciones intereses acuerdo mensaje régimen diplomacia apoio governo posição influência pressão decisão
    injerencia injerencias quejas queja amenaza amenazas exigencias reacción silencio promesas críticas propuesta
    ingerência ingerências queixas ameaça ameaças exigências reação silêncio promessas proposta
    Einmischung Vorwurf Vorwürfe Drohung Drohungen Forderung Forderungen Kritik Reaktion Schweigen Unterstützung Druck
    Einfluss Regierung Machthaber Gnaden
""")
"""What a government has and a town has not: "the support of Moscow", where "the streets of Moscow" are a place."""


def names_a_place(document: Document, first: int, last: int, language: str = "") -> str:
    """The words that make a capital a place here, or ""."""
    sentence = document.sentence_holding(first)
    after = [fold(word) for word in document.words[last : min(last + 2, sentence.last)]]
    shown = _longer_name(document, first, last, language) or _place_behind(document, last, after)
    if shown:
        return shown
    begin = _before_its_list(document, first, last)
    before = [fold(word) for word in document.words[max(sentence.first, begin - 9) : begin]]
    if not before:
        return ""
    name = document.words[first]
    if name.startswith("ب") and fold(name) not in _BEGIN_WITH_IN:
        return "" if _RELATED_TO.intersection(before[-3:]) else name
    if before[-1] in _OVER:
        return "" if document.text_after(last - 1, 2) in _POSSESSIVE else before[-1]
    return _leads_to_a_place(before, after)


def _place_behind(document: Document, last: int, after: Sequence[str]) -> str:
    """The words behind a capital that make it a place: Moscow traffic, Bamako's main market, Niamey, where."""
    if after and (after[0] in _PLACE_AFTER or (after[0] in _WHERE and "," in document.text_after(last - 1, 2))):
        return after[0]
    if len(after) < 2:
        return ""
    is_far = after[0].isdecimal() and after[1] in _DISTANCE_UNITS
    return " ".join(after) if is_far or (after[0] in _GREATEST and after[1] in _PLACE_AFTER) else ""


def _before_its_list(document: Document, first: int, last: int) -> int:
    """Where the list of names begins that the capital stands in: in Bamako, Niamey and Moscow."""
    words, sentence = document.words, document.sentence_holding(first)
    is_list = last + 1 < sentence.last and fold(words[last]) in _AND and words[last + 1][0].isupper()
    begin = max(sentence.first, first - _LONGEST_LIST)
    while first - 2 > begin:
        if fold(words[first - 1]) in _AND and words[first - 2][0].isupper():
            first -= 2
            is_list = True
        elif is_list and words[first - 1][0].isupper() and document.between(first - 1).strip() == ",":
            first -= 1
        else:
            break
    return first


def _longer_name(document: Document, first: int, last: int, language: str) -> str:
    """The name of something else that begins or ends with the capital, or ""."""
    words = document.words
    if first and first != document.in_title and words[first - 1][:1].isupper() and fold(words[first - 1]) in _LITTLE:
        return " ".join(words[first - 1 : last])
    sentence = document.sentence_holding(first)
    if language not in _NAMES_GO_ON or last >= sentence.last or document.between(last - 1) != " ":
        return ""
    following = words[last]
    if not following[0].isupper() or following.isupper() or fold(following) in _DAYS or not following.isalpha():
        return ""
    # In a headline each word may have a capital letter; there, two names side by side are no sign.
    small = sum(len(word) > 3 and word.islower() for word in words[sentence.first : sentence.last])
    return " ".join(words[first : last + 1]) if small >= _SMALL_WORDS else ""


def _leads_to_a_place(before: Sequence[str], after: Sequence[str]) -> str:
    """The words before a capital that make it a place: in, flew to, the streets of."""
    word, earlier = before[-1], before[-3:-1]
    if word in _AT_OR_TO:
        return "" if _is_asked(before[-1 - _LOOKS_BACK : -1]) else word
    if word in _TO:
        near = [*earlier, *after] if word in _LOOKS_AHEAD else earlier
        return "" if _TOWARDS_A_GOVERNMENT.intersection(near) else word
    if word in _BETWEEN:
        return word if _WAYS.intersection(before[-5:-1]) else ""
    if word in _FOR:
        return word if _SETS_OUT.intersection(before[-6:-1]) else ""
    if word in _OF:
        return "" if _GOVERNMENT_OF.intersection(earlier) else " ".join(before[-2:])
    return word if word in _PLACE_BEFORE else ""


def _is_asked(before: Sequence[str]) -> bool:
    """Is the nearest of these words one of asking, helping or blaming, and not one of going or being somewhere?"""
    return next((word in _ASKS for word in reversed(before) if word in _ASKS or word in _IS_THERE), False)
