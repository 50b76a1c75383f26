// How far away, in the reader's language: metres, then kilometres.
import { inWesternDigits } from "@kit/formats";
import { useTranslation } from "react-i18next";

export function distanceIn(language: string, metres: number): string {
  const far = metres >= 950;
  const value = far ? metres / 1000 : Math.round(metres / 50) * 50;
  return new Intl.NumberFormat(inWesternDigits(language), {
    style: "unit",
    unit: far ? "kilometer" : "meter",
    maximumFractionDigits: far && value < 10 ? 1 : 0,
  }).format(value);
}

export function useDistance(): (metres: number) => string {
  const { i18n } = useTranslation();
  return (metres) => distanceIn(i18n.language, metres);
}
