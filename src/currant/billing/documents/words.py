"""The words on documents, in the product's languages: one table. A language that is missing here reads English."""

from collections.abc import Mapping

LANGUAGES = ("en", "de", "hi", "ar")

_WORDS: dict[str, tuple[str, str, str, str]] = {
    # code: English, German, Hindi, Arabic
    "invoice": ("Invoice", "Rechnung", "चालान", "فاتورة"),
    "tax_invoice": ("Tax invoice", "Rechnung", "कर चालान", "فاتورة ضريبية"),
    "receipt": ("Receipt", "Beleg", "रसीद", "إيصال"),
    "credit_note": ("Credit note", "Gutschrift (Rechnungskorrektur)", "क्रेडिट नोट", "إشعار دائن"),
    "self_bill": ("Self-billed invoice", "Gutschrift (§ 14 Abs. 2 UStG)", "स्व-बिल चालान", "فاتورة ذاتية"),
    "reimbursement": (
        "Reimbursement of home charging",
        "Erstattung von Ladestrom zu Hause",
        "घर पर चार्जिंग की प्रतिपूर्ति",
        "تعويض الشحن المنزلي",
    ),
    "number": ("Number", "Nummer", "संख्या", "الرقم"),
    "date": ("Date", "Datum", "दिनांक", "التاريخ"),
    "due_date": ("Due", "Fällig", "देय तिथि", "تاريخ الاستحقاق"),
    "period": ("Period", "Zeitraum", "अवधि", "الفترة"),
    "corrects": ("Corrects", "Berichtigt", "सुधार करता है", "يصحح"),
    "of_day": ("of", "vom", "दिनांक", "بتاريخ"),
    "seller": ("From", "Von", "विक्रेता", "من"),
    "buyer": ("To", "An", "खरीदार", "إلى"),
    "guest": ("Guest", "Gast", "अतिथि", "ضيف"),
    "vat_id": ("VAT number", "USt-IdNr.", "वैट संख्या", "الرقم الضريبي"),
    "gstin": ("GSTIN", "GSTIN", "जीएसटीआईएन", "GSTIN"),
    "tax_number": ("Tax number", "Steuernummer", "कर संख्या", "الرقم الضريبي المحلي"),
    "position": ("No.", "Pos.", "क्र.", "رقم"),
    "description": ("Description", "Leistung", "विवरण", "الوصف"),
    "quantity": ("Quantity", "Menge", "मात्रा", "الكمية"),
    "unit_price": ("Price", "Preis", "दर", "السعر"),
    "tax": ("Tax", "Steuer", "कर", "الضريبة"),
    "amount": ("Amount", "Betrag", "राशि", "المبلغ"),
    "net": ("Net total", "Summe netto", "कर-पूर्व योग", "المجموع قبل الضريبة"),
    "base": ("on", "auf", "पर", "على"),
    "gross": ("Total", "Summe", "कुल", "الإجمالي"),
    "prepaid": ("Paid already", "Bereits bezahlt", "भुगतान किया गया", "مدفوع مسبقاً"),
    "rounding": ("Rounding", "Rundung", "पूर्णांकन", "التقريب"),
    "due": ("To be paid", "Zu zahlen", "देय राशि", "المبلغ المستحق"),
    "to_return": ("To be returned", "Zu erstatten", "वापसी योग्य", "المبلغ المسترد"),
    "pay_to": ("Pay to", "Zahlbar an", "भुगतान खाता", "الدفع إلى"),
    "reference": ("Reference", "Verwendungszweck", "संदर्भ", "المرجع"),
    "your_reference": ("Your reference", "Ihre Referenz", "आपका संदर्भ", "مرجعكم"),
    "order": ("Order", "Bestellung", "आदेश", "الطلب"),
    "place_of_supply": ("Place of supply", "Leistungsort", "आपूर्ति का स्थान", "مكان التوريد"),
    "page": ("Page", "Seite", "पृष्ठ", "صفحة"),
    "session": ("Session", "Ladevorgang", "सत्र", "الجلسة"),
    "cost_centre": ("Cost centre", "Kostenstelle", "लागत केंद्र", "مركز التكلفة"),
    "vehicle": ("Vehicle", "Fahrzeug", "वाहन", "المركبة"),
    "driver": ("Driver", "Fahrer", "चालक", "السائق"),
    "subtotal": ("Subtotal", "Zwischensumme", "उप-योग", "المجموع الفرعي"),
    "hash": ("Fingerprint", "Prüfsumme", "फ़िंगरप्रिंट", "بصمة المستند"),
    "irn": ("IRN", "IRN", "आईआरएन", "IRN"),
    "tax_in": ("Tax in", "Steuer in", "कर, मुद्रा", "الضريبة بعملة"),
    "scan_to_pay": ("Scan to pay", "Zum Bezahlen scannen", "भुगतान हेतु स्कैन करें", "امسح للدفع"),
    "VAT": ("VAT", "USt.", "वैट", "ض.ق.م"),
    # Units
    "KWH": ("kWh", "kWh", "kWh", "kWh"),
    "HUR": ("h", "h", "घंटे", "ساعة"),
    "MIN": ("min", "min", "मिनट", "دقيقة"),
    "C62": ("pcs", "Stk.", "नग", "قطعة"),
    # What lines are for
    "energy": ("Charging: energy", "Laden: Energie", "चार्जिंग: ऊर्जा", "الشحن: طاقة"),
    "time": ("Charging: time", "Laden: Zeit", "चार्जिंग: समय", "الشحن: وقت"),
    "parking_time": ("Parking", "Parken", "पार्किंग", "الوقوف"),
    "flat": ("Start of a session", "Startgebühr", "सत्र शुल्क", "رسم بدء الجلسة"),
    "export": ("Energy given back", "Rückgespeiste Energie", "वापस दी गई ऊर्जा", "طاقة معادة"),
    "idle_fee": ("Idle fee", "Blockiergebühr", "निष्क्रिय शुल्क", "رسم الإشغال"),
    "reservation": ("Reservation", "Reservierung", "आरक्षण", "الحجز"),
    "min_price": ("Up to the lowest price", "Mindestpreis", "न्यूनतम मूल्य समायोजन", "الحد الأدنى للسعر"),
    "max_price": ("Down to the highest price", "Höchstpreis", "अधिकतम मूल्य समायोजन", "الحد الأقصى للسعر"),
    "allowance": ("Included energy", "Inklusiv-Energie", "शामिल ऊर्जा", "طاقة مشمولة"),
    "discount": ("Discount", "Rabatt", "छूट", "خصم"),
    "excise": ("Excise", "Verbrauchsteuer", "उत्पाद शुल्क", "رسم إنتاج"),
    "charging": ("Charging", "Ladevorgang", "चार्जिंग", "الشحن"),
    # Sentences
    "reverse_charge": (
        "Reverse charge: the customer owes the tax.",
        "Steuerschuldnerschaft des Leistungsempfängers.",
        "रिवर्स चार्ज: कर का भुगतान प्राप्तकर्ता करेगा।",
        "احتساب عكسي: الضريبة مستحقة على العميل.",
    ),
    "small_business": (
        "No VAT is charged: small business exemption.",
        "Gemäß § 19 UStG wird keine Umsatzsteuer berechnet.",
        "लघु व्यवसाय छूट: कोई कर नहीं लिया गया।",
        "لا تُحتسب ضريبة: إعفاء المنشآت الصغيرة.",
    ),
    "oss": (
        "Reported through the One-Stop-Shop.",
        "Gemeldet über das One-Stop-Shop-Verfahren.",
        "वन-स्टॉप-शॉप द्वारा सूचित।",
        "مُبلَّغ عنها عبر النافذة الموحدة.",
    ),
    "outside_scope": (
        "Not subject to VAT here.",
        "Nicht steuerbar.",
        "यहाँ कर के दायरे में नहीं।",
        "غير خاضعة للضريبة هنا.",
    ),
    "compensation": (
        "Compensation, not subject to VAT.",
        "Schadensersatz, nicht steuerbar.",
        "क्षतिपूर्ति, कर के दायरे में नहीं।",
        "تعويض غير خاضع للضريبة.",
    ),
    "recipient_accounts": (
        "The recipient accounts for the tax.",
        "Der Empfänger führt die Steuer ab.",
        "प्राप्तकर्ता कर का भुगतान करेगा।",
        "يتولى المستلم أداء الضريبة.",
    ),
    "exempt_certificate": (
        "Exempt by certificate.",
        "Steuerfrei nach Bescheinigung.",
        "प्रमाणपत्र द्वारा कर-मुक्त।",
        "معفاة بموجب شهادة.",
    ),
    "gst_lut": (
        "Supply to a SEZ under letter of undertaking without payment of integrated tax.",
        "Lieferung in eine Sonderwirtschaftszone ohne IGST.",
        "एलयूटी के अंतर्गत एसईजेड को बिना आईजीएसटी आपूर्ति।",
        "توريد إلى منطقة اقتصادية خاصة دون ضريبة متكاملة.",
    ),
    "gst_not_registered": (
        "The supplier is not registered for GST.",
        "Der Lieferer ist nicht für GST registriert.",
        "आपूर्तिकर्ता जीएसटी में पंजीकृत नहीं है।",
        "المورّد غير مسجل في ضريبة السلع والخدمات.",
    ),
    "self_billed": (
        "Issued by the customer on behalf of the supplier.",
        "Ausgestellt vom Leistungsempfänger.",
        "प्राप्तकर्ता द्वारा आपूर्तिकर्ता की ओर से जारी।",
        "صادرة عن العميل نيابة عن المورّد.",
    ),
    "no_vat_statement": (
        "A statement of expenses refunded. It is not an invoice and holds no VAT.",
        "Abrechnung erstatteter Auslagen. Keine Rechnung, ohne Umsatzsteuer.",
        "व्यय प्रतिपूर्ति विवरण। यह चालान नहीं है और इसमें कर नहीं है।",
        "كشف نفقات مستردة. ليس فاتورة ولا يتضمن ضريبة.",
    ),
    "paid_thanks": (
        "Paid. Nothing is left to do.",
        "Bezahlt. Es ist nichts weiter zu tun.",
        "भुगतान हो चुका है।",
        "تم الدفع. لا يلزم أي إجراء.",
    ),
    "flat_rate": (
        "Flat rate per kWh of the statistical office",
        "Strompreispauschale (Statistisches Bundesamt)",
        "सांख्यिकी कार्यालय की प्रति kWh निश्चित दर",
        "تعرفة موحدة لكل كيلوواط ساعة",
    ),
    "contract_price": (
        "Own electricity contract",
        "Eigener Stromvertrag",
        "अपना विद्युत अनुबंध",
        "عقد الكهرباء الخاص",
    ),
    "host_share": ("Share of takings", "Anteil am Ladeumsatz", "आय में हिस्सा", "حصة من الإيرادات"),
}  # fmt: skip


def language_of(wanted: str) -> str:
    """The language that documents are written in for somebody who reads `wanted` (BCP 47)."""
    first = wanted.split("-")[0].lower()
    return first if first in LANGUAGES else "en"


def word(code: str, language: str) -> str:
    """A word or sentence; a code that is none of ours is shown as it is."""
    row = _WORDS.get(code)
    return code if row is None else row[LANGUAGES.index(language_of(language))]


def words(language: str) -> Mapping[str, str]:
    """All of them in one language."""
    at = LANGUAGES.index(language_of(language))
    return {code: row[at] for code, row in _WORDS.items()}
