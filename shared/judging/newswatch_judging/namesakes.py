"""Namesakes and dishes: what bears the name of something else and is not meant by it.

A village called Mali and the Hotel Russia are no countries, a chemist named Lavrov is no minister, the Café Embassy is
no embassy, and of Russian salad, French bulldogs and montagnes russes no country follows.
"""

from collections.abc import Sequence
from itertools import takewhile

from newswatch_core.text import Document, fold


def _words(text: str) -> frozenset[str]:
    return frozenset(map(fold, text.split()))


_CALLED = _words("""
    called named nicknamed dubbed baptised christened nommé nommée appelé appelée baptisé baptisée surnommé surnommée
    dénommé dénommée prénommé prénommée namens genannt genannte llamado llamada bautizado bautizada apodado apodada
    chamado chamada batizado batizada apelidado apelidada chiamato chiamata zwany zwana
""")
_ONE = _words("a an one another un une ein eine einem einer einen eines uma um una certain")
_SAYS = _words("""
    study report statement source article paper post resolution minister president spokesman spokeswoman official
    officer general envoy diplomat ambassador rapport communiqué ministre président porte-parole responsable diplomate
    country state nation republic pays état Land Staat país estado paese
""")
"""Who names a country means the country; and a country may be called by its name."""
_CALLED_ALWAYS = _words("фамилии названием кличке прозвищу اسمه اسمها يدعى تدعى يسمى تسمى المسمى المسماة")
_COUNTRY = _words("страна страной стране государство государством دولة بلد الدولة البلد")
_AFTER = _words("adlı isimli")
_KIND = _words("""
    hotel hôtel café cafe bar pub restaurant restaurante cinema cinéma cine kino pizzeria bistro bistrot brasserie disco
    nightclub ferry yacht trawler tanker barge paquebot chalutier Dorf Weiler Gasthof Gasthaus Kneipe barrio
    деревня деревне деревню деревней село селе посёлок посёлке хутор хуторе улица улице гостиница гостинице отель отеле
    ресторан ресторане кафе бар баре кинотеатр кинотеатре пароход теплоход
""")
_ARTICLES = _words(
    "the a an le la l du au un une el al un una o no do ao um der die das dem den im zum am ein eine einem einer"
)
_OWN_ARTICLES = frozenset({"l", "la", "le", "el", "the", "a", "o"})
_ADJECTIVES = ("an", "ans", "ch", "ese", "be")
"""How English adjectives end: of "the hotel Russian guests like" nothing bears the name."""
_BEFORE = _CALLED | _CALLED_ALWAYS | _KIND
_DISHES_AND_BREEDS = {
    "en": _words("""
        salad salads soup soups stew stews pancake pancakes dumpling dumplings pie pies pudding omelette omelettes
        omelet toast fries gravy dressing pastry pastries casserole broth cupcake doll dolls roulette bulldog
        bulldogs poodle poodles terrier terriers spaniel spaniels wolfhound wolfhounds hound hounds mastiff hamster
        hamsters tortoise tortoises thistle sage kale olive olives marigold marigolds waltz sleigh
    """),
    "de": _words("""
        Salat Salate Suppe Suppen Eintopf Zupfkuchen Torte Eier Dressing Soße Roulette Bulldogge Bulldoggen Terrier
        Pudel Windhund Windhunde Zwerghamster Hamster Puppe Puppen Schach Knoblauchbrot
    """),
    "ru": _words("""
        рулетка рулетку рулетке рулеткой рулетки салат салата салате салаты суп супа супом торт торта торты пирог пирога
        пироги соус соуса борзая борзой борзую терьер терьера спаниель спаниеля бульдог бульдога бульдоги пудель хомяк
        хомяка горки горках горок матрёшка матрёшки матрёшку булка булки булочка булочки тост тосты
    """),
    "fr": _words("""
        salade salades charlotte charlottes blinis bortsch soupe soupes ragoût crêpe crêpes beignets gâteau gâteaux
        tarte tartes omelette sauce sauces poulet roulette montagnes poupée poupées bouledogue bouledogues lévrier
        lévriers caniche caniches terrier terriers hamster hamsters tortue tortues
    """),
    "es": _words("""
        ensalada ensaladas ensaladilla sopa sopas guiso tarta tortilla tortillas salsa pastel pasteles filete ruleta
        montaña montañas muñeca muñecas bulldog bulldogs galgo galgos caniche terrier hámster
    """),
    "pt": _words("""
        salada saladas sopa sopas guisado bolo bolos torta omelete molho bife roleta montanha montanhas boneca bonecas
        buldogue buldogues galgo terrier hamster
    """),
    "ar": _words(
        "سلطة السلطة شوربة الشوربة حساء الحساء كعكة الكعكة صلصة الصلصة روليت الروليت دمية الدمية بولدوغ البولدوغ"
    ),
}
_NOUN_FIRST = frozenset({"fr", "es", "pt", "ar"})
_LOOKS_BACK = 5


def names_a_namesake(document: Document, first: int, last: int) -> str:
    """The words that make a name something else's here, or ""."""
    words, sentence = document.words, document.sentence_holding(first)
    if last < sentence.last and fold(words[last]) in _AFTER:
        return words[last]
    if first > sentence.first + 1 and fold(words[first - 1]) in _OWN_ARTICLES and words[first - 1][0].isupper():
        # Bar La Embajada, Restaurant L'Ambassade
        first -= 1
    word = fold(words[first - 1]) if first > sentence.first else ""
    if word not in _BEFORE or document.between(first - 1).strip(" \u00a0«“\"'‘„"):
        return ""
    earlier = words[max(sentence.first, first - _LOOKS_BACK) : first - 1]
    if word in _KIND:
        is_named = _bears_the_name(words[first - 1], earlier) and _is_proper(words[first])
    elif word in _CALLED:
        is_named = _is_one_called(earlier)
    else:
        is_named = not _COUNTRY.intersection(map(fold, earlier))
    return words[first - 1] if is_named else ""


def names_a_dish(document: Document, first: int, last: int, language: str) -> str:
    """The dish, breed or toy that an adjective of a country belongs to, or ""."""
    known = _DISHES_AND_BREEDS.get(language)
    if known is None:
        return ""
    sentence = document.sentence_holding(first)
    place = first - 1 if language in _NOUN_FIRST else last
    if not sentence.first <= place < sentence.last or fold(document.words[place]) not in known:
        return ""
    return "" if document.between(min(first, place)).strip(" -‑") else document.words[place]


def _bears_the_name(kind: str, earlier: Sequence[str]) -> bool:
    """Is it a house or a ship? "To bar Russia" and "they ferry Malian soldiers" are verbs, and have no article."""
    if "а" <= fold(kind)[0] <= "я":
        return True
    return fold(earlier[-1]) in _ARTICLES if earlier else kind[0].isupper()


def _is_one_called(before: Sequence[str]) -> bool:
    """Does "a village" stand before "called"? "He named Diop" and "a minister called Moscow" are something else."""
    noun = list(takewhile(lambda word: word.islower() and fold(word) not in _ONE, reversed(before)))
    one = before[-1 - len(noun)] if len(noun) < len(before) else ""
    return bool(noun) and fold(one) in _ONE and fold(noun[0]) not in _SAYS


def _is_proper(name: str) -> bool:
    return name[0].isupper() and not name.isupper() and not fold(name).endswith(_ADJECTIVES)
