"""A price in words, short and long, in the languages of the product.

Numbers, currencies and units are written as the language does (CLDR, by Babel); sentences are our own.
What a driver reads here is what is charged: every price, limit and restriction of a version is in the long
form, in the order in which a session meets them. A language that is not ours is answered in English.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import msgspec
from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

from currant.kit.letters import language_of
from currant.pricing.model import (
    Component,
    Dimension,
    Element,
    IdleFee,
    Limit,
    Prices,
    Reserved,
    Restrictions,
    TaxMode,
    Weekday,
)

Texts = Mapping[str, str]

PHRASES: Mapping[str, Texts] = {
    "per_kwh": {
        "en": "{price} per kWh",
        "de": "{price} pro kWh",
        "hi": "{price} प्रति kWh",
        "ar": "{price} لكل كيلوواط ساعة",
    },
    "per_kwh_between": {
        "en": "{low} to {high} per kWh",
        "de": "{low} bis {high} pro kWh",
        "hi": "{low} से {high} प्रति kWh",
        "ar": "من {low} إلى {high} لكل كيلوواط ساعة",
    },
    "per_hour": {
        "en": "{price} per hour of charging",
        "de": "{price} pro Stunde Laden",
        "hi": "चार्जिंग के प्रति घंटे {price}",
        "ar": "{price} لكل ساعة شحن",
    },
    "per_hour_parked": {
        "en": "{price} per hour plugged in without charging",
        "de": "{price} pro Stunde angesteckt ohne zu laden",
        "hi": "बिना चार्जिंग के प्लग लगे रहने पर प्रति घंटे {price}",
        "ar": "{price} لكل ساعة توصيل دون شحن",
    },
    "per_hour_reserved": {
        "en": "{price} per hour reserved",
        "de": "{price} pro reservierter Stunde",
        "hi": "आरक्षण के प्रति घंटे {price}",
        "ar": "{price} لكل ساعة حجز",
    },
    "start": {
        "en": "{price} once per session",
        "de": "{price} einmal pro Ladevorgang",
        "hi": "प्रति सत्र एक बार {price}",
        "ar": "{price} مرة واحدة لكل جلسة",
    },
    "reservation_fee": {
        "en": "{price} once per reservation",
        "de": "{price} einmal pro Reservierung",
        "hi": "प्रति आरक्षण एक बार {price}",
        "ar": "{price} مرة واحدة لكل حجز",
    },
    "expired": {
        "en": "{what}, if nobody comes",
        "de": "{what}, wenn niemand kommt",
        "hi": "{what}, यदि कोई न आए",
        "ar": "{what}، إذا لم يحضر أحد",
    },
    "fed_back": {
        "en": "{price} per kWh that the vehicle feeds back, paid to you",
        "de": "{price} pro kWh, die das Fahrzeug zurückspeist, an Sie gezahlt",
        "hi": "वाहन द्वारा वापस दी गई प्रति kWh पर आपको {price} मिलते हैं",
        "ar": "تُدفع لك {price} لكل كيلوواط ساعة تعيدها المركبة",
    },
    "market": {
        "en": "market price {market}, every quarter of an hour, plus {markup} per kWh (usually {price})",
        "de": "Börsenpreis {market} je Viertelstunde plus {markup} pro kWh (üblich {price})",
        "hi": "हर पंद्रह मिनट का बाज़ार मूल्य {market} और प्रति kWh {markup} अतिरिक्त (सामान्यतः {price})",
        "ar": "سعر السوق {market} كل ربع ساعة مضافًا إليه {markup} لكل كيلوواط ساعة (عادةً {price})",
    },
    "market_times": {
        "en": "{factor} × market price {market}, every quarter of an hour, plus {markup} per kWh (usually {price})",
        "de": "{factor} × Börsenpreis {market} je Viertelstunde plus {markup} pro kWh (üblich {price})",
        "hi": "हर पंद्रह मिनट का बाज़ार मूल्य {market} × {factor} और प्रति kWh {markup} अतिरिक्त (सामान्यतः {price})",
        "ar": "{factor} × سعر السوق {market} كل ربع ساعة مضافًا إليه {markup} لكل كيلوواط ساعة (عادةً {price})",
    },
    "floor": {
        "en": "never below {price}",
        "de": "nie unter {price}",
        "hi": "कभी {price} से कम नहीं",
        "ar": "لا يقل أبدًا عن {price}",
    },
    "ceiling": {
        "en": "never above {price}",
        "de": "nie über {price}",
        "hi": "कभी {price} से अधिक नहीं",
        "ar": "لا يزيد أبدًا عن {price}",
    },
    "idle": {
        "en": "{price} per minute after charging has ended",
        "de": "{price} pro Minute nach dem Ende des Ladens",
        "hi": "चार्जिंग पूरी होने के बाद प्रति मिनट {price}",
        "ar": "{price} لكل دقيقة بعد انتهاء الشحن",
    },
    "grace": {
        "en": "the first {time} are free",
        "de": "die ersten {time} sind frei",
        "hi": "पहले {time} निःशुल्क",
        "ar": "أول {time} مجانًا",
    },
    "at_most": {
        "en": "at most {price}",
        "de": "höchstens {price}",
        "hi": "अधिकतम {price}",
        "ar": "بحد أقصى {price}",
    },
    "at_least": {
        "en": "at least {price}",
        "de": "mindestens {price}",
        "hi": "न्यूनतम {price}",
        "ar": "بحد أدنى {price}",
    },
    "not_between": {
        "en": "not counted between {begin} and {end}",
        "de": "zwischen {begin} und {end} nicht gezählt",
        "hi": "{begin} और {end} के बीच नहीं गिना जाता",
        "ar": "لا يُحتسب بين {begin} و{end}",
    },
    "whole_session": {
        "en": "{what} per session",
        "de": "{what} pro Ladevorgang",
        "hi": "प्रति सत्र {what}",
        "ar": "{what} لكل جلسة",
    },
    "before_tax": {
        "en": "{what} before tax",
        "de": "{what} ohne Steuer",
        "hi": "कर से पहले {what}",
        "ar": "{what} قبل الضريبة",
    },
    "after_tax": {
        "en": "{what} with tax",
        "de": "{what} mit Steuer",
        "hi": "कर सहित {what}",
        "ar": "{what} شاملًا الضريبة",
    },
    "with_tax": {
        "en": "Prices include tax.",
        "de": "Preise enthalten die Steuer.",
        "hi": "मूल्यों में कर शामिल है।",
        "ar": "الأسعار شاملة للضريبة.",
    },
    "plus_tax": {
        "en": "Tax is added to the prices.",
        "de": "Zu den Preisen kommt die Steuer.",
        "hi": "मूल्यों में कर अलग से जोड़ा जाएगा।",
        "ar": "تُضاف الضريبة إلى الأسعار.",
    },
    "plus_percent": {
        "en": "{what} plus {percent} tax",
        "de": "{what} plus {percent} Steuer",
        "hi": "{what}, {percent} कर अतिरिक्त",
        "ar": "{what} مضافًا إليه ضريبة {percent}",
    },
    "with_percent": {
        "en": "{what} with {percent} tax",
        "de": "{what} inklusive {percent} Steuer",
        "hi": "{what}, {percent} कर सहित",
        "ar": "{what} شاملًا ضريبة {percent}",
    },
    "steps": {
        "en": "counted in steps of {step}",
        "de": "in Schritten von {step}",
        "hi": "{step} के चरणों में",
        "ar": "بخطوات من {step}",
    },
    "free": {"en": "Free", "de": "Kostenlos", "hi": "निःशुल्क", "ar": "مجاني"},
    "too_short": {
        "en": "Sessions with less than {energy} and {time} cost nothing.",
        "de": "Ladevorgänge mit weniger als {energy} und {time} kosten nichts.",
        "hi": "{energy} और {time} से कम के सत्र निःशुल्क हैं।",
        "ar": "الجلسات التي تقل عن {energy} و{time} مجانية.",
    },
    "clock": {
        "en": "{begin} to {end}",
        "de": "{begin} bis {end} Uhr",
        "hi": "{begin} से {end}",
        "ar": "من {begin} إلى {end}",
    },
    "from_date": {"en": "from {day}", "de": "ab {day}", "hi": "{day} से", "ar": "من {day}"},
    "until_date": {"en": "before {day}", "de": "vor dem {day}", "hi": "{day} से पहले", "ar": "قبل {day}"},
    "from": {"en": "from {value}", "de": "ab {value}", "hi": "{value} से", "ar": "من {value}"},
    "below": {"en": "below {value}", "de": "unter {value}", "hi": "{value} से कम", "ar": "أقل من {value}"},
    "range": {
        "en": "from {least} to below {most}",
        "de": "ab {least} bis unter {most}",
        "hi": "{least} से {most} से कम तक",
        "ar": "من {least} إلى أقل من {most}",
    },
    "energy": {
        "en": "{range} of energy",
        "de": "{range} Energie",
        "hi": "ऊर्जा: {range}",
        "ar": "الطاقة: {range}",
    },
    "power": {
        "en": "{range} of power",
        "de": "{range} Leistung",
        "hi": "पावर: {range}",
        "ar": "القدرة: {range}",
    },
    "current": {
        "en": "{range} of current",
        "de": "{range} Strom",
        "hi": "करंट: {range}",
        "ar": "التيار: {range}",
    },
    "duration": {
        "en": "{range} after the start",
        "de": "{range} nach dem Start",
        "hi": "शुरू होने के बाद: {range}",
        "ar": "بعد البدء: {range}",
    },
    "more": {"en": "more", "de": "weitere Preise", "hi": "अन्य मूल्य", "ar": "أسعار أخرى"},
    "local_time": {
        "en": "Times of day are local ({zone}).",
        "de": "Uhrzeiten sind Ortszeit ({zone}).",
        "hi": "समय स्थानीय है ({zone})।",
        "ar": "الأوقات محلية ({zone}).",
    },
}


class PriceWords(msgspec.Struct, frozen=True, kw_only=True):
    """What a price is called."""

    short: str
    """One line: the price of energy, and what else there is."""
    lines: tuple[str, ...]
    """All of it."""
    language: str


def price_lines(prices: Prices, zone: str, language: str) -> PriceWords:
    """A version's prices in words, at a site of `zone`, in a language such as `de` or `de-AT`."""
    speaker = _Speaker(language_of(language), prices)
    return PriceWords(short=speaker.short(), lines=tuple(speaker.long(zone)), language=speaker.language)


class _Speaker:
    """Says prices in one language."""

    def __init__(self, language: str, prices: Prices) -> None:
        self.language = language
        self._locale = Locale.parse(language)
        self._prices = prices

    def short(self) -> str:
        said = []
        energy = [
            component.price
            for element in self._prices.elements
            for component in element.components
            if component.dimension is Dimension.ENERGY
        ]
        if any(energy):
            low, high = min(energy), max(energy)
            said.append(
                self._say("per_kwh", price=self._money(low))
                if low == high
                else self._say("per_kwh_between", low=self._money(low), high=self._money(high))
            )
        others = [
            self._component(component, element)
            for element in self._prices.elements
            for component in element.components
            if component.dimension is not Dimension.ENERGY
            and component.price
            and not (element.restrictions and element.restrictions.reservation)
        ]
        if self._prices.idle_fee is not None and self._prices.idle_fee.price_per_minute:
            others.append(self._say("idle", price=self._money(self._prices.idle_fee.price_per_minute)))
        distinct = list(dict.fromkeys(others))
        said += distinct[:2]
        if len(distinct) > 2:
            said.append(self._say("more"))
        return " + ".join(said) if said else self._say("free")

    def long(self, zone: str) -> list[str]:
        said = [
            self._with_restrictions(self._full(component, element), element.restrictions)
            for element in self._prices.elements
            for component in element.components
        ]
        if self._prices.idle_fee is not None:
            said.append(self._idle(self._prices.idle_fee))
        for name, limit in (("at_least", self._prices.min_price), ("at_most", self._prices.max_price)):
            said += self._limit(name, limit)
        if self._prices.free_below_s and self._prices.free_below_kwh:
            energy = self._unit(self._prices.free_below_kwh, "kWh")
            said.append(self._say("too_short", energy=energy, time=self._time(self._prices.free_below_s)))
        if self._prices.tax_mode is not TaxMode.NONE:
            said.append(self._say("with_tax" if self._prices.tax_mode is TaxMode.INCLUDED else "plus_tax"))
        if self._tells_times():
            said.append(self._say("local_time", zone=zone))
        return said

    def _full(self, component: Component, element: Element) -> str:
        said = self._component(component, element)
        if component.tax_percent is not None and self._prices.tax_mode is not TaxMode.NONE:
            included = self._prices.tax_mode is TaxMode.INCLUDED
            percent = format_percent(
                component.tax_percent / 100, locale=self._locale, decimal_quantization=False
            )
            said = self._say("with_percent" if included else "plus_percent", what=said, percent=percent)
        if component.step_size > 1 and component.dimension is not Dimension.FLAT:
            said = self._join([said, self._say("steps", step=self._step(component))])
        return said

    def _component(self, component: Component, element: Element) -> str:
        reserved = element.restrictions.reservation if element.restrictions else None
        price = self._money(component.price)
        if component.spot is not None and component.dimension in (Dimension.ENERGY, Dimension.EXPORT):
            return self._market(component)
        if reserved is not None:
            name = "reservation_fee" if component.dimension is Dimension.FLAT else "per_hour_reserved"
            said = self._say(name, price=price)
            return self._say("expired", what=said) if reserved is Reserved.RESERVATION_EXPIRES else said
        return self._say(_NAMES[component.dimension], price=price)

    def _market(self, component: Component) -> str:
        spot = component.spot
        assert spot is not None
        name = "market" if spot.factor == 1 else "market_times"
        said = [
            self._say(
                name,
                market=spot.market,
                factor=self._number(spot.factor),
                markup=self._money(spot.markup),
                price=self._money(component.price),
            )
        ]
        if spot.floor is not None:
            said.append(self._say("floor", price=self._money(spot.floor)))
        if spot.ceiling is not None:
            said.append(self._say("ceiling", price=self._money(spot.ceiling)))
        return self._join(said)

    def _idle(self, fee: IdleFee) -> str:
        said = [self._say("idle", price=self._money(fee.price_per_minute))]
        if fee.grace_s:
            said.append(self._say("grace", time=self._time(fee.grace_s)))
        said += [self._say("not_between", begin=begin, end=end) for begin, end in fee.exempt]
        if fee.max_cost is not None:
            said.append(self._say("at_most", price=self._money(fee.max_cost)))
        return self._join(said)

    def _limit(self, name: str, limit: Limit | None) -> list[str]:
        if limit is None:
            return []
        said = []
        for tax, value in (("before_tax", limit.before_taxes), ("after_tax", limit.after_taxes)):
            if value is not None:
                what = self._say(name, price=self._money(value))
                if self._prices.tax_mode is not TaxMode.NONE:
                    what = self._say(tax, what=what)
                said.append(self._say("whole_session", what=what))
        return said

    def _with_restrictions(self, said: str, rules: Restrictions | None) -> str:
        when = self._when(rules) if rules else []
        return f"{said} ({self._join(when)})" if when else said

    def _when(self, rules: Restrictions) -> list[str]:
        when = []
        if rules.day_of_week:
            names = self._locale.days["stand-alone"]["abbreviated"]
            order = list(Weekday)
            when.append(
                format_list(
                    [names[order.index(day)] for day in sorted(rules.day_of_week, key=order.index)],
                    locale=self._locale,
                )
            )
        if rules.start_time or rules.end_time:
            begin, end = rules.start_time or "00:00", rules.end_time or "24:00"
            when.append(self._say("clock", begin=begin, end="24:00" if end == "00:00" else end))
        for name, text in (("from_date", rules.start_date), ("until_date", rules.end_date)):
            if text:
                when.append(self._say(name, day=format_date(date.fromisoformat(text), locale=self._locale)))
        for name, least, most, unit in (
            ("energy", rules.min_kwh, rules.max_kwh, "kWh"),
            ("power", rules.min_power, rules.max_power, "kW"),
            ("current", rules.min_current, rules.max_current, "A"),
        ):
            told = [None if value is None else self._unit(value, unit) for value in (least, most)]
            when += self._range(name, *told)
        times = [
            None if value is None else self._time(value) for value in (rules.min_duration, rules.max_duration)
        ]
        return when + self._range("duration", *times)

    def _range(self, name: str, least: str | None, most: str | None) -> list[str]:
        if least is None and most is None:
            return []
        if least is not None and most is not None:
            said = self._say("range", least=least, most=most)
        elif least is not None:
            said = self._say("from", value=least)
        else:
            said = self._say("below", value=most or "")
        return [self._say(name, range=said)]

    def _step(self, component: Component) -> str:
        if component.dimension in (Dimension.ENERGY, Dimension.EXPORT):
            return self._unit(Decimal(component.step_size) / 1000, "kWh")
        return self._time(component.step_size)

    def _time(self, seconds: int) -> str:
        unit, length = next(
            (unit, length)
            for unit, length in (("hour", 3600), ("minute", 60), ("second", 1))
            if seconds % length == 0 and (seconds >= length or length == 1)
        )
        return format_unit(seconds // length, f"duration-{unit}", length="long", locale=self._locale)

    def _unit(self, value: Decimal, unit: str) -> str:
        return f"{self._number(value)}\N{NO-BREAK SPACE}{_UNITS[unit].get(self.language, unit)}"

    def _money(self, price: Decimal) -> str:
        return format_currency(price, self._prices.currency, locale=self._locale, decimal_quantization=False)

    def _number(self, value: Decimal) -> str:
        return format_decimal(value, locale=self._locale, decimal_quantization=False)

    def _tells_times(self) -> bool:
        rules = [element.restrictions for element in self._prices.elements if element.restrictions]
        exempt = self._prices.idle_fee.exempt if self._prices.idle_fee else ()
        return bool(exempt) or any(
            rule.start_time or rule.end_time or rule.start_date or rule.end_date or rule.day_of_week
            for rule in rules
        )

    def _join(self, said: list[str]) -> str:
        return ("، " if self.language == "ar" else ", ").join(said)

    def _say(self, name: str, **values: str) -> str:
        return PHRASES[name][self.language].format(**values)


_NAMES = {
    Dimension.ENERGY: "per_kwh",
    Dimension.TIME: "per_hour",
    Dimension.PARKING_TIME: "per_hour_parked",
    Dimension.FLAT: "start",
    Dimension.EXPORT: "fed_back",
}
# Symbols are the same everywhere but in Arabic script.
_UNITS = {"kWh": {"ar": "كيلوواط ساعة"}, "kW": {"ar": "كيلوواط"}, "A": {"ar": "أمبير"}}
