// When the day began, somewhere.
export function midnight(now: Date, zone?: string): Date {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    })
      .formatToParts(now)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const passed = ((parts.hour ?? 0) * 60 + (parts.minute ?? 0)) * 60 + (parts.second ?? 0);
  return new Date(Math.floor(now.getTime() / 1000) * 1000 - passed * 1000);
}
