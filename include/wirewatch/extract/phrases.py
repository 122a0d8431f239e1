"""The words by which readers of forty languages know a teaser, a call or a notice; boilerplate.py uses them."""

# Openings of teasers; they must be followed by a colon, a dash or nothing.
TEASERS = (
    # English
    r"related(?: (?:articles?|stor(?:y|ies)|posts?|content|coverage|news|links?|reading|topics?))?", r"read",
    r"more(?: on this(?: story)?| stories| news| from .{2,40}| about .{2,40})?", r"see(?: also| more)?",
    r"watch(?: live| now| also)?", r"also read", r"read (?:also|next|this|the full story)",
    r"recommended(?: for you| reading)?", r"must[- ]read", r"up next", r"further reading", r"listen(?: now)?",
    r"editors?['’]s? picks?", r"most (?:read|popular|viewed)", r"trending(?: now)?",
    r"you (?:may|might) (?:also )?(?:like|be interested in|have missed)", r"in case you missed it",
    r"don['’]t miss(?: .{0,30})?", r"in pictures",
    # German, Dutch, Scandinavian
    r"lesen sie (?:auch|mehr|dazu|hier)", r"mehr (?:zum thema|dazu)", r"auch interessant", r"siehe auch",
    r"zum thema", r"weiterlesen", r"lees (?:ook|meer|verder)", r"bekijk ook", r"läs (?:också|även|mer)", r"les også",
    r"les mer", r"læs også", r"lue myös",
    # French, Spanish, Portuguese, Italian, Romanian
    r"(?:à )?lire aussi", r"(?:à )?voir aussi", r"lire la suite", r"sur le même sujet", r"lea también",
    r"lee también", r"le[eé]r más", r"te puede interesar", r"(?:ver|vea) (?:también|más)", r"noticias? relacionadas?",
    r"leia (?:também|mais)", r"veja (?:também|mais)", r"saiba mais", r"você (?:também )?pode gostar(?: de)?",
    r"leggi anche", r"leggi (?:di più|tutto)", r"vedi anche", r"potrebbe interessarti", r"cite[sș]te (?:și|si)",
    r"vezi [sș]i",
    # Slavic and Baltic
    r"чита[йи]те? также", r"читать (?:также|далее)", r"смотрите также", r"по теме", r"материалы по теме",
    r"ещё по теме", r"чита[йи]те? (?:також|ще|ще за темою)", r"дивіться також", r"за темою",
    r"прочете[те]* (?:още|също)", r"още по темата", r"czytaj (?:też|także|również|więcej)",
    r"zobacz (?:też|także|również|więcej)", r"przeczytaj (?:też|także)", r"polecamy", r"čtěte (?:také|též|dále)",
    r"přečtěte si(?: také)?", r"mohlo by vás zajímat", r"prečítajte si(?: aj)?", r"pročitajte (?:još|i)",
    r"pročitajte više", r"прочитајте (?:још|и)", r"preberite (?:še|tudi)", r"taip pat skaitykite", r"lasi arī",
    r"loe (?:ka|veel)",
    # others
    r"ayrıca (?:okuyun|bakınız)", r"ilgili haber(?:ler)?", r"διαβάστε (?:επίσης|ακόμη|περισσότερα)",
    r"δείτε (?:επίσης|ακόμη)", r"olvassa? (?:el )?(?:még|tovább|is)", r"kapcsolódó(?: cikk(?:ek)?)?",
    r"baca (?:juga|selengkapnya)", r"lihat juga", r"xem thêm", r"đọc thêm", r"اقرأ (?:أيضا|أيضًا|أيضاً|المزيد)",
    r"إقرأ (?:أيضا|أيضًا|أيضاً)", r"شاهد أيضا?", r"بیشتر بخوانید", r"یہ بھی پڑھیں", r"קראו (?:גם|עוד)",
    r"यह भी पढ़ें", r"関連記事", r"あわせて読みたい", r"続きを読む",
    r"相关(?:阅读|新闻|报道)", r"相關(?:閱讀|新聞|報導)", r"延伸(?:阅读|閱讀)", r"관련 ?기사",
    r"อ่าน(?:เพิ่มเติม|ต่อ)", r"ข่าวที่เกี่ยวข้อง",
)  # fmt: skip
# Lines that are never part of an article, whatever follows.
CALLS = (
    r"read more\b", r"click here\b", r"get .{0,80}\bdelivered\b", r"get access to\b", r"order reprints",
    r"print (?:this )?article$", r"an error has occurred", r"this article has been sent to", r"https?://\S+$",
    r"updated (?:at|on)? ?\d.{0,30}$",
    r"(?:please )?(?:sign up|subscribe|register|log ?in|sign in) (?:now|here|today|below)",
    r"(?:please )?(?:sign up|subscribe|register|log ?in|sign in) to (?:our|the|get|receive|continue|read|comment)",
    r"(?:please )?(?:sign up|register|sign in) for (?:our|free|.{0,60}(?:newsletter|alerts|updates|briefing|email))",
    r"already a subscriber",
    r"(?:follow|like|join|find) (?:us|me|him|her|them|@\w+|our|the [A-Z]\w+(?: \w+){0,4}) (?:on|at)\b",
    r"follow .{2,60} on (?:twitter|facebook|instagram|x\b)",
    r"(?:download|get|install) (?:the|our) (?:\w+ ){0,3}app\b", r"share (?:this|on|via)\b",
    r"(?:story|article) continues (?:below|after)", r"advertisements?[\s:.]*$", r"advertis(?:e|ing) with us",
    r"support (?:our|independent) journalism", r"have (?:a|any) (?:news )?tips?\b",
    r"(?:do you )?have (?:a|an) (?:story|tip|opinion|question)\b",
    r"(?:tell|let) us (?:know )?(?:what you think|in the comments)",
    r"(?:leave|post|add|view|show) (?:a |your |all |\d+ )?comments?\b", r"(?:\d+ )?comments?$", r"loading\b.{0,5}$",
    r"play video", r"photo gallery\b.{0,60}$", r"newsletter(?: anmelden| abonnieren)?$",
    r"jetzt (?:anmelden|abonnieren|registrieren)", r"folgen sie uns", r"abonnieren sie", r"abonnez-vous",
    r"inscrivez-vous", r"suivez[- ](?:nous|\w+ sur)", r"suscr[ií]b[ea]te", r"s[ií]g[ua]e?nos (?:en|no)",
    r"inscreva-se", r"siga (?:o|a|nos)\b.{0,40}\bn[oa]\b", r"iscriviti", r"seguici (?:su|anche)", r"abonați-vă",
    r"подпи(?:сывайтесь|шитесь|ска на)", r"следите за", r"підпи(?:суйтесь|суйтеся|шіться)", r"стежте за",
    r"zapisz się", r"obserwuj nas", r"śledź nas", r"přihlaste se k", r"sledujte nás", r"абонирайте се",
    r"последвайте ни", r"пратите нас", r"pratite nas", r"schrijf je in", r"volg ons", r"prenumerera", r"tilmeld dig",
    r"abone ol\b", r"bizi takip", r"εγγραφείτε", r"ακολουθήστε", r"iratkozz", r"kövess", r"تابعونا",
    r"اشترك (?:الآن|في (?:النشرة|القناة|قناتنا))", r"הירשמו", r"עקבו אחרינו", r"ikuti (?:kami|berita)",
    r"theo dõi chúng tôi", r"フォローする", r"关注我们", r"구독(?:하기| 신청)",
)  # fmt: skip
LABELS = (
    r"tags?", r"filed under", r"topics?", r"categor(?:y|ies)", r"posted in", r"labels?", r"keywords?", r"теги",
    r"метки", r"рубрики?", r"schlagw[oö]rt(?:er|e)", r"étiquettes?", r"etiquetas?", r"temas?", r"tagi", r"štítky",
    r"source", r"via", r"photo(?: credit)?", r"image(?: credit)?", r"credit",
)  # fmt: skip
# One of these is in every line that a notice pattern can match; looked for first, as it is 30 times cheaper.
NOTICE_HINTS = (
    "newsletter", "your inbox", "your e", "cookie", "rights reserved", "non-commercial", "may not be", "©", "(c)",
    "copyright", "rechte vorbehalten", "droits réservés", "reservados", "riservati", "защищены", "захищені",
    "zastrzeżone", "@", "contributed to this", "reporting by", "writing by", "edit", "affiliate", "commission",
    "follow", "sign", "subscrib", "://",
)  # fmt: skip
# Words that give a notice away wherever they stand in a short line.
NOTICES = (
    r"\bnewsletters?\b.{0,120}\b(?:sign up|subscrib|inbox|click here)", r"\bto your (?:inbox|e-?mail)\b",
    r"\b(?:sign(?:ing)? up|subscrib(?:e|ing))\b.{0,120}\b(?:newsletters?|inbox|e-?mail)",
    r"\bcookies?\b.{0,200}\b(?:accept|consent|polic(?:y|ies)|agree|settings|improve|browser|experience|prefer)",
    r"\bcookies?\b.{0,200}\b(?:akzept|zustimm|acept|accett|соглас|згод|datenschutz|confidential)",
    r"\b(?:we|this (?:web)?site) uses? cookies\b", r"\ball rights reserved\b", r"\bpersonal, non-commercial use\b",
    r"\bmay not be (?:published|reproduced|republished)\b", r"^(?:©|\(c\) ?\d{4}|copyright (?:©|\d{4}))",
    r"\balle rechte vorbehalten\b", r"\btous droits réservés\b", r"\btodos (?:los derechos|os direitos) reservados\b",
    r"\btutti i diritti riservati\b", r"\bвсе права защищены\b", r"\b(?:усі|всі) права захищені\b",
    r"\bwszelkie prawa zastrzeżone\b",
    r"\b(?:e-?mail|contact|reach(?:ed)?|write to|tips?|ideas?)\b.{0,80}\b[\w.+-]+@[\w-]+\.\w+",
    r"\bfollow(?: him| her| them| us| me)?(?: on \w+)?(?: at)?:? @\w{3,}",
    r"\b(?:on|via) (?:twitter|x|instagram|threads)(?: at)?:? (?:@\w{3,}|https?://)",
    r"(?:^|[.!?] )follow (?:\S+ ){1,6}on (?:twitter|facebook|instagram|telegram|youtube|linkedin)\b",
    r"\bcontributed to this (?:report|story|article|piece)\b", r"^\(?(?:additional )?(?:reporting|writing) by\b",
    r"^\(?(?:edited|editing) by\b", r"\baffiliate (?:links?|commissions?|partners?|program)",
    r"\b(?:we|site) (?:may |can |will |might )?(?:earn|receive|get) (?:an? )?(?:\w+ )?commission\b",
)  # fmt: skip
