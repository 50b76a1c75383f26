"""What accounts are written when something was not paid: in the words of a neighbour, not of a bailiff."""

from collections.abc import Mapping
from decimal import Decimal

from babel.numbers import format_currency

from currant.kit.letters import language_of, letter
from currant.kit.mail import Mail

Words = Mapping[str, tuple[str, tuple[str, ...]]]

# Subject and paragraphs of the first letter, of those that follow, and of the last before charging ends.
_FIRST: Words = {
    "en": (
        "Your charging session {number} is not paid yet",
        (
            "We could not collect {amount} for charging session {number}.",
            "Please pay by {due}: put money into your wallet, or enter another means of payment.",
        ),
    ),
    "de": (
        "Ihr Ladevorgang {number} ist noch nicht bezahlt",
        (
            "Wir konnten {amount} für den Ladevorgang {number} nicht einziehen.",
            "Bitte zahlen Sie bis {due}: Laden Sie Ihr Guthaben auf oder hinterlegen Sie ein anderes Zahlungsmittel.",
        ),
    ),
    "hi": (
        "आपके चार्जिंग सत्र {number} का भुगतान बाकी है",
        (
            "चार्जिंग सत्र {number} के लिए {amount} नहीं लिया जा सका।",
            "कृपया {due} तक भुगतान करें: अपने वॉलेट में पैसे डालें या भुगतान का दूसरा तरीका दर्ज करें।",
        ),
    ),
    "ar": (
        "لم تُدفع جلسة الشحن {number} بعد",
        (
            "لم نتمكن من تحصيل {amount} عن جلسة الشحن {number}.",
            "يرجى الدفع قبل {due}: اشحن محفظتك أو أدخل وسيلة دفع أخرى.",
        ),
    ),
}
_AGAIN: Words = {
    "en": (
        "Reminder: charging session {number}",
        (
            "{amount} for charging session {number} is still open. It was due on {due}.",
            "If you have paid meanwhile, nothing more is needed.",
        ),
    ),
    "de": (
        "Erinnerung: Ladevorgang {number}",
        (
            "{amount} für den Ladevorgang {number} sind noch offen. Fällig war es am {due}.",
            "Wenn Sie inzwischen gezahlt haben, ist nichts weiter zu tun.",
        ),
    ),
    "hi": (
        "स्मरण: चार्जिंग सत्र {number}",
        (
            "चार्जिंग सत्र {number} के {amount} अब भी बाकी हैं। देय तिथि {due} थी।",
            "अगर आपने इस बीच भुगतान कर दिया है, तो कुछ और करने की ज़रूरत नहीं।",
        ),
    ),
    "ar": (
        "تذكير: جلسة الشحن {number}",
        (
            "ما زال مبلغ {amount} عن جلسة الشحن {number} مستحقًا. كان موعد استحقاقه {due}.",
            "إذا كنت قد دفعت في هذه الأثناء فلا يلزم شيء آخر.",
        ),
    ),
}
_BLOCKED = {
    "en": "Until it is paid, your cards and the app cannot start charging.",
    "de": "Bis zur Zahlung können Sie mit Ihren Karten und der App keinen Ladevorgang beginnen.",
    "hi": "भुगतान होने तक आपके कार्ड और ऐप से चार्जिंग शुरू नहीं की जा सकती।",
    "ar": "لا يمكن لبطاقاتك ولا للتطبيق بدء الشحن حتى يتم الدفع.",
}


def reminder(
    *,
    to: str,
    organisation: str,
    language: str,
    number: str,
    amount: Decimal,
    currency: str,
    due: str,
    nth: int,
    blocked: bool,
) -> Mail:
    """The letter about something that was not paid; `nth` 0 is the first."""
    language = language_of(language)
    subject, paragraphs = (_FIRST if nth == 0 else _AGAIN)[language]
    told = {"number": number, "amount": format_currency(amount, currency, locale=language), "due": due}
    said = [_said(paragraph, told) for paragraph in paragraphs]
    return letter(
        to=to,
        language=language,
        subject=_said(subject, told),
        paragraphs=[*said, _BLOCKED[language]] if blocked else said,
        signed=organisation,
    )


def _said(text: str, told: Mapping[str, str]) -> str:
    for name, value in told.items():
        text = text.replace("{" + name + "}", value)
    return text
