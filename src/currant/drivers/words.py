"""What drivers are told, in their own language: by code, and complete in every language.

A text is shown beside what it is about (the name of a place, an amount of energy); where it holds
something itself, that is named in braces.
"""

from collections.abc import Mapping

from currant.drivers.model import LANGUAGES, Why

Texts = Mapping[str, str]

REASONS: Mapping[str, Texts] = {
    "offline": {
        "en": "The charger is not reachable at the moment.",
        "de": "Die Ladesäule ist gerade nicht erreichbar.",
        "hi": "चार्जर से अभी संपर्क नहीं हो पा रहा है।",
        "ar": "لا يمكن الوصول إلى الشاحن في الوقت الحالي.",
    },
    "faulted": {
        "en": "The charger reports a fault. Please use another one.",
        "de": "Die Ladesäule meldet eine Störung. Bitte nutzen Sie eine andere.",
        "hi": "चार्जर में खराबी है। कृपया दूसरे चार्जर का उपयोग करें।",
        "ar": "يبلّغ الشاحن عن عطل. يُرجى استخدام شاحن آخر.",
    },
    "unavailable": {
        "en": "The charger is out of service.",
        "de": "Die Ladesäule ist außer Betrieb.",
        "hi": "चार्जर सेवा में नहीं है।",
        "ar": "الشاحن خارج الخدمة.",
    },
    "in_use": {
        "en": "A vehicle is charging here already.",
        "de": "Hier lädt bereits ein Fahrzeug.",
        "hi": "यहाँ पहले से एक वाहन चार्ज हो रहा है।",
        "ar": "هناك مركبة تُشحن هنا بالفعل.",
    },
    "reserved": {
        "en": "This place is reserved for somebody else.",
        "de": "Dieser Platz ist für jemand anderen reserviert.",
        "hi": "यह जगह किसी और के लिए आरक्षित है।",
        "ar": "هذا المكان محجوز لشخص آخر.",
    },
    "no_guests": {
        "en": "Please sign in to charge here.",
        "de": "Bitte melden Sie sich an, um hier zu laden.",
        "hi": "यहाँ चार्ज करने के लिए कृपया साइन इन करें।",
        "ar": "يُرجى تسجيل الدخول للشحن هنا.",
    },
    "already_charging": {
        "en": "You are charging elsewhere already. End that session first.",
        "de": "Sie laden bereits an einer anderen Stelle. Beenden Sie zuerst diesen Ladevorgang.",
        "hi": "आप पहले से कहीं और चार्ज कर रहे हैं। पहले वह सत्र समाप्त करें।",
        "ar": "أنت تشحن بالفعل في مكان آخر. أنهِ تلك الجلسة أولاً.",
    },
    "refused": {
        "en": "The charger did not agree to start. Check that the cable is plugged in and try again.",
        "de": "Die Ladesäule hat den Start abgelehnt. Prüfen Sie, ob das Kabel steckt, und versuchen Sie es erneut.",
        "hi": "चार्जर ने शुरू करने से मना कर दिया। जाँचें कि केबल लगी है और फिर से कोशिश करें।",
        "ar": "رفض الشاحن بدء الشحن. تأكد من توصيل الكابل وحاول مرة أخرى.",
    },
    "not_allowed": {
        "en": "You may not charge here. Please contact the operator.",
        "de": "Sie dürfen hier nicht laden. Bitte wenden Sie sich an den Betreiber.",
        "hi": "आपको यहाँ चार्ज करने की अनुमति नहीं है। कृपया संचालक से संपर्क करें।",
        "ar": "لا يُسمح لك بالشحن هنا. يُرجى التواصل مع المشغّل.",
    },
    "no_answer": {
        "en": "The charger did not answer in time. Please try again.",
        "de": "Die Ladesäule hat nicht rechtzeitig geantwortet. Bitte versuchen Sie es erneut.",
        "hi": "चार्जर ने समय पर जवाब नहीं दिया। कृपया फिर से कोशिश करें।",
        "ar": "لم يستجب الشاحن في الوقت المحدد. يُرجى المحاولة مرة أخرى.",
    },
    "not_supported": {
        "en": "This charger cannot be started from the app. Please use your card.",
        "de": "Diese Ladesäule lässt sich nicht per App starten. Bitte nutzen Sie Ihre Karte.",
        "hi": "यह चार्जर ऐप से शुरू नहीं हो सकता। कृपया अपने कार्ड का उपयोग करें।",
        "ar": "لا يمكن تشغيل هذا الشاحن من التطبيق. يُرجى استخدام بطاقتك.",
    },
    "not_plugged_in": {
        "en": "No vehicle was plugged in in time. Please start again.",
        "de": "Es wurde nicht rechtzeitig ein Fahrzeug angesteckt. Bitte starten Sie erneut.",
        "hi": "समय पर कोई वाहन नहीं लगाया गया। कृपया फिर से शुरू करें।",
        "ar": "لم يتم توصيل أي مركبة في الوقت المحدد. يُرجى البدء من جديد.",
    },
    "failed": {
        "en": "Charging could not be started. Please try again.",
        "de": "Der Ladevorgang konnte nicht gestartet werden. Bitte versuchen Sie es erneut.",
        "hi": "चार्जिंग शुरू नहीं हो सकी। कृपया फिर से कोशिश करें।",
        "ar": "تعذّر بدء الشحن. يُرجى المحاولة مرة أخرى.",
    },
    "cancelled": {
        "en": "You took it back before charging began.",
        "de": "Sie haben abgebrochen, bevor das Laden begann.",
        "hi": "चार्जिंग शुरू होने से पहले आपने इसे रद्द कर दिया।",
        "ar": "لقد ألغيت الطلب قبل بدء الشحن.",
    },
    "plug_in": {
        "en": "Plug in your vehicle now.",
        "de": "Stecken Sie jetzt Ihr Fahrzeug an.",
        "hi": "अब अपना वाहन प्लग करें।",
        "ar": "قم بتوصيل مركبتك الآن.",
    },
    "plug_in_if_not": {
        "en": "Plug in your vehicle now. If it is plugged in already, charging begins in a moment.",
        "de": "Stecken Sie jetzt Ihr Fahrzeug an. Ist es schon angesteckt, beginnt das Laden gleich.",
        "hi": "अब अपना वाहन प्लग करें। अगर वह पहले से प्लग है, तो चार्जिंग कुछ ही पल में शुरू होगी।",
        "ar": "قم بتوصيل مركبتك الآن. إذا كانت موصولة بالفعل فسيبدأ الشحن بعد لحظات.",
    },
    "paused_by_vehicle": {
        "en": "Your vehicle pauses charging: it may be full, or charge by its own timer.",
        "de": "Ihr Fahrzeug pausiert das Laden: Es ist vielleicht voll oder lädt nach eigenem Zeitplan.",
        "hi": "आपके वाहन ने चार्जिंग रोकी है: वह भर चुका हो सकता है या अपने समय पर चार्ज होता है।",
        "ar": "أوقفت مركبتك الشحن مؤقتاً: ربما امتلأت بطاريتها أو أنها تشحن وفق جدولها.",
    },
    "paused_by_station": {
        "en": "The charger pauses: power is short here at the moment. It goes on by itself.",
        "de": "Die Ladesäule pausiert: Die Leistung ist hier gerade knapp. Es geht von selbst weiter.",
        "hi": "चार्जर रुका है: अभी यहाँ बिजली कम है। यह अपने आप फिर शुरू होगा।",
        "ar": "الشاحن متوقف مؤقتاً: القدرة المتاحة هنا محدودة الآن. سيستأنف تلقائياً.",
    },
    "stopped_by_you": {
        "en": "You ended the session in the app.",
        "de": "Sie haben den Ladevorgang in der App beendet.",
        "hi": "आपने ऐप में सत्र समाप्त किया।",
        "ar": "لقد أنهيت الجلسة من التطبيق.",
    },
    "stopped_remotely": {
        "en": "The session was ended by the operator or the app.",
        "de": "Der Ladevorgang wurde vom Betreiber oder in der App beendet.",
        "hi": "सत्र संचालक या ऐप द्वारा समाप्त किया गया।",
        "ar": "أنهى المشغّل أو التطبيق الجلسة.",
    },
    "unplugged": {
        "en": "The vehicle was unplugged.",
        "de": "Das Fahrzeug wurde abgesteckt.",
        "hi": "वाहन को अनप्लग कर दिया गया।",
        "ar": "تم فصل المركبة.",
    },
    "stopped_at_charger": {
        "en": "The session was ended at the charger.",
        "de": "Der Ladevorgang wurde an der Ladesäule beendet.",
        "hi": "सत्र चार्जर पर समाप्त किया गया।",
        "ar": "أُنهيت الجلسة عند الشاحن.",
    },
    "power_lost": {
        "en": "The charger lost power or restarted.",
        "de": "Die Ladesäule hatte einen Stromausfall oder wurde neu gestartet.",
        "hi": "चार्जर की बिजली चली गई या वह फिर से शुरू हुआ।",
        "ar": "انقطعت الكهرباء عن الشاحن أو أُعيد تشغيله.",
    },
    "emergency_stop": {
        "en": "The emergency stop was pressed.",
        "de": "Der Not-Aus wurde betätigt.",
        "hi": "आपातकालीन स्टॉप दबाया गया।",
        "ar": "تم الضغط على زر الإيقاف الطارئ.",
    },
}

PUSH: Mapping[str, Texts] = {
    "ended.title": {
        "en": "Charging has ended",
        "de": "Ladevorgang beendet",
        "hi": "चार्जिंग समाप्त हुई",
        "ar": "انتهى الشحن",
    },
    "ended.text": {
        "en": "{energy} kWh at {place}.",
        "de": "{energy} kWh bei {place}.",
        "hi": "{place} पर {energy} kWh।",
        "ar": "{energy} كيلوواط ساعة في {place}.",
    },
    "finished.title": {
        "en": "Your vehicle has finished charging",
        "de": "Ihr Fahrzeug ist fertig geladen",
        "hi": "आपके वाहन की चार्जिंग पूरी हुई",
        "ar": "اكتمل شحن مركبتك",
    },
    "finished.text": {
        "en": "{energy} kWh at {place}. Please unplug it, so that others can charge.",
        "de": "{energy} kWh bei {place}. Bitte stecken Sie es ab, damit andere laden können.",
        "hi": "{place} पर {energy} kWh। कृपया अनप्लग करें, ताकि दूसरे चार्ज कर सकें।",
        "ar": "{energy} كيلوواط ساعة في {place}. يُرجى فصلها ليتمكن الآخرون من الشحن.",
    },
    "called.title": {
        "en": "A charger is free for you",
        "de": "Eine Ladesäule ist für Sie frei",
        "hi": "आपके लिए एक चार्जर खाली है",
        "ar": "هناك شاحن متاح لك",
    },
    "called.text": {
        "en": "{code} at {place} is kept for you until {time}.",
        "de": "{code} bei {place} ist bis {time} für Sie freigehalten.",
        "hi": "{place} पर {code} आपके लिए {time} तक रखा गया है।",
        "ar": "{code} في {place} محجوز لك حتى {time}.",
    },
    "failed.title": {
        "en": "Charging did not start",
        "de": "Laden nicht gestartet",
        "hi": "चार्जिंग शुरू नहीं हुई",
        "ar": "لم يبدأ الشحن",
    },
}

MAIL: Mapping[str, Texts] = {
    "subject": {
        "en": "Sign in to {name}",
        "de": "Anmelden bei {name}",
        "hi": "{name} में साइन इन करें",
        "ar": "تسجيل الدخول إلى {name}",
    },
    "text": {
        "en": "Open this link to sign in to {name}:\n\n{link}\n\n"
        "It works once, and for {minutes} minutes. If you did not ask for it, there is nothing to do.",
        "de": "Öffnen Sie diesen Link, um sich bei {name} anzumelden:\n\n{link}\n\n"
        "Er gilt einmal und {minutes} Minuten lang. Haben Sie ihn nicht angefordert, ist nichts zu tun.",
        "hi": "{name} में साइन इन करने के लिए यह लिंक खोलें:\n\n{link}\n\n"
        "यह एक बार और {minutes} मिनट तक काम करता है। यदि आपने इसे नहीं माँगा, तो कुछ करने की ज़रूरत नहीं है।",
        "ar": "افتح هذا الرابط لتسجيل الدخول إلى {name}:\n\n{link}\n\n"
        "يعمل مرة واحدة ولمدة {minutes} دقيقة. إذا لم تطلبه فلا داعي لفعل أي شيء.",
    },
}

RECEIPT: Mapping[str, Texts] = {
    "title": {"en": "Charging receipt", "de": "Ladebeleg", "hi": "चार्जिंग रसीद", "ar": "إيصال الشحن"},
    "number": {"en": "Number", "de": "Nummer", "hi": "संख्या", "ar": "الرقم"},
    "place": {"en": "Place", "de": "Ort", "hi": "स्थान", "ar": "المكان"},
    "evse": {"en": "Charging point", "de": "Ladepunkt", "hi": "चार्जिंग पॉइंट", "ar": "نقطة الشحن"},
    "began": {"en": "Began", "de": "Beginn", "hi": "आरंभ", "ar": "البداية"},
    "ended": {"en": "Ended", "de": "Ende", "hi": "समाप्ति", "ar": "النهاية"},
    "duration": {"en": "Duration", "de": "Dauer", "hi": "अवधि", "ar": "المدة"},
    "idle": {
        "en": "of it without charging",
        "de": "davon ohne Laden",
        "hi": "जिसमें बिना चार्जिंग",
        "ar": "منها دون شحن",
    },
    "energy": {"en": "Energy", "de": "Energie", "hi": "ऊर्जा", "ar": "الطاقة"},
    "meter_start": {
        "en": "Meter at the beginning",
        "de": "Zählerstand zu Beginn",
        "hi": "आरंभ में मीटर",
        "ar": "قراءة العداد عند البداية",
    },
    "meter_stop": {
        "en": "Meter at the end",
        "de": "Zählerstand am Ende",
        "hi": "अंत में मीटर",
        "ar": "قراءة العداد عند النهاية",
    },
    "token": {"en": "Charged with", "de": "Geladen mit", "hi": "किससे चार्ज किया", "ar": "تم الشحن بواسطة"},
    "cost": {"en": "Price", "de": "Preis", "hi": "मूल्य", "ar": "السعر"},
    "uncertain": {
        "en": "Something about this session had to be put right; its values may differ from the meter.",
        "de": "An diesem Ladevorgang musste etwas berichtigt werden; seine Werte können vom Zähler abweichen.",
        "hi": "इस सत्र में कुछ सुधार करना पड़ा; इसके मान मीटर से अलग हो सकते हैं।",
        "ar": "كان لا بد من تصحيح شيء في هذه الجلسة؛ وقد تختلف قيمها عن العداد.",
    },
}


COST_LINES: Mapping[str, Texts] = {
    "energy": {"en": "Energy", "de": "Energie", "hi": "ऊर्जा", "ar": "الطاقة"},
    "time": {"en": "Charging time", "de": "Ladezeit", "hi": "चार्जिंग समय", "ar": "مدة الشحن"},
    "parking_time": {
        "en": "Time without charging",
        "de": "Zeit ohne Laden",
        "hi": "बिना चार्जिंग का समय",
        "ar": "المدة دون شحن",
    },
    "flat": {"en": "Start fee", "de": "Startgebühr", "hi": "आरंभ शुल्क", "ar": "رسم البدء"},
    "export": {
        "en": "Energy fed back",
        "de": "Rückspeisung",
        "hi": "वापस दी गई ऊर्जा",
        "ar": "الطاقة المعادة",
    },
    "idle_fee": {
        "en": "Fee for staying plugged in",
        "de": "Blockiergebühr",
        "hi": "प्लग रहने का शुल्क",
        "ar": "رسم البقاء موصولًا",
    },
    "reservation": {"en": "Reservation", "de": "Reservierung", "hi": "आरक्षण", "ar": "الحجز"},
    "min_price": {"en": "Lowest price", "de": "Mindestpreis", "hi": "न्यूनतम मूल्य", "ar": "الحد الأدنى للسعر"},
    "max_price": {"en": "Highest price", "de": "Höchstpreis", "hi": "अधिकतम मूल्य", "ar": "الحد الأقصى للسعر"},
    "allowance": {
        "en": "In your subscription",
        "de": "In Ihrem Abo enthalten",
        "hi": "आपकी सदस्यता में शामिल",
        "ar": "ضمن اشتراكك",
    },
    "discount": {"en": "Discount", "de": "Rabatt", "hi": "छूट", "ar": "خصم"},
    "excise": {"en": "Energy tax", "de": "Energieabgabe", "hi": "ऊर्जा कर", "ar": "ضريبة الطاقة"},
}


def in_language(texts: Texts, language: str) -> str:
    """A text in a language, or in English where that is none of ours."""
    return texts.get(language) or texts["en"]


def why(code: str, language: str) -> Why:
    """A reason with its words; one that has none of its own is a failure like any other."""
    texts = REASONS.get(code) or REASONS["failed"]
    return Why(code=code, text=in_language(texts, language))


def language_of(wanted: str, accepted: str = "") -> str:
    """The language to use: what was chosen, else the first of a browser's (Accept-Language) that is ours."""
    for word in (wanted, *(part.partition(";")[0] for part in accepted[:500].split(","))):
        short = word.strip().casefold().partition("-")[0]
        if short in LANGUAGES:
            return short
    return "en"
