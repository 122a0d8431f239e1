"""The same news in fifteen languages, and how a teaser reads in each."""

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

TEASERS = {
    "ru": "Читайте также: Санкции расширены",
    "uk": "Читайте також: Санкції розширено",
    "pl": "Czytaj też: Sankcje rozszerzone",
    "cs": "Čtěte také: Sankce rozšířeny",
    "de": "Lesen Sie auch: Sanktionen verschärft",
    "fr": "Lire aussi : Sanctions élargies",
    "el": "Διαβάστε επίσης: Νέες κυρώσεις",
    "tr": "İlgili haberler",
    "he": "קראו גם: סנקציות",
    "ar": "اقرأ أيضا: عقوبات جديدة",
    "ja": "関連記事",
    "zh": "相关阅读：制裁扩大",
    "zh-tw": "延伸閱讀：制裁擴大",
    "ko": "관련기사",
    "th": "อ่านเพิ่มเติม: คว่ำบาตร",
}
