"""Capitals that stand for a government: "Moscow denied it" is Russia, "a fire in Moscow" is a place."""

from newswatch_core.text import Document, fold


def _words(text: str) -> frozenset[str]:
    return frozenset(map(fold, text.split()))


_PLACE_BEFORE = _words("""
    in at near outside around across throughout inside downtown central northern southern eastern western greater
    visit visits visited visiting reach reached left leave leaving entered arrived flew capital city mayor
    à a près hors en cerca im nahe bei em w we pod nad во в под около близ над возле في قرب
    capitale ville maire stolica stolicy burmistrz mer dzielnicy centrum ulice ulicach mieszkańcy
    столица столице столицу столицы мэр мэра жители жителей улицы улицах центр центре окраине
    شوارع مدينة العاصمة مطار سكان
""")
_AND = _words("and or et ou y e и und oraz i و")
_OVER = _words("over above")
_POSSESSIVE = frozenset({"'s", "’s"})
_TO = _words("to vers до из from depuis desde nach aus إلى من")
_TOWARDS_A_GOVERNMENT = _words("""
    close closer ties links tie link loyal allied turn turned turning turns pivot pivoted appeal appealed answer
    message letter thanks grateful gratitude response thank appeals opposed according hostile support aid help
    assistance pressure demand weapons arms signal signals order orders
""")
_PLACE_AFTER = _words("""
    airport street streets suburb suburbs region university metro oblast resident residents time film half marathon
    stadium hospital hotel district mayor neighbourhood neighborhood skyscraper apartment court zoo museum
    аэропорт область регион метро университет мэр
""")
_OF = _words("of de du d von do")
_GOVERNMENT_OF = _words("""
    support backing ally allies alliance position policy politics government authorities rulers leaders leadership hand
    influence pressure offer response answer demand demands decision request proposal refusal will behalf part side
    accusations criticism interests consent approval eyes message warning ambitions foreign diplomacy diplomatie
    soutien appui allié alliés alliance position politique gouvernement autorités pouvoir main influence pression offre
    réponse demande décision refus volonté part côté accusations critiques intérêts accord regard message ambitions
    rapprochement régime junte junta chef diplomate satellite orbite giron
    apoyo aliado aliados posición política gobierno autoridades mano influencia presión oferta respuesta petición
    decisión acusaciones intereses acuerdo mensaje régimen diplomacia apoio governo posição influência pressão decisão
""")
"""What a government has and a town has not: "the support of Moscow", where "the streets of Moscow" are a place."""


def names_a_place(document: Document, first: int, last: int) -> str:
    """The words that make a capital a place here, or ""."""
    sentence = document.sentences[document.sentence_of(first)]
    before = [fold(word) for word in document.words[max(sentence.first, first - 6) : first]]
    after = fold(document.words[last]) if last < sentence.last else ""
    if after in _PLACE_AFTER:
        return after
    if len(before) > 2 and before[-1] in _AND and document.words[first - 2][:1].isupper():
        # Joined to another name: in Bamako and Niamey, between Bamako and Moscow.
        before = before[:-2]
    word = before[-1] if before else ""
    if word in _OVER:
        return "" if document.text_after(last - 1, 2) in _POSSESSIVE else word
    if word in _PLACE_BEFORE:
        return word
    if word in _TO and not _TOWARDS_A_GOVERNMENT.intersection(before[-3:-1]):
        return word
    if word in _OF and not _GOVERNMENT_OF.intersection(before[-3:-1]):
        return " ".join(before[-2:])
    return ""
