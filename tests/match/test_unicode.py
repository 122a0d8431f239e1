"""Which spellings are one word, and which are not."""

import pytest

from include.wirewatch.match import Document, query_rules

# query, text in which it must be found
SAME = {
    "case": ("ceasefire", "CEASEFIRE now"),
    "non-breaking hyphen": ("cease-fire", "the cease\u2011fire"),
    "hyphen": ("cease-fire", "the cease\u2010fire"),
    "en dash": ("cease-fire", "the cease\u2013fire"),
    "minus": ("cease-fire", "the cease\u2212fire"),
    "space": ("cease-fire", "the cease fire"),
    "no-break space": ('"cease fire"', "the cease\u00a0fire"),
    "narrow no-break space": ('"cease fire"', "the cease\u202ffire"),
    "line break": ('"cease fire"', "the cease\nfire"),
    "soft hyphen": ("ceasefire", "the cease\u00adfire"),
    "zero-width space": ("ceasefire", "the cease\u200bfire"),
    "zero-width joiner": ("ceasefire", "the cease\u200dfire"),
    "word joiner": ("ceasefire", "the cease\u2060fire"),
    "byte order mark": ("ceasefire", "\ufeffceasefire"),
    "left-to-right mark": ("ceasefire", "the \u200eceasefire"),
    "decomposed": ("trêve", "une tre\u0302ve"),
    "composed": ("tre\u0302ve", "une trêve"),
    "fullwidth": ("ceasefire", "ｃｅａｓｅｆｉｒｅ"),
    "fullwidth, exact case": ("{UN}", "the ＵＮ"),
    "mathematical bold": ("truce", "𝐭𝐫𝐮𝐜𝐞"),
    "ligature": ("ceasefire", "cease\ufb01re"),
    "sharp s": ("Strasse", "die Straße"),
    "capital sharp s": ("Straße", "DIE STRAẞE"),
    "? for sharp s": ("stra?e", "die Straße"),
    "? for a letter with a mark": ("a?bc", "ax\u0327bc"),
    "final sigma": ("ΠΟΛΕΜΟΣ", "ο πόλεμος"),
    "Greek capitals without accents": ("ειρήνη", "ΕΙΡΗΝΗ ΤΩΡΑ"),
    "polytonic Greek": ("ειρηνη", "ἡ εἰρήνη"),
    "dotted capital I": ("istanbul", "İstanbul"),
    "yo": ("самолет", "самолёт"),
    "yo in the query": ("Артём", "АРТЕМ"),
    "decomposed yo": ("самолет", "самоле\u0308т"),
    "decomposed short i": ("мій", "міи\u0306"),
    "stress mark": ("замок", "за\u0301мок"),
    "curly apostrophe": ("перемир'я", "перемир\u2019я"),
    "modifier apostrophe": ("перемир'я", "перемир\u02bcя"),
    "apostrophe in the query": ("перемир\u2019я", "перемир'я"),
    "variation selector": ("葛城", "葛\U000e0100城"),
    "emoji selector": ("truce", "tru\ufe0fce"),
    "acute accent for an apostrophe": ("об'єкт", "об\u00b4єкт"),
    "grave accent for an apostrophe": ("об'єкт", "об`єкт"),
    "grave accent, ASCII": ("l'ultimatum", "l`ultimatum"),
    "grave accent in the query": ("l`ultimatum", "l’ultimatum"),
    "elision with a grave accent": ("ultimatum", "l`ultimatum"),
    "exact case with a grave accent": ("{O'Brien}", "O`Brien"),
    "geresh": ("ג'נין", "ג\u05f3נין"),
    "geresh in the query": ("ג\u05f3נין", "ג'נין"),
    "Thai am, decomposed": ("น้ำ", "น้\u0e4d\u0e32"),
    "Thai am, composed": ("น้\u0e4d\u0e32", "น้ำ"),
    "Thai am inside": ("คำ", "ถ้อยค\u0e4d\u0e32แถลง"),
    "one letter before an apostrophe": ("X", "X’s owner"),
    "one letter before an apostrophe, exact case": ("{X} AND Musk", "X's Musk"),
    "elision": ("ultimatum", "l\u2019ultimatum"),
    "possessive": ("Russia", "Russia's answer"),
    "Arabic vowel points": ("هدنة", "هُدْنَة"),
    "tatweel": ("هدنة", "هدنـــة"),
    "Arabic presentation forms": ("سلام", "\ufeb3\ufefc\ufee1"),
    "Hebrew points": ("שלום", "שָׁלוֹם"),
    "maqaf": ('"הפסקת אש"', "הפסקת\u05beאש"),
    "Chinese inside a sentence": ("停火", "双方同意停火协议"),
    "Japanese": ("停戦", "両国は停戦に合意した"),
    "half-width kana": ("ガス", "ｶﾞｽ"),
    "Korean with a particle": ("휴전", "휴전을 선언했다"),
    "decomposed Hangul": ("휴전", "\u1112\u1172\u110c\u1165\u11ab"),
    "Thai": ("หยุดยิง", "ข้อตกลงหยุดยิงชั่วคราว"),
    "Hindi": ("युद्धविराम", "नया युद्धविराम लागू"),
    "Hindi nukta, composed": ("क\u093c", "\u0958"),
    "hashtag": ("ceasefire", "#ceasefire now"),
    "underscore": ('"peace talks"', "#peace_talks"),
    "Han beside Latin": ("停火", "BBC停火news"),
    "Latin with * beside Han": ("停covid*", "停covids"),
    "Latin beside Han": ("BBC", "BBC停火news"),
}
OTHER = {
    "a longer word": ("cease", "ceasefire"),
    "two words and one": ("ceasefire", "cease fire"),
    "one word and two": ("cease-fire", "ceasefire"),
    "plural": ("ultimatum", "ultimatums"),
    "? is no apostrophe": ("don?t", "don't"),
    "? is no digit": ("abc?", "abc1"),
    "? is one letter": ("stra?e", "strange, strae"),
    "elided article": ("l", "l'ultimatum"),
    "possessive s": ("s OR t", "Russia's, don't"),
    "Ukrainian letter behind an apostrophe": ("я", "перемир'я"),
    "Thai without am": ("น้ำ", "น้า"),
    "Latin accents": ("resume", "the résumé"),
    "umlaut": ("Bruder", "Brüder"),
    "short i is not i": ("мир", "мйр"),
    "Ukrainian i": ("мир", "мір"),
    "Cyrillic look-alikes": ("ceasefire", "сeasefire"),
    "ligature letters": ("Caesar", "Cæsar"),
    "Arabic letters": ("هدنة", "هدية"),
    "Latin with * beside other Han": ("停covid*", "火covids"),
    "one Han character of two": ("停火", "停战"),
    "Han in another order": ("停火", "火停"),
    "Thai, a part of it": ("หยุดยิง", "หยุดงาน"),
    "exact case": ("{UN}", "an un and Un"),
    "exact case, another word": ("{US}", "tell us"),
    "words across a full word": ('"peace talks"', "peace and talks"),
    "fraction": ("14", "¼ of them"),
    "digits": ("30", "3.0 or 300"),
}


@pytest.mark.parametrize(("query", "text"), SAME.values(), ids=SAME)
def test_spellings_of_one_word_match(query, text):
    (match,) = query_rules(query).match(Document("", text))
    assert all(text[hit.start : hit.end] == hit.text for hit in match.hits)


@pytest.mark.parametrize(("query", "text"), OTHER.values(), ids=OTHER)
def test_other_words_do_not(query, text):
    assert query_rules(query).match(Document("", text)) == ()


def test_there_are_forty_pairs():
    assert len(SAME) + len(OTHER) >= 40


SCRIPTS = {
    "Latin": ("ceasefire", "A ceasefire holds.", "ceasefire"),
    "Cyrillic": ("перемири*", "Объявлено перемирие.", "перемирие"),
    "Arabic": ("هدنة", "أُعلنت هُدْنَة أمس", "هُدْنَة"),
    "Hebrew": ("אולטימטום", "הוצב אולטימטום חדש", "אולטימטום"),
    "Greek": ("εκεχειρία", "Η ΕΚΕΧΕΙΡΙΑ ΙΣΧΥΕΙ", "ΕΚΕΧΕΙΡΙΑ"),
    "Chinese": ("制裁", "新的制裁措施", "制裁"),
    "Japanese": ("最後通牒", "ロシアは最後通牒を拒否", "最後通牒"),
    "Korean": ("제재", "새로운 제재를 발표", "제재"),
    "Thai": ("คว่ำบาตร", "มาตรการคว่ำบาตรใหม่", "คว่ำบาตร"),
    "elision": ("ultimatum", "C’est l’ultimatum.", "ultimatum"),
    "possessive": ("russia", "It is Russia’s.", "Russia"),
    "astral": ("truce", "😀𝐭𝐫𝐮𝐜𝐞😀", "𝐭𝐫𝐮𝐜𝐞"),
}


@pytest.mark.parametrize(("query", "text", "found"), SCRIPTS.values(), ids=SCRIPTS)
def test_the_hit_is_the_word_as_it_stands_in_the_text(query, text, found):
    (match,) = query_rules(query).match(Document("", text))
    (hit,) = match.hits
    assert hit.text == found == text[hit.start : hit.end]


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ('author:"Алена-Мария"', Document("", "truce", authors=("Алёна‑Мария".replace("‑", "-"),))),
        ('publisher:"L\'Équipe+"', Document("", "truce", publisher="L’ÉQUIPE+")),
        ('tag:"Straße, nass"', Document("", "truce", tags=("strasse,  NASS",))),
        ("url:artikel,12", Document("", "truce", url="https://news.example/artikel,12")),
        ('source:"a*"', Document("", "truce", source="a*")),
    ],
)
def test_values_are_compared_folded_word_by_word(query, document):
    assert query_rules(f"truce AND {query}").match(document)
    assert not query_rules(f"truce AND {query}").match(Document("", "truce"))
