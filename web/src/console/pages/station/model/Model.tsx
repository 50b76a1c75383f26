// The device model: what the station says of itself, beside what it shall be.
import { api, asked, data } from "@kit/api/client";
import { type Column, DataTable } from "@kit/ui/DataTable";
import { Empty, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import {
  Button,
  Group,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from "@mantine/core";
import { IconRefresh, IconSearch } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { post } from "../../../commands/give";
import { useMay } from "../../../session";
import { useAddress } from "../address";
import { useStationPage } from "../context";
import { desiredQuery, modelStateQuery } from "../queries";
import { Section } from "../Section";
import { joined, type Known, type Row, sifted } from "./joined";
import { StandingBadge } from "./StandingBadge";
import { VariableDialog } from "./VariableDialog";

const UNDER_WAY = ["in_progress", "waiting", "unknown"];
const LOOK_EVERY_MS = 3_000;

// All of them: a charger has some hundreds, and searching is quicker here.
async function everyVariable(id: string, signal: AbortSignal): Promise<{ data: Known[] }> {
  const all: Known[] = [];
  let cursor: string | undefined;
  do {
    const page = await data(
      api.GET("/api/v1/stations/{station}/variables", {
        params: { path: { station: id }, query: { cursor, limit: 500 } },
        signal,
      }),
    );
    all.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor && all.length < 5_000);
  return { data: all };
}

export default function Model() {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const address = useAddress();
  const { station } = useStationPage();
  const [chosen, setChosen] = useState<string | null>(null);
  const state = useQuery(modelStateQuery(station.id));
  const known = useQuery(
    asked(["station", station.id, "variables"], (signal) => everyVariable(station.id, signal)),
  );
  const desired = useQuery({
    ...desiredQuery(station.id),
    refetchInterval: ({ state: { data } }) =>
      data?.keys.some(({ standing }) => UNDER_WAY.includes(standing)) ? LOOK_EVERY_MS : false,
  });
  const reading = useMutation({
    mutationFn: () => post<{ status: string; reason: string }>(`/stations/${station.id}/variables/read`),
    onError: tellProblem,
    onSuccess: ({ status, reason }) => {
      client.invalidateQueries({ queryKey: ["station", station.id] });
      if (status === "accepted") tellDone(t("station.model_read"));
      else tellProblem(new Error(reason || t(`commands.status_help.${status}`)));
    },
  });
  const rows = useMemo(() => joined(known.data ?? [], desired.data?.keys ?? []), [known.data, desired.data]);
  const [find, component, only] = [address.get("find"), address.get("component"), address.get("only")];
  const shown = useMemo(() => sifted(rows, find, component, only), [rows, find, component, only]);
  const components = useMemo(
    () => [...new Set(rows.map((row) => row.component))].filter(Boolean).sort(),
    [rows],
  );
  const value = (text: string | null | undefined) =>
    text == null || text === "" ? "–" : <bdi dir="ltr">{text}</bdi>;
  const columns: Column<Row>[] = [
    {
      key: "key",
      title: t("station.variable"),
      width: "minmax(16rem, 2fr)",
      fixed: true,
      render: (row) => (
        <UnstyledButton onClick={() => setChosen(row.key)} fz="sm" td="underline">
          <bdi dir="ltr">{row.key}</bdi>
        </UnstyledButton>
      ),
    },
    {
      key: "reported",
      title: t("station.reported"),
      width: "minmax(9rem, 1fr)",
      render: (row) => value(row.reported),
    },
    {
      key: "desired",
      title: t("station.desired"),
      width: "minmax(9rem, 1fr)",
      render: (row) => value(row.desired),
    },
    {
      key: "standing",
      title: t("station.standing"),
      width: "minmax(10rem, 1fr)",
      render: (row) => (row.wanted ? <StandingBadge wanted={row.wanted} /> : "–"),
    },
    {
      key: "since",
      title: t("station.since_when"),
      width: "9rem",
      render: (row) => <Time at={row.wanted?.since ?? row.known?.known_since} />,
    },
    {
      key: "key16",
      title: t("station.key16"),
      width: "minmax(10rem, 1fr)",
      hidden: true,
      render: (row) => value(row.known?.ocpp16_key),
    },
  ];
  const row = rows.find(({ key }) => key === chosen);
  return (
    <Section
      title={t("station.tab.model")}
      tools={
        may("commands:give") && (
          <Button
            variant="default"
            size="sm"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={reading.isPending}
            onClick={() => reading.mutate()}
          >
            {t("station.read_again")}
          </Button>
        )
      }
    >
      {state.data && (
        <Text size="sm" c="dimmed">
          {state.data.read_at ? (
            <>
              {t(state.data.complete ? "station.model_whole" : "station.model_part")}{" "}
              <Time at={state.data.read_at} />
            </>
          ) : (
            t("station.model_unread")
          )}
          {state.data.problem && ` · ${state.data.problem}`}
          {state.data.restart_pending_since && ` · ${t("station.restart_pending")}`}
        </Text>
      )}
      {(known.error || desired.error) && (
        <Problem error={known.error ?? desired.error} retry={() => known.refetch()} />
      )}
      {known.isPending && <Lines />}
      {known.data && (
        <DataTable
          name="model"
          label={station.identity}
          rows={shown}
          columns={columns}
          keyOf={(each) => each.key}
          cardHeight={112}
          card={(each) => (
            <Stack gap={2}>
              <UnstyledButton
                onClick={() => setChosen(each.key)}
                fz="sm"
                fw={600}
                style={{ overflowWrap: "anywhere" }}
              >
                <bdi dir="ltr">{each.key}</bdi>
              </UnstyledButton>
              <Text size="sm" truncate>
                {t("station.reported")}: {value(each.reported)}
              </Text>
              {each.wanted && (
                <Group gap="xs">
                  <Text size="sm">
                    {t("station.desired")}: {value(each.desired)}
                  </Text>
                  <StandingBadge wanted={each.wanted} />
                </Group>
              )}
            </Stack>
          )}
          tools={
            <>
              <TextInput
                leftSection={<IconSearch size={16} aria-hidden />}
                aria-label={t("station.find_variable")}
                placeholder={t("station.find_variable")}
                value={find}
                onChange={(event) => address.set({ find: event.currentTarget.value })}
              />
              <Select
                aria-label={t("station.component")}
                placeholder={t("station.component")}
                data={components}
                searchable
                clearable
                w={190}
                value={component || null}
                onChange={(name) => address.set({ component: name ?? "" })}
              />
              <SegmentedControl
                size="sm"
                value={only || "all"}
                onChange={(which) => address.set({ only: which === "all" ? "" : which })}
                data={["all", "desired", "different"].map((which) => ({
                  value: which,
                  label: t(`station.only_${which}`),
                }))}
              />
            </>
          }
          empty={
            <Empty title={t(rows.length === 0 ? "station.model_none" : "station.no_variables")}>
              {t(rows.length === 0 ? "station.model_none_text" : "station.no_variables_text")}
            </Empty>
          }
        />
      )}
      {row && <VariableDialog row={row} onClose={() => setChosen(null)} />}
    </Section>
  );
}
