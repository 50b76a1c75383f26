"""What Currant mails to people who sign in, in their language."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from currant.kit.letters import language_of, letter
from currant.kit.mail import Mail
from currant.tenancy.model import Organisation, Person

# Per letter: subject, paragraphs, the button, what comes after it.
_RESET = {
    "en": (
        "A new password for {organisation}",
        ("Somebody, probably you, asked for a new password for {login}.",),
        "Choose a new password",
        (
            "The link works once, for one hour.",
            "If it was not you, do nothing: your password stays as it is.",
        ),
    ),
    "de": (
        "Ein neues Passwort für {organisation}",
        ("Jemand, vermutlich Sie, hat ein neues Passwort für {login} angefordert.",),
        "Neues Passwort wählen",
        (
            "Der Link gilt einmal und eine Stunde lang.",
            "Wenn Sie es nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.",
        ),
    ),
    "hi": (
        "{organisation} के लिए नया पासवर्ड",
        ("किसी ने, संभवतः आपने, {login} के लिए नया पासवर्ड माँगा है।",),
        "नया पासवर्ड चुनें",
        (
            "यह लिंक एक घंटे तक और केवल एक बार काम करता है।",
            "अगर यह आपने नहीं किया, तो कुछ न करें: आपका पासवर्ड वैसा ही रहेगा।",
        ),
    ),
    "ar": (
        "كلمة مرور جديدة لـ {organisation}",
        ("طلب شخص ما، وعلى الأرجح أنت، كلمة مرور جديدة للحساب {login}.",),
        "اختر كلمة مرور جديدة",
        (
            "يعمل الرابط مرة واحدة ولمدة ساعة.",
            "إن لم تكن أنت من طلب ذلك فلا تفعل شيئًا: تبقى كلمة مرورك كما هي.",
        ),
    ),
}

_INVITATION = {
    "en": (
        "You are invited to {organisation}",
        (
            "{by} invites you to work on the charging network of {organisation}.",
            "You will sign in as {login}.",
        ),
        "Accept the invitation",
        ("The link works once, for seven days.", "If you do not know what this is about, ignore this mail."),
    ),
    "de": (
        "Sie sind zu {organisation} eingeladen",
        (
            "{by} lädt Sie ein, am Ladenetz von {organisation} mitzuarbeiten.",
            "Sie melden sich an als {login}.",
        ),
        "Einladung annehmen",
        (
            "Der Link gilt einmal und sieben Tage lang.",
            "Wenn Sie nicht wissen, worum es geht, ignorieren Sie diese Nachricht.",
        ),
    ),
    "hi": (
        "आपको {organisation} में आमंत्रित किया गया है",
        (
            "{by} आपको {organisation} के चार्जिंग नेटवर्क पर काम करने के लिए आमंत्रित करते हैं।",
            "आप {login} के रूप में साइन इन करेंगे।",
        ),
        "आमंत्रण स्वीकार करें",
        (
            "यह लिंक सात दिन तक और केवल एक बार काम करता है।",
            "अगर आपको नहीं पता कि यह किस बारे में है, तो इस ईमेल को अनदेखा करें।",
        ),
    ),
    "ar": (
        "أنت مدعو إلى {organisation}",
        ("يدعوك {by} للعمل على شبكة الشحن الخاصة بـ {organisation}.", "ستسجّل الدخول باسم {login}."),
        "اقبل الدعوة",
        ("يعمل الرابط مرة واحدة ولمدة سبعة أيام.", "إن كنت لا تعرف ما هذا فتجاهل هذه الرسالة."),
    ),
}

_NOTICE = {
    "en": (
        "Your sign-in at {organisation} changed",
        (
            "For {login}: {what}",
            "If this was not you, tell your administrator at once and change your password.",
        ),
    ),
    "de": (
        "Ihre Anmeldung bei {organisation} wurde geändert",
        (
            "Für {login}: {what}",
            "Wenn Sie das nicht waren, sagen Sie sofort Ihrer Administration Bescheid und ändern Sie Ihr Passwort.",
        ),
    ),
    "hi": (
        "{organisation} पर आपके साइन-इन में बदलाव हुआ",
        (
            "{login} के लिए: {what}",
            "अगर यह आपने नहीं किया, तो तुरंत अपने व्यवस्थापक को बताएँ और अपना पासवर्ड बदलें।",
        ),
    ),
    "ar": (
        "تغيّر تسجيل دخولك لدى {organisation}",
        ("للحساب {login}: {what}", "إن لم تكن أنت من فعل ذلك فأخبر المسؤول فورًا وغيّر كلمة مرورك."),
    ),
}

_WHAT = {
    "password": {
        "en": "the password was changed.",
        "de": "Das Passwort wurde geändert.",
        "hi": "पासवर्ड बदला गया।",
        "ar": "تم تغيير كلمة المرور.",
    },
    "second_factor_added": {
        "en": "a second factor was added.",
        "de": "Ein zweiter Faktor wurde hinzugefügt.",
        "hi": "एक दूसरा प्रमाण (second factor) जोड़ा गया।",
        "ar": "تمت إضافة عامل ثانٍ.",
    },
    "second_factor_removed": {
        "en": "a second factor was removed.",
        "de": "Ein zweiter Faktor wurde entfernt.",
        "hi": "एक दूसरा प्रमाण (second factor) हटाया गया।",
        "ar": "تمت إزالة عامل ثانٍ.",
    },
    "recovery_codes": {
        "en": "new recovery codes were made; the old ones no longer work.",
        "de": "Neue Wiederherstellungscodes wurden erstellt; die alten gelten nicht mehr.",
        "hi": "नए रिकवरी कोड बनाए गए; पुराने अब काम नहीं करते।",
        "ar": "أُنشئت رموز استرداد جديدة؛ ولم تعد القديمة تعمل.",
    },
    "email": {
        "en": "the e-mail address was changed.",
        "de": "Die E-Mail-Adresse wurde geändert.",
        "hi": "ईमेल पता बदला गया।",
        "ar": "تم تغيير عنوان البريد الإلكتروني.",
    },
}


def reset_letter(
    person: Person, organisation: Organisation, *, base: str, word: str, until: datetime
) -> Mail:
    """How to choose a new password."""
    return _with_link(_RESET, person, organisation, f"{base}/console/reset#token={quote(word)}", until=until)


def invitation_letter(
    person: Person,
    organisation: Organisation,
    *,
    base: str,
    word: str,
    until: datetime,
    by: str,
    language: str,
) -> Mail:
    """How to begin; in the language of the one invited, or, as long as nobody knows it, of who invites."""
    link = f"{base}/console/invitation#token={quote(word)}"
    return _with_link(_INVITATION, person, organisation, link, until=until, by=by, language=language)


def notice_letter(person: Person, organisation: Organisation, what: str, *, to: str = "") -> Mail:
    """That something about signing in changed; `what` is a word of `_WHAT`."""
    language = language_of(person.language)
    subject, paragraphs = _NOTICE[language]
    told = {
        "organisation": organisation.name,
        "login": person.login,
        "what": _WHAT[what][language],
    }
    return letter(
        to=to or person.email,
        language=language,
        subject=_said(subject, told),
        paragraphs=[_said(text, told) for text in paragraphs],
        signed=organisation.name,
    )


def _with_link(
    words: Mapping[str, tuple[str, tuple[str, ...], str, tuple[str, ...]]],
    person: Person,
    organisation: Organisation,
    link: str,
    *,
    until: datetime,
    by: str = "",
    language: str = "",
) -> Mail:
    language = language_of(person.language or language)
    subject, paragraphs, button, after = words[language]
    told = {"organisation": organisation.name, "login": person.login, "by": by}
    return letter(
        to=person.email,
        language=language,
        subject=_said(subject, told),
        paragraphs=[_said(text, told) for text in paragraphs],
        button=(button, link),
        after=after,
        signed=organisation.name,
        until=until,
    )


def _said(text: str, told: dict[str, str]) -> str:
    # Not str.format: a name may hold braces, and is nobody's format.
    for name, value in told.items():
        text = text.replace("{" + name + "}", value)
    return text
