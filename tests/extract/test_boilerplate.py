import pytest

from include.wirewatch.extract.boilerplate import Boilerplate, reads_as_boilerplate
from include.wirewatch.extract.markup import parse

from .samples import BODY, PARAGRAPHS, URL, extract, html

TEXT = "\n".join(PARAGRAPHS)

NOT_THE_ARTICLES_OWN = [
    "Read more: Ministers meet again in Harbour City",
    "Related articles",
    "RELATED: Port may reopen by spring",
    "See also – Grain prices fall",
    "Follow us on Twitter",
    "Sign up for our daily newsletter and get the news in your inbox",
    "Subscribe to our channel",
    "Download the Harbour Times app",
    "Marta Ilves can be reached at marta@harbour-times.example",
    "Email Jon at jon@harbour-times.example or follow him @jonokafor",
    "Follow Jon Okafor on Twitter",
    "Follow her on Twitter @martailves",
    "We may earn a commission if you buy through our links.",
    "This page has affiliate links.",
    "Get the best of Harbour Times delivered to your inbox every day.",
    "Reporting by Marta Ilves; editing by Jon Okafor",
    "© 2026 Harbour Times. All rights reserved.",
    "We use cookies to improve your experience. Accept all",
    "Tags: ceasefire, Harbour City",
    "Advertisement",
    "12 comments",
    "Lesen Sie auch: Waffenruhe hält",
    "Lire aussi : Le cessez-le-feu tient",
    "Lea también: El alto el fuego se mantiene",
    "Leia também: Trégua se mantém",
    "Leggi anche: La tregua regge",
    "Читайте также: Перемирие держится",
    "Подписывайтесь на наш канал в Telegram",
    "Читайте також: Перемир'я тримається",
    "Підписуйтесь на наш канал",
    "Czytaj też: Rozejm się utrzymuje",
    "Čtěte také: Příměří drží",
    "Διαβάστε επίσης: Η εκεχειρία κρατά",
    "Baca juga: Gencatan senjata bertahan",
    "اقرأ أيضا: صمود الهدنة",
    "関連記事",
    "相关阅读：停火仍在维持",
]
THE_ARTICLES_OWN = [
    "Read the statement that the ministry released on Tuesday and you will find no word of the ceasefire.",
    "Related-party loans rose by a tenth, the bank said.",
    "More than 400 people crossed the bridge on Sunday.",
    "See-through masks were handed out at the school.",
    "Watching the talks from the gallery, he smiled.",
    "Subscribers lost 30,000 lines, the telephone company said.",
    "Follow-up talks are planned for next week.",
    "Advertisement revenue fell by 12 percent last year.",
    "Cookies were banned from the canteen.",
    "The newsletter of the party called it a victory.",
    "Share prices fell again on Monday.",
    "Comments by the envoy were taken as a threat.",
    "Sources said the ultimatum had been withdrawn.",
    "Topics of the talks include grain and gas.",
    "Copyright law will be changed, the minister said.",
    "The European Commission proposed a ban on the purchase of gas by any member after January.",
    "Banks that buy the bonds would need leave from the commission, the minister said.",
    "The talks follow a post by the president on Telegram that promised a ceasefire.",
    "We have reached a ceasefire, wrote @envoy_ilves, and nobody will be left behind.",
    "He delivered the ultimatum by e-mail late on Sunday.",
    "In its newsletter the ministry said that both had signed the treaty.",
    "Reporting from the bridge, our correspondent saw both armies leave.",
    "Об этом сообщает издание со ссылкой на Telegram-канал ведомства.",
    "اشترك الوزير في المفاوضات التي عقدت يوم الثلاثاء.",
    "구독자 수가 작년보다 늘었다고 회사가 밝혔다.",
    "По темам переговоров стороны не договорились.",
    "Читатели газеты узнали об этом во вторник.",
]


@pytest.mark.parametrize("line", NOT_THE_ARTICLES_OWN)
def test_a_line_that_is_a_teaser_a_call_or_a_notice_goes(line: str) -> None:
    assert extract(BODY + f"<p>{line}</p>").text == TEXT


@pytest.mark.parametrize("line", THE_ARTICLES_OWN)
def test_a_sentence_that_only_begins_like_one_stays(line: str) -> None:
    assert not reads_as_boilerplate(line)


def test_a_long_paragraph_is_never_boilerplate_by_its_words() -> None:
    assert not reads_as_boilerplate("Follow us on Twitter, said the rebels, " + "and they did. " * 40)


def test_a_line_that_is_a_link_as_a_whole_goes() -> None:
    teaser = '<p><a href="/other">Ministers meet over new sanctions in the capital</a></p>'
    assert extract(BODY + teaser + f"<p>{PARAGRAPHS[0]} Again.</p>").text == TEXT + f"\n{PARAGRAPHS[0]} Again."


def test_a_linked_sentence_is_no_teaser() -> None:
    sentence = "The ministry published the full text of the sanctions on its site."
    boilerplate = links_of(f'<p><a href="/text">{sentence}</a></p>')
    assert not boilerplate.is_link(sentence)
    assert boilerplate.is_link(sentence.rstrip("."))


def test_a_link_to_another_site_is_no_teaser() -> None:
    report = "The full report of the monitors on the ceasefire"
    assert not links_of(f'<p><a href="https://monitors.example/report">{report}</a></p>').is_link(report)
    assert links_of(f'<p><a href="https://www.harbour-times.example/report">{report}</a></p>').is_link(report)


def links_of(body: str) -> Boilerplate:
    tree = parse(html(body).decode())
    assert tree is not None
    return Boilerplate.of(tree, URL)


def test_headlines_under_a_related_heading_go_with_it() -> None:
    related = "<h3>Related articles</h3><p>Sanctions on the port widened</p><p>An ultimatum, and then silence</p>"
    text = extract(BODY + related + f"<p>{PARAGRAPHS[1]} Once more.</p>").text
    assert "Sanctions on the port" not in text
    assert text.endswith("Once more.")


def test_keywords_in_navigation_banners_and_hidden_boxes_are_not_text() -> None:
    extraction = extract(
        BODY
        + '<div style="display: none">Hidden words about sanctions for readers without scripts</div>'
        + '<div class="cookie-banner"><p>This website uses cookies to improve your sanctions page. Accept</p></div>'
        + "<aside><p>Sanctions: all our coverage</p></aside><footer><p>Sanctions desk: 555-0100</p></footer>"
    )
    assert "sanctions" not in extraction.text.lower()


def test_a_popup_over_a_name_leaves_the_sentence_whole() -> None:
    links = "".join(
        f'<a href="/p/{number}">Another headline about sanctions and more {number}</a> | ' for number in range(4)
    )
    popup = f'<span class="person"><a href="/p">Marta Ilves</a><span class="box"><span>{links}</span></span></span>'
    text = extract(BODY + f"<p>The envoy {popup} said that the talks would begin on Friday at the latest.</p>").text
    assert "The envoy Marta Ilves said that the talks would begin on Friday" in text
    assert "sanctions" not in text
