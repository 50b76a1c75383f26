// How the connectors stood over time: bars, a day or a week at a time, and the same as a list.
import { api } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { StateBadge } from "@kit/ui/states";
import { Time } from "@kit/ui/Time";
import { ActionIcon, SegmentedControl, Stack, Table, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { errorWords } from "../../../vocabulary";
import { useAddress } from "../address";
import { useStationPage } from "../context";
import { stateOfConnector } from "../now/connectorState";
import { midnight } from "../now/midnight";
import { usePages } from "../pages";
import { Section } from "../Section";
import { Bars } from "./Bars";
import { type Change, tracks } from "./spans";

const DAY = 86_400_000;

export default function History() {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const { station, zone } = useStationPage();
  const address = useAddress();
  const days = address.get("span") === "week" ? 7 : 1;
  const back = Number(address.get("back")) || 0;
  const until = useMemo(
    () => midnight(new Date(), zone).getTime() + DAY - back * days * DAY,
    [zone, back, days],
  );
  const from = until - days * DAY;
  // A little before, so that what held at the beginning is known.
  const since = new Date(from - 2 * DAY).toISOString();
  const history = usePages(["station", station.id, "history", since, until], (cursor, signal) =>
    api.GET("/api/v1/stations/{station}/history", {
      params: {
        path: { station: station.id },
        query: { since, until: new Date(until).toISOString(), cursor, limit: 500 },
      },
      signal,
    }),
  );
  const now = Math.min(Date.now(), until);
  const drawn = useMemo(() => tracks(history.items as Change[], from, now), [history.items, from, now]);
  const listed = history.items.filter(({ at }) => Date.parse(at) >= from);
  const rtl = i18n.dir() === "rtl";
  const [Back, On] = rtl ? [IconChevronRight, IconChevronLeft] : [IconChevronLeft, IconChevronRight];
  return (
    <Section
      title={t("station.tab.history")}
      tools={
        <>
          <SegmentedControl
            size="sm"
            value={days === 7 ? "week" : "day"}
            onChange={(span) => address.set({ span: span === "day" ? "" : span, back: "" })}
            data={[
              { value: "day", label: t("station.day") },
              { value: "week", label: t("station.week") },
            ]}
          />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t("station.earlier")}
            onClick={() => address.set({ back: String(back + 1) })}
          >
            <Back size={18} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t("station.later")}
            disabled={back === 0}
            onClick={() => address.set({ back: back > 1 ? String(back - 1) : "" })}
          >
            <On size={18} />
          </ActionIcon>
        </>
      }
    >
      <Text size="sm" fw={600} aria-live="polite">
        {formats.date(new Date(from), { zone })}
        {days > 1 && ` – ${formats.date(new Date(until - 1), { zone })}`}
      </Text>
      {history.error && <Problem error={history.error} retry={() => history.refetch()} />}
      {history.isPending && <Lines count={4} />}
      {history.data && drawn.length === 0 && (
        <Empty title={t("station.no_history")}>{t("station.no_history_text")}</Empty>
      )}
      {drawn.length > 0 && <Bars tracks={drawn} from={from} until={until} days={days} zone={zone} />}
      {listed.length > 0 && (
        <Stack gap={4} mt="sm">
          <Text size="sm" fw={600}>
            {t("station.every_change")}
          </Text>
          <Table.ScrollContainer minWidth={0} mah={360}>
            <Table aria-label={t("station.every_change")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("station.when")}</Table.Th>
                  <Table.Th>{t("station.where")}</Table.Th>
                  <Table.Th>{t("station.state")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {listed.map((change) => (
                  <Table.Tr key={change.id}>
                    <Table.Td>
                      <Time at={change.at} mode="dateTime" zone={zone} seconds />
                    </Table.Td>
                    <Table.Td>
                      {change.evse}-{change.connector}
                    </Table.Td>
                    <Table.Td>
                      <StateBadge
                        state={stateOfConnector(change.status)}
                        words={t(`connector_status.${change.status}`)}
                      />
                      {(change.error || change.info) && (
                        <Text size="xs" c="dimmed">
                          <bdi>
                            {[errorWords(t, change.error), change.vendor_error, change.info]
                              .filter(Boolean)
                              .join(" · ")}
                          </bdi>
                        </Text>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Stack>
      )}
    </Section>
  );
}
