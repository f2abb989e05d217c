"""Words too common to name anything by themselves, in the languages of most desks. Folded, as words are compared."""

from newswatch_core.text import fold

_FUNCTION = """
    a about after again all also am an and any are as at be because been before being between both but by can could did
    do does down during each even few for from further get had has have he her here him his how i if in into is it its
    just like made make many may me more most much must my new no not now of off on once one only or other our out over
    own same she should so some such than that the their them then there these they this those through to too two under
    until up us very was we were what when where which while who whom why will with would year years you your
    au aux avec ce ces cette comme dans de depuis des deux du elle en entre est et eu ils je la le les leur lui mais
    meme mes mon ne nos notre nous on ont ou par pas plus pour qu que qui sa sans se sera ses si son sont sous sur ta
    tous tout tres un une vers vos votre vous
    al como con cual cuando del desde donde dos el ella ellos entre era es esta estan este esto fue ha han hasta hay la
    las lo los mas muy nada ni nos otra otro para pero por porque que quien se ser si sin sobre son su sus tambien tiene
    todo una uno y ya
    ao aos apos as ate com da das dos ela eles em essa esse foi isso ja mais mas mesmo muito na nao nas nem no nos o os
    ou pela pelo per pode quando sao sem ser seu sua tambem tem um uma
    aber alle als am auch auf aus bei bin bis das dass dem den der des die doch du ein eine einem einen einer er es fur
    hat ich ihr im ist ja kein man mehr mit nach nicht noch nur oder schon sein seine sich sie sind so uber um und uns
    von vor war was wenn wer werden wie wir wird zu zum zur
    ve bir bu da de icin ile cok daha gibi kadar olan olarak ne ya en
    i w z na do nie sie to jest ze od po jak za co przez dla ale czy tak przy
    а без более был была были было быть в вам вас весь во вот все всего вы где да для до его ее если есть еще же за и из
    или им их к как когда кто ли либо мне может мы на над не него нет ни но ну о об однако он она они оно от по под при
    с со так также такой там те тем то того тоже той только том ты у уже хотя чего чей чем что чтобы эта эти это этот я
    في من على إلى عن أن إن مع هذا هذه التي الذي كان قد ما لا هو هي بعد قبل بين كل أو ثم
"""
_OF_THE_NEWS = """
    state states union alliance force forces army council group party bank press house court law act war peace aid gas
    oil sea sun star post times today news media world security government minister president general march country
    people report reports week month day says said police city capital north south east west african international
    national talks deal crisis attack border leader republic region trade
    etat etats armee conseil groupe parti presse banque cour loi guerre paix monde pays gouvernement ministre
    president ville capitale accord crise attaque frontiere nord sud est ouest region semaine
    estado estados alianza ejercito consejo grupo partido guerra paz mundo gobierno ministro presidente pais ciudad
    capital acuerdo crisis ataque frontera norte sur este oeste
    exercito conselho grupo mundo governo cidade acordo crise ataque fronteira
    staat regierung krieg frieden welt land armee stadt grenze minister partei bank
    devlet hukumet savas baris dunya ulke sehir sinir bakan parti
    panstwo rzad wojna pokoj swiat kraj miasto granica minister partia
    государство союз альянс армия совет группа партия война мир банк газета страна правительство министр президент
    город столица граница атака кризис неделя день год
    دولة اتحاد تحالف جيش مجلس حزب حرب سلام حكومة وزير رئيس مدينة عاصمة حدود هجوم أزمة بلد
"""

FUNCTION_WORDS = frozenset(map(fold, _FUNCTION.split()))
"""Stand in nearly every article of their language."""

COMMON_WORDS = FUNCTION_WORDS | frozenset(map(fold, _OF_THE_NEWS.split()))
"""Stand in the news every day."""
