// Every location, with how its stations stand.
import { useFormats } from "@kit/formats";
import { type Column, DataTable } from "@kit/ui/DataTable";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Anchor, Button, CloseButton, Stack, Text, TextInput } from "@mantine/core";
import { IconDownload, IconFileImport, IconMapPin, IconPlus, IconSearch } from "@tabler/icons-react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ImportDialog } from "../../network/ImportDialog";
import { NOBODY, useMapPlaces } from "../../network/mapping";
import { PlaceStates } from "../../network/PlaceStates";
import { usePlaces } from "../../network/places";
import { ToolButton } from "../../network/ToolButton";
import { useMay } from "../../session";
import { countryName } from "./countries";
import { LocationForm } from "./LocationForm";
import { listed, type PlaceRow } from "./listing";

const idOf = (row: PlaceRow) => row.place.id;
const nameOf = (row: PlaceRow) => row.place.name;

export default function Locations() {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const words = String(search.q ?? "");
  const sort = String(search.sort ?? "");
  const { places, isPending, error, refetch } = usePlaces();
  const { sums } = useMapPlaces(places);
  const [dialog, setDialog] = useState<"new" | "import" | null>(null);
  const set = (change: Record<string, string>) =>
    navigate({
      to: ".",
      search: ((before: Record<string, unknown>) =>
        Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value))) as never,
      replace: true,
      resetScroll: false,
    });
  const rows = useMemo(
    () =>
      listed(
        places.map((place) => ({ place, sums: sums.get(place.id) ?? NOBODY })),
        words,
        sort,
      ),
    [places, sums, words, sort],
  );
  const columns: Column<PlaceRow>[] = useMemo(
    () => [
      {
        key: "name",
        title: t("locations.name"),
        width: "minmax(12rem, 1.5fr)",
        sortable: true,
        fixed: true,
        render: (row) => <PlaceLink row={row} />,
      },
      {
        key: "city",
        title: t("locations.city"),
        sortable: true,
        render: (row) => <bdi>{row.place.city}</bdi>,
      },
      {
        key: "country",
        title: t("locations.country"),
        sortable: true,
        render: (row) => countryName(row.place.country, i18n.language),
      },
      {
        key: "states",
        title: t("locations.states"),
        width: "minmax(12rem, 1.2fr)",
        sortable: true,
        render: (row) => <PlaceStates states={row.sums.states} />,
      },
      {
        key: "stations",
        title: t("locations.stations"),
        width: "6rem",
        sortable: true,
        end: true,
        render: (row) => formats.number(row.sums.stations),
      },
      {
        key: "power",
        title: t("locations.power"),
        width: "7rem",
        sortable: true,
        end: true,
        render: (row) => (row.sums.power_w > 0 ? <bdi>{formats.power(row.sums.power_w)}</bdi> : "–"),
      },
      {
        key: "time_zone",
        title: t("locations.time_zone"),
        width: "10rem",
        hidden: true,
        render: (row) => <bdi dir="ltr">{row.place.time_zone}</bdi>,
      },
    ],
    [t, i18n.language, formats],
  );
  const card = useCallback(
    (row: PlaceRow) => (
      <Stack gap={2}>
        <PlaceLink row={row} />
        <Text size="sm" c="dimmed" truncate>
          <bdi>{[row.place.address, row.place.city].filter(Boolean).join(", ")}</bdi>
        </Text>
        <PlaceStates states={row.sums.states} />
      </Stack>
    ),
    [],
  );
  const addButton = may("locations:write") && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setDialog("new")}>
      {t("locations.add")}
    </Button>
  );
  return (
    <Page
      title={t("locations.title")}
      badge={
        !isPending && (
          <Text c="dimmed">
            {t("locations.shown", { count: rows.length, number: formats.number(rows.length) })}
          </Text>
        )
      }
      actions={
        <>
          <ToolButton
            icon={IconDownload}
            words={t("stations.export")}
            onClick={() => window.location.assign("/api/v1/locations/export?format=csv")}
          />
          {may("locations:write") && (
            <ToolButton
              icon={IconFileImport}
              words={t("stations.import")}
              onClick={() => setDialog("import")}
            />
          )}
          {addButton}
        </>
      }
    >
      {isPending && <Lines count={8} height={36} />}
      {error && <Problem error={error} retry={() => refetch()} />}
      {!isPending && !error && (
        <DataTable
          name="locations"
          label={t("locations.title")}
          tools={
            <TextInput
              type="search"
              aria-label={t("map_page.search")}
              placeholder={t("map_page.search")}
              leftSection={<IconSearch size={16} aria-hidden />}
              rightSection={
                words && (
                  <CloseButton size="sm" aria-label={t("map_page.clear")} onClick={() => set({ q: "" })} />
                )
              }
              value={words}
              onChange={(event) => set({ q: event.currentTarget.value })}
              maxLength={100}
              w={{ base: "100%", xs: 320 }}
            />
          }
          rows={rows}
          columns={columns}
          keyOf={idOf}
          nameOf={nameOf}
          card={card}
          cardHeight={98}
          onOpen={(row) => navigate({ to: `/locations/${row.place.id}` as "/" })}
          sorting={
            sort.startsWith("-") ? { key: sort.slice(1), down: true } : { key: sort || "name", down: false }
          }
          onSort={({ key, down }) => set({ sort: key === "name" && !down ? "" : `${down ? "-" : ""}${key}` })}
          empty={
            words ? (
              <Empty title={t("locations.none_fit")} icon={IconMapPin}>
                {t("stations.none_fit_text")}
              </Empty>
            ) : (
              <Empty title={t("locations.none")} icon={IconMapPin} action={addButton}>
                {t("locations.none_text")}
              </Empty>
            )
          }
        />
      )}
      {dialog === "new" && (
        <LocationForm
          onClose={() => setDialog(null)}
          onDone={(made) => navigate({ to: `/locations/${made.id}` as "/" })}
        />
      )}
      {dialog === "import" && <ImportDialog what="locations" onClose={() => setDialog(null)} />}
    </Page>
  );
}

function PlaceLink({ row }: { row: PlaceRow }) {
  return (
    <Anchor component={Link} to={`/locations/${row.place.id}` as "/"} size="sm" fw={600} preload={false}>
      <bdi>{row.place.name}</bdi>
    </Anchor>
  );
}
