// What the list shows, as a file.
import type { TFunction } from "i18next";
import { csvOf, download } from "../../network/csv";
import type { Station } from "../../network/rows";

export function exportStations(
  rows: readonly Station[],
  places: ReadonlyMap<string, string>,
  t: TFunction,
): void {
  const head = [
    t("stations.identity"),
    t("stations.name"),
    t("stations.location"),
    t("stations.state"),
    t("stations.connected"),
    t("stations.power_w"),
    t("stations.sessions"),
    t("stations.problem"),
    t("stations.vendor"),
    t("stations.model_alone"),
    t("stations.firmware"),
    "OCPP",
    t("stations.last_seen"),
  ];
  const lines = rows.map((row) => [
    row.identity,
    row.name,
    places.get(row.location_id ?? "") ?? "",
    row.state,
    String(row.connected),
    row.power_w,
    row.sessions,
    row.problem,
    row.vendor,
    row.model,
    row.firmware,
    row.version ?? "",
    row.last_seen_at ?? "",
  ]);
  download(`stations-${new Date().toISOString().slice(0, 10)}.csv`, csvOf(head, lines));
}
