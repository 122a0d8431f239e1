import encodings
import encodings.aliases
import pkgutil

import pytest

from include.wirewatch.extract.decode import decode

TEXTS = {
    "ru": (
        "Переговоры о прекращении огня продолжились во вторник, и стороны не смогли договориться о том, "
        "что будет с городом после выборов. По словам чиновника, это была последняя встреча в этом году."
    ),
    "uk": (
        "Переговори про припинення вогню тривали у вівторок, але сторони не змогли домовитися про те, "
        "що буде з містом після виборів. За словами посадовця, це була остання зустріч у цьому році, її "
        "перенесли."
    ),
    "pl": (
        "Rozmowy o zawieszeniu broni trwały we wtorek, ale strony nie zdołały się porozumieć w sprawie "
        "tego, co będzie z miastem po wyborach. Według urzędnika to było ostatnie spotkanie w tym roku, "
        "które się odbyło."
    ),
    "cs": (
        "Jednání o příměří pokračovala v úterý, ale strany se nedokázaly dohodnout na tom, co bude s "
        "městem po volbách. Podle úředníka to bylo poslední setkání v tomto roce, které se konalo."
    ),
    "de": (
        "Die Gespräche über eine Waffenruhe wurden am Dienstag fortgesetzt, doch die Seiten konnten "
        "sich nicht darüber einigen, was nach den Wahlen mit der Stadt geschehen würde."
    ),
    "fr": (
        "Les négociations sur le cessez-le-feu se sont poursuivies mardi, mais les parties n'ont pas "
        "réussi à s'entendre sur ce qui arrivera à la ville après les élections. Selon un responsable, "
        "c'était la dernière réunion de l'année."
    ),
    "el": (
        "Οι συνομιλίες για την κατάπαυση του πυρός συνεχίστηκαν την Τρίτη, αλλά οι πλευρές δεν μπόρεσαν "
        "να συμφωνήσουν για το τι θα γίνει με την πόλη μετά από τις εκλογές."
    ),
    "tr": (
        "Ateşkes görüşmeleri salı günü devam etti ancak taraflar seçimlerden sonra şehre ne olacağı "
        "konusunda anlaşamadı. Bir yetkiliye göre bu, bu yılın son toplantısı oldu ve çok uzun sürdü."
    ),
    "he": ("השיחות על הפסקת האש נמשכו ביום שלישי, אך הצדדים לא הצליחו להגיע להסכמה על מה שיהיה עם העיר לאחר הבחירות"),
    "ar": (
        "استمرت محادثات وقف إطلاق النار يوم الثلاثاء لكن الطرفين لم يتمكنا من الاتفاق على ما سيحدث في "
        "المدينة بعد الانتخابات من قبل المسؤولين في الحكومة إلى أن"
    ),
    "ja": ("停戦に関する協議は火曜日も続いたが、双方は選挙後に都市がどうなるかについて合意できなかった。"),
    "zh": (
        "关于停火的谈判周二继续进行，但双方未能就选举后这座城市的未来达成一致。一位官员说，这是今年的最后一次会议。"
    ),
    "zh-tw": (
        "關於停火的談判週二繼續進行，但雙方未能就選舉後這座城市的未來達成一致。一位官員說，這是今年的最後一次會議。"
    ),
    "ko": ("휴전 협상은 화요일에도 계속되었지만 양측은 선거 이후 도시가 어떻게 될지에 대해 합의하지 못했다."),
    "th": ("การเจรจาหยุดยิงดำเนินต่อไปในวันอังคาร แต่ทั้งสองฝ่ายไม่สามารถตกลงกันได้ว่าจะเกิดอะไรขึ้นกับเมืองหลังการเลือกตั้ง"),
}
ENCODINGS = [
    ("ru", "cp1251"), ("ru", "koi8_r"), ("ru", "iso8859_5"), ("ru", "cp866"), ("uk", "cp1251"), ("uk", "koi8_u"),
    ("pl", "cp1250"), ("pl", "iso8859_2"), ("cs", "cp1250"), ("cs", "iso8859_2"), ("de", "cp1252"),
    ("fr", "iso8859_15"),
    ("el", "cp1253"), ("el", "iso8859_7"), ("tr", "cp1254"), ("he", "cp1255"), ("ar", "cp1256"), ("ja", "cp932"),
    ("ja", "euc_jp"), ("ja", "iso2022_jp"), ("zh", "gb18030"), ("zh-tw", "big5hkscs"), ("ko", "cp949"), ("th", "cp874"),
    ("ru", "utf-8"), ("ja", "utf-8"),
]  # fmt: skip
LATIN = {"pl", "cs", "de", "fr", "tr"}


def page_in(language: str, encoding: str, meta: str = "") -> bytes:
    text = f"<html><head>{meta}<title>x</title></head><body><p>{TEXTS[language]}</p></body></html>"
    return text.encode(encoding, "xmlcharrefreplace")


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_a_page_that_declares_nothing_is_read_by_its_words(language: str, encoding: str) -> None:
    assert TEXTS[language] in decode(page_in(language, encoding), "text/html").text


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_a_header_is_believed(language: str, encoding: str) -> None:
    assert TEXTS[language] in decode(page_in(language, encoding), f"text/html; charset={encoding}").text


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_a_wrong_utf_8_label_is_not_believed(language: str, encoding: str) -> None:
    assert TEXTS[language] in decode(page_in(language, encoding), "text/html; charset=utf-8").text


@pytest.mark.parametrize(("language", "encoding"), [pair for pair in ENCODINGS if pair[0] not in LATIN])
def test_a_servers_default_of_latin_1_is_not_believed_on_another_script(language: str, encoding: str) -> None:
    assert TEXTS[language] in decode(page_in(language, encoding), "text/html; charset=ISO-8859-1").text


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_the_pages_own_meta_wins_over_a_servers_default_of_latin_1(language: str, encoding: str) -> None:
    body = page_in(language, encoding, f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}">')
    assert TEXTS[language] in decode(body, "text/html; charset=iso-8859-1").text


def test_a_byte_order_mark_wins_over_everything() -> None:
    decoded = decode("<p>Перемирие</p>".encode("utf-8-sig"), "text/html; charset=windows-1251")
    assert decoded == ("<p>Перемирие</p>", "utf-8", "bom")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_and_without_a_mark(encoding: str) -> None:
    assert decode(page_in("de", encoding)).text == page_in("de", "utf-8").decode()


def test_windows_1252_punctuation_in_a_latin_1_page_is_kept() -> None:
    assert decode(b"<p>\x93cease\x97fire\x94</p>", "text/html; charset=iso-8859-1").text == "<p>“cease—fire”</p>"


def test_utf_8_with_a_damaged_byte_stays_utf_8() -> None:
    body = page_in("ru", "utf-8") + b"\xd0"
    decoded = decode(body, "text/html; charset=utf-8")
    assert (decoded.encoding, decoded.text.count("\ufffd")) == ("utf-8", 1)


@pytest.mark.parametrize(
    "label", ["base64", "idna", "rot13", "utf-7", "no-such", "punycode", "unicode_escape", "undefined"]
)
def test_a_label_that_is_no_page_encoding_is_ignored(label: str) -> None:
    text = "<p>Caf\\u00e9 +ADw- ultimatum</p>"
    assert decode(text.encode(), f"text/html; charset={label}").text == text


def test_bytes_that_fit_nothing_are_replaced_and_said_to_be() -> None:
    decoded = decode(b"<p>" + bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D]) * 40 + b"</p>")
    assert decoded.origin in ("replaced", "detected")
    assert decoded.text.startswith("<p>")


def test_no_label_that_python_knows_can_break_decoding() -> None:
    names = {module.name for module in pkgutil.iter_modules(encodings.__path__)} | set(encodings.aliases.aliases)
    for name in sorted(names):
        decoded = decode(b"<p>caf\xe9 \xff\xfe ~{ \x1b$B</p>" * 30, f"text/html; charset={name}")
        assert isinstance(decoded.text, str), name
