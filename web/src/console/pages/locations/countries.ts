// Countries by their names in the reader's language; browsers know them all.
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
// What browsers name too, though it is none, or is named otherwise today.
const NONE = new Set([
  "EU",
  "EZ",
  "UN",
  "QO",
  "XA",
  "XB",
  "ZZ",
  "AN",
  "BU",
  "CS",
  "DD",
  "DY",
  "FX",
  "HV",
  "NH",
  "NT",
  "RH",
  "SU",
  "TP",
  "UK",
  "VD",
  "YD",
  "YU",
  "ZR",
]);

export function countryName(code: string, language: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  return new Intl.DisplayNames(language, { type: "region" }).of(code) ?? code;
}

export function countries(language: string): { value: string; label: string }[] {
  const names = new Intl.DisplayNames(language, { type: "region", fallback: "none" });
  const found = LETTERS.flatMap((first) =>
    LETTERS.flatMap((second) => {
      const code = first + second;
      const name = NONE.has(code) ? undefined : names.of(code);
      return name ? [{ value: code, label: name }] : [];
    }),
  );
  return found.sort((one, other) => one.label.localeCompare(other.label, language));
}
