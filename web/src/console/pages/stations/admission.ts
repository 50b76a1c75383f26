// Letting stations in, or turning them away.
import { api, data } from "@kit/api/client";
import { ask, tellDone, tellProblem } from "@kit/ui/feedback";
import type { TFunction } from "i18next";
import type { Station } from "../../network/rows";

const AT_ONCE = 6;

// One after another, a few at the same time; how many could not be done.
async function each(rows: readonly Station[], deed: (row: Station) => Promise<unknown>): Promise<unknown[]> {
  const failed: unknown[] = [];
  const waiting = [...rows];
  const work = async () => {
    for (let row = waiting.shift(); row; row = waiting.shift())
      await deed(row).catch((error) => failed.push(error));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failed;
}

const path = (row: Station) => ({ params: { path: { station: row.id } } });

export async function accept(rows: readonly Station[], t: TFunction): Promise<void> {
  const failed = await each(rows, (row) =>
    data(api.POST("/api/v1/stations/{station}/accept", { ...path(row), body: {} as never })),
  );
  if (failed.length > 0) tellProblem(failed[0]);
  if (failed.length < rows.length) tellDone(t("stations.accepted", { count: rows.length - failed.length }));
}

export function refuse(rows: readonly Station[], t: TFunction): void {
  ask({
    title: t("stations.refuse_title", { count: rows.length }),
    text: t("stations.refuse_text"),
    action: t("stations.refuse"),
    danger: true,
    onYes: async () => {
      const failed = await each(rows, (row) =>
        data(api.POST("/api/v1/stations/{station}/refuse", path(row))),
      );
      if (failed.length > 0) tellProblem(failed[0]);
      if (failed.length < rows.length)
        tellDone(t("stations.refused", { count: rows.length - failed.length }));
    },
  });
}
