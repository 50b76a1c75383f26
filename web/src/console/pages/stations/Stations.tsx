// Every station, live: found, filtered, sorted, and told something together.
import { api, asked } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { DataTable } from "@kit/ui/DataTable";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Button, Stack, Text } from "@mantine/core";
import { IconChargingPile, IconDownload, IconFileImport, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { chosen, isFiltered, sortingOf, sortOf, valuesOf } from "../../network/filters";
import { fleet, useFleet } from "../../network/fleet";
import { ImportDialog } from "../../network/ImportDialog";
import { usePlaces } from "../../network/places";
import type { Station } from "../../network/rows";
import { ToolButton } from "../../network/ToolButton";
import { useMay } from "../../session";
import { BulkDialog } from "./bulk/BulkDialog";
import { useColumns } from "./columns";
import { exportStations } from "./exporting";
import { FilterBar } from "./FilterBar";
import { SelectionBar } from "./SelectionBar";
import { StateChips } from "./StateChips";
import { StationCard } from "./StationCard";
import { useFilters } from "./useFilters";
import { useGroupMembers } from "./useGroupMembers";

const groupsQuery = asked(["station-groups", "all"], (signal) =>
  api.GET("/api/v1/station-groups", { params: { query: { limit: 500 } }, signal }),
);
const idOf = (row: Station) => row.id;
const nameOf = (row: Station) => row.identity;

export default function Stations() {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const navigate = useNavigate();
  const { rows, version, loaded, error } = useFleet();
  const { names } = usePlaces();
  const [filters, change] = useFilters();
  const groups = useQuery(groupsQuery).data?.items ?? [];
  const group = useGroupMembers(filters.group);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const [dialog, setDialog] = useState<"command" | "import" | null>(null);
  const columns = useColumns(names);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is what the rows are
  const view = useMemo(
    () => chosen(rows, filters, { places: names, group }),
    [rows, version, filters, names, group],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is what the rows are
  const meant = useMemo(
    () => [...selected].map((id) => rows.get(id)).filter((row): row is Station => row !== undefined),
    [selected, rows, version],
  );
  const card = useCallback(
    (row: Station) => <StationCard row={row} place={names.get(row.location_id ?? "") ?? ""} />,
    [names],
  );
  const mayAct = may("commands:give") || may("stations:admit");
  return (
    <Page
      title={t("stations.title")}
      badge={
        loaded && (
          <Text c="dimmed" aria-live="polite" data-testid="stations-shown">
            {t("stations.shown", { count: view.rows.length, number: formats.number(view.rows.length) })}
          </Text>
        )
      }
      actions={
        <>
          <ToolButton
            icon={IconDownload}
            words={t("stations.export")}
            disabled={view.rows.length === 0}
            onClick={() => exportStations(view.rows, names, t)}
          />
          {may("stations:admit") && (
            <ToolButton
              icon={IconFileImport}
              words={t("stations.import")}
              onClick={() => setDialog("import")}
            />
          )}
          {may("stations:write") && (
            <Button
              component={Link}
              to={"/onboarding" as "/"}
              leftSection={<IconPlus size={16} aria-hidden />}
            >
              {t("stations.add")}
            </Button>
          )}
        </>
      }
    >
      {!loaded && !error && <Lines count={10} height={36} />}
      {!loaded && error !== undefined && <Problem error={error} retry={fleet.reload} />}
      {loaded && (
        <Stack gap="sm">
          <FilterBar rows={rows} filters={filters} change={change} places={names} groups={groups} />
          <DataTable
            name="stations"
            label={t("stations.title")}
            tools={
              <StateChips
                counts={view.states}
                chosen={valuesOf(filters, "state")}
                onChange={(states) => change({ state: states.join(",") })}
              />
            }
            rows={view.rows}
            columns={columns}
            keyOf={idOf}
            nameOf={nameOf}
            card={card}
            cardHeight={94}
            height="max(20rem, calc(100dvh - 19rem))"
            selected={mayAct ? selected : undefined}
            onSelect={mayAct ? setSelected : undefined}
            sorting={sortingOf(filters.sort)}
            onSort={(sorting) => change({ sort: sortOf(sorting) }, true)}
            onOpen={(row) => navigate({ to: `/stations/${row.id}` as "/" })}
            empty={
              isFiltered(filters) ? (
                <Empty
                  title={t("stations.none_fit")}
                  icon={IconChargingPile}
                  action={
                    <Button component={Link} to={"/stations" as "/"} variant="default">
                      {t("stations.clear_filters")}
                    </Button>
                  }
                >
                  {t("stations.none_fit_text")}
                </Empty>
              ) : (
                <Empty
                  title={t("stations.none")}
                  icon={IconChargingPile}
                  action={
                    may("stations:write") && (
                      <Button component={Link} to={"/onboarding" as "/"}>
                        {t("stations.add")}
                      </Button>
                    )
                  }
                >
                  {t("stations.none_text")}
                </Empty>
              )
            }
          />
          <SelectionBar
            stations={meant}
            shown={view.rows.length}
            onAll={() => setSelected(new Set(view.rows.map(idOf)))}
            onClear={() => setSelected(new Set())}
            onCommand={() => setDialog("command")}
          />
        </Stack>
      )}
      {dialog === "command" && <BulkDialog stations={meant} onClose={() => setDialog(null)} />}
      {dialog === "import" && <ImportDialog what="stations" onClose={() => setDialog(null)} />}
    </Page>
  );
}
