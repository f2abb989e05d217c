"""The keyword sets of the desk in seeds/, in their languages, and what only looks like them."""

from functools import cache
from pathlib import Path

import pytest

from newswatch_core.text import read
from newswatch_judging.keywords import read_keywords
from newswatch_judging.terms import Terms

SEEDS = Path(__file__).parents[3] / "seeds"

FOUND = [
    ("coup", "en", "Soldiers in the capital denied that a coup was under way."),
    ("coup", "fr", "Les putschistes se sont réunis ; deux coups d'État en un an."),
    ("coup", "ru", "Попытка госпереворота провалилась, путчисты арестованы."),
    ("coup", "ar", "تحدثت السلطات عن محاولة انقلاب فاشلة"),
    ("coup", "es", "El Gobierno denuncia un intento de golpe de Estado."),
    ("coup", "de", "Nach dem Militärputsch wurden die Putschisten gefeiert."),
    ("coup", "zh", "军方否认发生政变"),
    ("mutiny", "en", "The mutineers laid down their arms."),
    ("mutiny", "fr", "Une mutinerie a éclaté ; les mutins négocient."),
    ("mutiny", "ru", "Мятежники сдались, мятеж подавлен."),
    ("mutiny", "de", "Eine Meuterei in der Kaserne."),
    ("sanctions", "en", "The council lifted its sanctions and the arms embargo."),
    ("sanctions", "fr", "Un gel des avoirs et d'autres sanctions."),
    ("sanctions", "ru", "Против санкций выступили трое."),
    ("sanctions", "ar", "رفعت المنظمة العقوبات الاقتصادية"),
    ("sanctions", "es", "La Unión impuso sanciones a dos ministros."),
    ("sanctions", "pt", "As sanções foram levantadas."),
    ("withdrawal", "en", "The troops withdrew; the pullout took a week."),
    ("withdrawal", "fr", "Le retrait des soldats s'achève."),
    ("withdrawal", "ru", "О выводе войск объявили вчера."),
    ("withdrawal", "ar", "أعلنت باريس انسحاب قواتها"),
    ("withdrawal", "de", "Der Abzug der Soldaten beginnt."),
    ("diplomats", "en", "Two diplomats and the ambassador left."),
    ("diplomats", "fr", "Les ambassadeurs ont été reçus."),
    ("diplomats", "ru", "Послу вручили ноту; дипломаты уехали."),
    ("diplomats", "ar", "استدعت الوزارة السفير"),
    ("diplomats", "de", "Die Botschafterin wurde einbestellt."),
    ("expulsion", "en", "Two attachés were expelled."),
    ("expulsion", "fr", "Deux agents ont été expulsés."),
    ("expulsion", "ru", "Двоих выслали из страны, третий объявлен персоной нон грата."),
    ("expulsion", "ar", "قررت الحكومة طرد القنصل"),
    ("expulsion", "es", "El Gobierno expulsó al agregado."),
    ("expulsion", "de", "Zwei Attachés wurden ausgewiesen."),
    ("relations-break", "en", "The junta severed diplomatic ties with its neighbour."),
    ("relations-break", "fr", "Le pays annonce la rupture des relations diplomatiques."),
    ("relations-break", "ru", "Страна разорвала дипломатические отношения с соседом."),
    ("relations-break", "ar", "أعلنت قطع علاقاتها الدبلوماسية"),
    ("relations-break", "es", "El país rompe relaciones con su vecino."),
    ("airstrike", "en", "Air strikes hit a market."),
    ("airstrike", "fr", "Des frappes aériennes ont touché un marché."),
    ("airstrike", "ru", "После авиаударов начался пожар."),
    ("airstrike", "ar", "قتل عشرة في غارات جوية"),
    ("airstrike", "de", "Bei Luftangriffen starben zehn Menschen."),
    ("drone", "en", "Drones circled over the camp."),
    ("drone", "fr", "Un drone s'est écrasé."),
    ("drone", "ru", "Беспилотники сбили над лагерем."),
    ("drone", "ar", "أسقط الجيش طائرة مسيرة"),
    ("drone", "de", "Mehrere Drohnen wurden gesehen."),
    ("drone", "tr", "Ordu bir SİHA düşürdü."),
    ("abduction", "en", "Gunmen kidnapped an engineer; no ransom was asked."),
    ("abduction", "fr", "L'enlèvement de deux ingénieurs ; les otages vont bien."),
    ("abduction", "ru", "Похищенных инженеров ищут, заложников пятеро."),
    ("abduction", "ar", "خطف مسلحون مهندسين وطلبوا فدية"),
    ("abduction", "es", "Dos ingenieros fueron secuestrados."),
    ("abduction", "de", "Zwei Ingenieure wurden entführt."),
    ("ceasefire", "en", "A cease-fire was signed."),
    ("ceasefire", "fr", "Le cessez-le-feu tient."),
    ("ceasefire", "ru", "О прекращении огня договорились."),
    ("ceasefire", "ar", "وافق الطرفان على وقف إطلاق النار"),
    ("arms-delivery", "en", "A delivery of military equipment and armoured vehicles."),
    ("arms-delivery", "fr", "Une livraison d'armes et de véhicules blindés."),
    ("arms-delivery", "ru", "Поставки вооружений и бронетехники."),
    ("arms-delivery", "ar", "وصلت معدات عسكرية إلى الميناء"),
    ("arms-delivery", "de", "Die Waffenlieferungen gehen weiter."),
    ("mercenaries", "en", "Mercenaries guard the mine."),
    ("mercenaries", "fr", "Des mercenaires gardent la mine."),
    ("mercenaries", "ru", "Наёмников видели у рудника."),
    ("mercenaries", "ar", "شوهد المرتزقة قرب المنجم"),
    ("mercenaries", "de", "Die Söldner bewachen das Bergwerk."),
    ("uranium", "fr", "L'uranium de la mine."),
    ("uranium", "ru", "Запасы урана растут, урановых рудников два."),
    ("uranium", "ar", "صادرات اليورانيوم"),
    ("uranium", "es", "La mina de uranio."),
    ("uranium", "de", "Die Uranmine steht still."),
    ("transition", "fr", "Les élections législatives sont reportées."),
    ("transition", "ru", "Президентские выборы отложены, переходный период продлён."),
    ("transition", "ar", "تأجيل الانتخابات الرئاسية"),
    ("border-closure", "en", "The border remains closed."),
    ("border-closure", "fr", "Après la fermeture des frontières."),
    ("border-closure", "ru", "Страна закрыла воздушное пространство."),
    ("border-closure", "ar", "قررت إغلاق مجالها الجوي"),
    ("jihadists", "en", "Jihadists attacked at dawn."),
    ("jihadists", "ru", "Джихадистов отбросили."),
    ("jihadists", "ar", "هاجم جهاديون القرية"),
    ("military-presence", "en", "The air base was handed over."),
    ("military-presence", "ru", "О военном сотрудничестве говорили два часа."),
    ("military-presence", "ar", "أغلقت القاعدة العسكرية"),
]
NOT_FOUND = [
    ("coup", "fr", "Un coup de théâtre, puis un coup franc et le coup d'envoi."),
    ("coup", "fr", "Il a reçu un coup sur la tête."),
    ("coup", "en", "A transfer coup for the club."),
    ("coup", "ar", "انقلاب حافلة على الطريق السريع"),
    ("coup", "ru", "Переворот в науке о полимерах."),
    ("mutiny", "en", "They watched Mutiny on the Bounty."),
    ("mutiny", "ar", "ثقافة التمرد في الشعر"),
    ("sanctions", "en", "The league announced sanctions for the club."),
    ("sanctions", "es", "Sin embargo, la lluvia siguió."),
    ("withdrawal", "en", "Cash withdrawals are limited again."),
    ("withdrawal", "fr", "Le retrait de billets est limité."),
    ("diplomats", "ru", "После обеда начался дождь."),
    ("diplomats", "ar", "العلاقات الدبلوماسية جيدة"),
    ("diplomats", "en", "The singer is a goodwill ambassador."),
    ("airstrike", "en", "Air traffic controllers on strike."),
    ("drone", "en", "A wedding drone filmed the couple."),
    ("drone", "ar", "سعر الصرف بلغ عشرة دراهم، والدرهم يرتفع"),
    ("abduction", "fr", "L'enlèvement des ordures reprend."),
    ("ceasefire", "fr", "Les joueurs profitent de la trêve hivernale."),
    ("arms-delivery", "en", "He crossed his arms; the delivery was late."),
    ("uranium", "ru", "Планета Уран и её спутники."),
    ("uranium", "en", "Shells of depleted uranium."),
    ("transition", "fr", "La transition énergétique avance."),
    ("border-closure", "en", "Shops at the border closed early."),
    ("jihadists", "ru", "Режиссёр снимает боевики для кино."),
    ("jihadists", "ar", "الجهاد الأكبر جهاد النفس"),
    ("military-presence", "fr", "La base de données est en ligne."),
]


@cache
def terms() -> Terms:
    return Terms(read_keywords(SEEDS).sets, ())


def found(keywords: str, language: str, text: str) -> bool:
    return ("keywords", keywords) in terms().find(read("", text), language)


@pytest.mark.parametrize(("keywords", "language", "text"), FOUND)
def test_a_set_is_found_in_its_languages_and_forms(keywords: str, language: str, text: str):
    assert found(keywords, language, text)


@pytest.mark.parametrize(("keywords", "language", "text"), NOT_FOUND)
def test_what_only_looks_like_it_is_not_found(keywords: str, language: str, text: str):
    assert not found(keywords, language, text)


def test_every_set_is_tried():
    assert {keywords for keywords, _, _ in FOUND} == read_keywords(SEEDS).sets.keys() - {"embassy", "military-force"}
