// The time zones that a browser knows, with how far they are from Greenwich now.

export interface Zone {
  value: string;
  label: string;
}

export function zones(now: Date = new Date()): Zone[] {
  return Intl.supportedValuesOf("timeZone").map((value) => ({
    value,
    label: `${value.replaceAll("_", " ")} (${offset(value, now)})`,
  }));
}

function offset(zone: string, now: Date): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts(
    now,
  );
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
}
