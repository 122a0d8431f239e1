"""Language codes: which there are, and which is meant by what people write for one."""

_ALL = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
    et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki
    kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no
    nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te
    tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_CODES = frozenset(_ALL.split())
_MISTAKES = """
    ua=uk ukr=uk ukrainian=uk english=en eng=en us=en gb=en german=de deutsch=de ger=de french=fr fre=fr russian=ru
    rus=ru spanish=es cz=cs gr=el jp=ja cn=zh dk=da iw=he by=be
"""
_MEANT = dict(mistake.split("=") for mistake in _MISTAKES.split())


def doubt_about(code: str) -> str:
    """What to say of a code that no article will have; "" for one that may be."""
    own = code.replace("_", "-").split("-")[0].lower()
    if meant := _MEANT.get(own):
        return f"{code!r} is no language code; write {meant}"
    if own in _CODES or (len(own) == 3 and own.isalpha()):  # of three letters there are thousands
        return ""
    return f"{code!r} is no language code; write two letters, e.g. en"
