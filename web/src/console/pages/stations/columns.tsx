// The columns of the list of stations.
import { useFormats } from "@kit/formats";
import type { Column } from "@kit/ui/DataTable";
import { RowLink } from "@kit/ui/RowLink";
import { StateBadge } from "@kit/ui/states";
import { Time } from "@kit/ui/Time";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Station } from "../../network/rows";
import { problemWords } from "../../network/words";
import { Connectors } from "./Connectors";
import classes from "./stations.module.css";

export function StationLink({ row }: { row: Pick<Station, "id" | "identity"> }) {
  return (
    <RowLink to={`/stations/${row.id}`} strong>
      <bdi dir="ltr">{row.identity}</bdi>
    </RowLink>
  );
}

export function useColumns(places: ReadonlyMap<string, string>): Column<Station>[] {
  const { t } = useTranslation();
  const formats = useFormats();
  return useMemo(
    () => [
      {
        key: "identity",
        title: t("stations.identity"),
        width: "minmax(12rem, 1.5fr)",
        sortable: true,
        fixed: true,
        render: (row) => (
          <span className={classes.named}>
            <StationLink row={row} />
            {row.name && <bdi className={classes.aside}>{row.name}</bdi>}
          </span>
        ),
      },
      {
        key: "state",
        title: t("stations.state"),
        width: "10.5rem",
        sortable: true,
        fixed: true,
        render: (row) => <StateBadge state={row.state} />,
      },
      {
        key: "connectors",
        title: t("stations.connectors"),
        width: "7rem",
        render: (row) => <Connectors connectors={row.connectors} />,
      },
      {
        key: "location",
        title: t("stations.location"),
        width: "minmax(8rem, 1fr)",
        sortable: true,
        render: (row) =>
          row.location_id && (
            <RowLink to={`/locations/${row.location_id}`}>{places.get(row.location_id) ?? "…"}</RowLink>
          ),
      },
      {
        key: "power",
        title: t("stations.power"),
        width: "6rem",
        sortable: true,
        end: true,
        render: (row) => (row.power_w > 0 ? <bdi>{formats.power(row.power_w)}</bdi> : "–"),
      },
      {
        key: "sessions",
        title: t("stations.sessions"),
        width: "6rem",
        sortable: true,
        end: true,
        hidden: true,
        render: (row) => formats.number(row.sessions),
      },
      {
        key: "problem",
        title: t("stations.problem"),
        width: "minmax(8rem, 1fr)",
        sortable: true,
        render: (row) => row.problem && problemWords(t, row.problem),
      },
      {
        key: "vendor",
        title: t("stations.model"),
        width: "minmax(8rem, 1fr)",
        sortable: true,
        render: (row) => <bdi>{[row.vendor, row.model].filter(Boolean).join(" ")}</bdi>,
      },
      {
        key: "firmware",
        title: t("stations.firmware"),
        width: "7rem",
        sortable: true,
        hidden: true,
        render: (row) => <bdi dir="ltr">{row.firmware}</bdi>,
      },
      {
        key: "version",
        title: "OCPP",
        width: "5rem",
        sortable: true,
        render: (row) => <bdi dir="ltr">{row.version ?? ""}</bdi>,
      },
      {
        key: "since",
        title: t("stations.since"),
        width: "9rem",
        sortable: true,
        hidden: true,
        render: (row) => <Time at={row.since} />,
      },
      {
        key: "last_seen",
        title: t("stations.last_seen"),
        width: "9rem",
        sortable: true,
        hidden: true,
        render: (row) => <Time at={row.last_seen_at} />,
      },
    ],
    [t, formats, places],
  );
}
