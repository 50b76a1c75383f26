// Words that stations and the protocol use, in the reader's language; as they came where they are not known here.
import type { TFunction } from "i18next";

// A fault's code from the error's word, as the server makes it (stations/insight_words.py).
export const faultCode = (error: string): string =>
  `fault_${error.replace(/([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, (_, before, after, last) => (last ? `${last}_` : `${before}_${after}`)).toLowerCase()}`;

const orAsItCame =
  (part: string) =>
  (t: TFunction, word: string | null | undefined): string =>
    word ? t(`${part}.${word}`, { defaultValue: word }) : "";

export const errorWords = (t: TFunction, error: string | null | undefined): string =>
  error ? t(`insight.${faultCode(error)}`, { defaultValue: error }) : "";

export const stopReasonWords = orAsItCame("stop_reason");
export const startCauseWords = orAsItCame("start_cause");
export const limitSourceWords = orAsItCame("limit_source");
export const securityKindWords = orAsItCame("security_kind");
export const aspectWords = orAsItCame("aspect");

export const facilityWords = (t: TFunction, facility: string): string =>
  t(`facility.${facility.toLowerCase()}`, { defaultValue: facility });

// `person:ada@example.com` is who it was, not how we note it down.
export function whoWords(t: TFunction, by: string | null | undefined): string {
  const [sort = "", ...rest] = (by ?? "").split(":");
  const name = rest.join(":");
  if (["person", "driver", "app"].includes(sort)) return name;
  if (sort === "key") return t("audit.by_key", { name });
  if (sort === "local") return t("audit.by_local");
  if (by === "first start") return t("audit.by_first_start");
  return by || "–";
}
