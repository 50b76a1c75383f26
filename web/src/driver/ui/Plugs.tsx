// Which plugs there are, as icons with their names.
import { useTranslation } from "react-i18next";
import { PlugIcon } from "./PlugIcon";

export const STANDARDS = [
  "IEC_62196_T2",
  "IEC_62196_T2_COMBO",
  "CHADEMO",
  "IEC_62196_T1",
  "IEC_62196_T1_COMBO",
  "SAE_J3400",
  "GBT_AC",
  "GBT_DC",
  "DOMESTIC_F",
];

// Names of plugs are the trade's own, in every language; those that people call by a word are translated.
const NAMES: Record<string, string> = {
  IEC_62196_T2: "Type 2",
  IEC_62196_T2_COMBO: "CCS2",
  IEC_62196_T1: "Type 1",
  IEC_62196_T1_COMBO: "CCS1",
  IEC_62196_T3A: "Type 3A",
  IEC_62196_T3C: "Type 3C",
  CHADEMO: "CHAdeMO",
  CHAOJI: "ChaoJi",
  SAE_J3400: "NACS",
  GBT_AC: "GB/T AC",
  GBT_DC: "GB/T DC",
  MCS: "MCS",
  TESLA_S: "Tesla S",
  TESLA_R: "Tesla Roadster",
  IEC_60309_2_single_16: "CEE 16 A (1~)",
  IEC_60309_2_three_16: "CEE 16 A",
  IEC_60309_2_three_32: "CEE 32 A",
  IEC_60309_2_three_64: "CEE 64 A",
};

export function usePlugName(): (standard: string) => string {
  const { t } = useTranslation();
  return (standard) => {
    if (standard.startsWith("DOMESTIC")) return t("plug.domestic");
    if (standard === "IEC_62196_T2") return t("plug.type2");
    if (standard === "IEC_62196_T1") return t("plug.type1");
    return NAMES[standard] ?? standard;
  };
}

export function Plugs({ standards, size = 26 }: { standards: string[]; size?: number }) {
  const name = usePlugName();
  return (
    <ul className="plugs small">
      {standards.map((standard) => (
        <li key={standard} className="plug">
          <PlugIcon standard={standard} size={size} /> <bdi>{name(standard)}</bdi>
        </li>
      ))}
    </ul>
  );
}
