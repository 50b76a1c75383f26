// Which places of the map fit what is looked for: by what the map knows of them.
import type { PlaceMark } from "../app/types";
import type { Filters } from "../find/filters";

type Wanted = Pick<Filters, "free" | "standard" | "power" | "q">;

export function fitting(marks: PlaceMark[], { free, standard, power, q }: Wanted): PlaceMark[] {
  const text = q.trim().toLocaleLowerCase();
  return marks.filter(
    (mark) =>
      (!free || mark.available > 0) &&
      (!standard || mark.standards.includes(standard)) &&
      (!power || (mark.max_power_w ?? 0) >= Number(power) * 1000) &&
      (!text || mark.name.toLocaleLowerCase().includes(text)),
  );
}
