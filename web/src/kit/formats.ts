// Numbers, times and quantities in the reader's language and zone. Power comes in W, energy in Wh.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { directionOf } from "./i18n";

let zone = "";
// The zone of the reader's choice; empty is the browser's.
export function setReaderZone(name: string): void {
  zone = name;
}

export interface Formats {
  number(value: number, digits?: number): string;
  percent(share: number, digits?: number): string;
  power(watts: number | null | undefined): string;
  energy(wattHours: number | null | undefined): string;
  duration(seconds: number | null | undefined): string;
  bytes(count: number): string;
  time(at: string | Date, options?: { zone?: string; seconds?: boolean }): string;
  date(at: string | Date, options?: { zone?: string }): string;
  dateTime(at: string | Date, options?: { zone?: string; seconds?: boolean }): string;
  ago(at: string | Date, now?: Date): string;
  list(parts: string[]): string;
  money(minorUnits: number, currency: string): string;
}

const NOTHING = "–";
const [LEFT_TO_RIGHT, POP] = ["\u2066", "\u2069"];

// Identities, serial numbers and addresses are in Western digits in every language: so are quantities beside them.
export const inWesternDigits = (language: string): string =>
  language.includes("-u-") ? language : `${language}-u-nu-latn`;

export function formatsOf(spoken: string): Formats {
  const language = inWesternDigits(spoken);
  // "22 kW" stays in this order within a language that is written from right to left.
  const inOrder = (text: string) =>
    directionOf(spoken.split("-")[0] ?? "") === "rtl" ? `${LEFT_TO_RIGHT}${text}${POP}` : text;
  const number = (value: number, digits = 0) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(
      value,
    );
  const quantity = (value: number, unit: string, steps: [number, string][]) => {
    for (const [factor, name] of steps)
      if (Math.abs(value) >= factor) {
        const scaled = value / factor;
        return inOrder(`${number(scaled, Math.abs(scaled) < 100 ? 1 : 0)}\u202f${name}`);
      }
    return inOrder(`${number(value)}\u202f${unit}`);
  };
  const stamp = (at: string | Date, shape: Intl.DateTimeFormatOptions, wanted?: string) =>
    new Intl.DateTimeFormat(language, { ...shape, timeZone: wanted || zone || undefined }).format(
      new Date(at),
    );
  const clock = (seconds?: boolean): Intl.DateTimeFormatOptions => ({
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
  });
  const day: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "numeric" };
  return {
    number,
    percent: (share, digits = 0) =>
      new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(share),
    power: (watts) =>
      watts == null
        ? NOTHING
        : quantity(watts, "W", [
            [1e9, "GW"],
            [1e6, "MW"],
            [1e3, "kW"],
          ]),
    energy: (wattHours) =>
      wattHours == null
        ? NOTHING
        : quantity(wattHours, "Wh", [
            [1e9, "GWh"],
            [1e6, "MWh"],
            [1e3, "kWh"],
          ]),
    duration: (seconds) => {
      if (seconds == null) return NOTHING;
      const whole = Math.max(0, Math.round(seconds));
      const [days, hours, minutes] = [
        Math.floor(whole / 86400),
        Math.floor(whole / 3600) % 24,
        Math.floor(whole / 60) % 60,
      ];
      const part = (value: number, unit: string) =>
        new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }).format(value);
      if (days > 0) return `${part(days, "day")} ${part(hours, "hour")}`;
      if (hours > 0) return `${part(hours, "hour")} ${part(minutes, "minute")}`;
      if (minutes > 0) return part(minutes, "minute");
      return part(whole, "second");
    },
    bytes: (count) =>
      quantity(count, "B", [
        [1e9, "GB"],
        [1e6, "MB"],
        [1e3, "kB"],
      ]),
    time: (at, options) => stamp(at, clock(options?.seconds), options?.zone),
    date: (at, options) => stamp(at, day, options?.zone),
    dateTime: (at, options) => stamp(at, { ...day, ...clock(options?.seconds) }, options?.zone),
    ago: (at, now = new Date()) => {
      const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
      const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
      for (const [unit, length] of [
        ["day", 86400],
        ["hour", 3600],
        ["minute", 60],
      ] as const)
        if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
      return relative.format(Math.round(seconds), "second");
    },
    list: (parts) => new Intl.ListFormat(language, { type: "conjunction" }).format(parts),
    money: (minorUnits, currency) => {
      const shape = new Intl.NumberFormat(language, { style: "currency", currency });
      return shape.format(minorUnits / 10 ** (shape.resolvedOptions().maximumFractionDigits ?? 2));
    },
  };
}

// The reader's own kind of a language, where the browser names one: British times are not American ones.
export function localeOf(language: string, wishes: readonly string[] = navigator.languages): string {
  return wishes.find((wish) => wish === language || wish.startsWith(`${language}-`)) ?? language;
}

export function useFormats(): Formats {
  const { i18n } = useTranslation();
  return useMemo(() => formatsOf(localeOf(i18n.language)), [i18n.language]);
}
