"""Other people's names: Kirill Lavrov, Adama Traoré and Coach Diop are not who is tracked."""

from collections.abc import Set as AbstractSet
from functools import cache

from newswatch_core.text import Document, fold
from newswatch_judging.inflect import is_cyrillic, name_forms

_LATIN = """
    Adam Alan Albert Alexander Alexandre Alejandro Alice Aleksandr Alexei Alexey Alexandra Alfred Amélie Ana
    Anastasia Anatoly Andrea Andreas Andrei Andrew Andrey Andrés Ann Anna Anne Anton Antonio Anatoli Arthur Barbara
    Ben Benjamin Bernard Bill Bob Bobby Boris Brian Carl Carla Carlos Carol Catherine Charles Charlotte Chris
    Christian Christine Claire Claude Daniel Daria David Denis Diana Dieter Dirk Dmitri Dmitry Edward Ekaterina
    Elena Elisabeth Elizabeth Emily Emma Eric Erik Ernst Eugene Evgeny Fernando Florian Francis François Frank
    Franz Fred Friedrich Fritz Fyodor Gennady Georg George Georges Georgy Gerhard Gleb Greg Günter Hannah Hans
    Harry Heidi Heinrich Helen Helga Henri Henry Herbert Hugo Igor Ilya Inna Irina Ivan Jack Jacques Jakob James
    Jan Jane Jason Javier Jean Jim Joachim Joe Johann John Jonas Jorge José Josef Joseph Juan Julia Julie Julien
    Jürgen Kai Karin Karl Karol Katharina Katja Kate Kevin Kirill Klaus Konstantin Kurt Lars Laura Laurent Léa Leo
    Leon Leonid Linda Louis Lucas Lucie Ludmila Luis Lukas Lydia Lyubov Manfred Marc Marcel Marco Margaret Maria
    Marie Marina Mario Mark Marta Martha Martin Mary Mathieu Matthias Max Maxim Michael Michel Miguel Mikhail Mike
    Monika Nadia Natalia Natasha Nicolas Nicole Nikita Nikolai Nikolay Nina Oleg Olga Oliver Olivier Oscar Oskar
    Otto Pablo Pascal Patrick Paul Paula Pavel Pedro Peter Petr Philip Philippe Pierre Pyotr Rainer Ralf Raymond
    Renate Richard Robert Roger Roland Roman Rosa Rudolf Ruslan Ruth Sabine Sam Samuel Sandra Sarah Simon Sofia
    Sophie Stanislav Stefan Stéphane Stephen Steve Susan Susanne Svetlana Sven Tamara Tanya Tatiana Thierry Thomas
    Tim Timur Tobias Tom Tony Ulrich Ursula Uwe Vadim Valentina Valery Vanessa Vasily Vera Veronika Victor Viktor
    Vincent Virginie Vitaly Vladislav Vyacheslav Walter Werner Wilhelm William Wolfgang Yana Yekaterina Yelena
    Yulia Yuri Yves Zoé Abdou Abdoul Abdoulaye Adama Aïcha Aïssata Alassane Alfousseyni Alhassane Ali Alioune Alpha
    Amadou Aminata Aminatou Amina Anta Armand Assa Astou Awa Aya Babacar Bakary Bertrand Bineta Binta Birame Blaise
    Boubacar Cheick Cheikh Coumba Daouda Demba Dioncounda Djeneba Djibril Djimi Drissa Fanta Fatima Fatou Fatoumata
    Garba Habib Hadja Halima Hamadou Hamari Hamidou Hassan Hawa Ibrahima Idrissa Inoussa Ismaïla Issa Issouf
    Issoufou Kadiatou Kadidia Karamoko Karim Khadija Lacina Lamine Lassina Macky Mahamadou Mahamane Makhtar Malick
    Mamadou Mamoudou Mariam Mariama Mati Modibo Mohamed Mohammed Moussa Moustapha Mustafa Nafissatou Ndèye Nana
    Omar Oumar Oumou Ousmane Papa Ramata Rokia Safiatou Salif Salifou Samba Sékou Serigne Seydou Sidi Sory
    Souleymane Tidiane Tiémoko Yacouba Yaya Youssouf Zakaria
"""
_CYRILLIC = """
    Александр Александра Алексей Алёна Алина Анастасия Анатолий Андрей Анна Антон Артём Борис Вадим Валентин
    Валентина Валерий Василий Вера Вероника Виктор Виталий Владислав Всеволод Вячеслав Галина Геннадий Георгий Глеб
    Григорий Дарья Денис Дмитрий Евгений Евгения Екатерина Елена Елизавета Иван Игорь Илья Инна Ирина Карл Кирилл
    Константин Ксения Лариса Лев Леонид Лидия Любовь Людмила Маргарита Марина Мария Марк Михаил Надежда Наталья
    Никита Николай Нина Оксана Олег Ольга Павел Пётр Рихард Роберт Роман Руслан Светлана Святослав Семён Софья
    Станислав Степан Тамара Татьяна Тимофей Тимур Фёдор Филипп Эдуард Юлия Юрий Яна Ярослав Адама Амаду Аминату
    Бертран Бубакар Мамаду Мариам Мохамед Мусса Усман Фату Шейх
"""
_ARABIC = """
    أحمد إيفان إيغور أليكسي ألكسندر أندريه أنطون بوريس بيوتر بطرس تاتيانا جورج دميتري رومان ريتشارد روبرت سفيتلانا
    فيكتور كيريل محمد محمود مصطفى ماريا ميخائيل نيكولاي نينا ناتاليا يوري عمر فاطمة مامادو موسى عثمان حسن حسين
"""
_TITLES = """
    Frau Fräulein Mrs Ms Miss Mme Madame Mademoiselle Señora Doña Senhora Dona Dr Prof Professor Professeur
    Profesor Doctor Docteur Doktor Maître Meister Coach Referee Trainer Pfarrer Pater Pastor Chef Koch Köchin
    Bäcker Bäckermeister Hausmeister Schneider Lehrer Lehrerin Nurse Sister Brother Rabbi Judge Uncle Aunt Tante
    Onkel Oncle госпожа профессор доктор тренер бабушка дедушка тётя дядя
"""
"""Of whom none is meant by a bare surname of a minister or president."""


@cache
def _names() -> frozenset[str]:
    inflected = (form for name in _CYRILLIC.split() for form in name_forms(name, "ru"))
    return frozenset(map(fold, f"{_LATIN} {_ARABIC}".split())).union(inflected)


@cache
def _titles() -> frozenset[str]:
    return frozenset(map(fold, _TITLES.split()))


def names_another(document: Document, first: int, own: AbstractSet[str]) -> str:
    """The given name or title before a bare surname that makes it another person's, or "".

    `own` are the given names, folded, of the person who is tracked.
    """
    if first == document.sentence_holding(first).first:
        return ""
    word = document.words[first - 1]
    form = fold(word)
    is_name = form in _names() and form not in own and not word[0].islower()
    is_title = form in _titles() and (not word[0].islower() or is_cyrillic(word))
    if not is_name and not is_title:
        return ""
    return "" if document.between(first - 1).strip(" .") else word
