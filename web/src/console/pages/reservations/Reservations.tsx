// Places kept for drivers, and drivers who wait for one.
import { api, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import type { Tone } from "@kit/branding";
import { useTopic } from "@kit/live/feed";
import { ask, tellDone, tellProblem } from "@kit/ui/feedback";
import { Mark } from "@kit/ui/Mark";
import { Time } from "@kit/ui/Time";
import { Anchor, Button, Group, SegmentedControl, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendarTime, IconUsers } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { useNames } from "../../lists/Pickers";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { useMay } from "../../session";
import { ReservationForm } from "./ReservationForm";

type Reservation = components["schemas"]["ReservationView"];
type Place = components["schemas"]["WaitingPlace"];
const TONE: Partial<Record<Reservation["state"], Tone>> = {
  held: "good",
  held_by_us: "good",
  used: "good",
  planned: "busy",
  placing: "busy",
  no_show: "bad",
  refused: "bad",
};
const OPEN = new Set<Reservation["state"]>(["planned", "placing", "held", "held_by_us"]);

function useRenewed(key: string) {
  const anew = () => void queries.invalidateQueries({ queryKey: [key] });
  useTopic("reservations", { changes: anew, reload: anew });
}

export default function Reservations() {
  const { t } = useTranslation();
  const [filters, set] = useFilters<"show">();
  const show = filters.show ?? "open";
  const chooser = (
    <SegmentedControl
      aria-label={t("reservations.title")}
      value={show}
      onChange={(value) => set({ show: value === "open" ? undefined : value })}
      data={(["open", "past", "waiting"] as const).map((value) => ({
        value,
        label: t(`reservations.show_${value}`),
      }))}
    />
  );
  return show === "waiting" ? (
    <WaitingList chooser={chooser} />
  ) : (
    <List chooser={chooser} active={show === "open"} key={show} />
  );
}

function List({ chooser, active }: { chooser: React.ReactNode; active: boolean }) {
  const { t } = useTranslation();
  const may = useMay();
  const [adding, form] = useDisclosure(false);
  useRenewed("reservations");
  const list = usePaged<Reservation>(["reservations", active], (cursor, signal) =>
    data(api.GET("/api/v1/reservations", { params: { query: { active, cursor, limit: 100 } }, signal })),
  );
  const cancel = useMutation({
    mutationFn: (id: string) =>
      data(api.DELETE("/api/v1/reservations/{reservation}", { params: { path: { reservation: id } } })),
    onSuccess: () => {
      tellDone(t("reservations.cancelled_done"));
      void queries.invalidateQueries({ queryKey: ["reservations"] });
    },
    onError: tellProblem,
  });
  const state = (each: Reservation) => (
    <Mark tone={TONE[each.state] ?? "quiet"}>{t(`reservations.state_${each.state}`)}</Mark>
  );
  const place = (each: Reservation) => (
    <Anchor component={Link} to={`/stations/${each.place_station_id}` as "/"} size="sm">
      <bdi>
        {each.place_station_identity} · {each.place_evse}
      </bdi>
    </Anchor>
  );
  const end = (each: Reservation) =>
    OPEN.has(each.state) && may("commands:give") ? (
      <Button
        size="compact-xs"
        variant="default"
        onClick={() =>
          ask({
            title: t("reservations.cancel_title"),
            text: t("reservations.cancel_text", { number: each.number }),
            action: t("reservations.cancel"),
            danger: true,
            onYes: () => cancel.mutate(each.id),
          })
        }
      >
        {t("reservations.cancel")}
      </Button>
    ) : each.session_number ? (
      <Anchor component={Link} to={`/sessions/${each.session_number}` as "/"} size="sm">
        {t("reservations.session", { number: each.session_number })}
      </Anchor>
    ) : (
      "–"
    );
  return (
    <>
      <ListPage<Reservation>
        name="reservations"
        title={t("reservations.title")}
        subtitle={t("reservations.text")}
        list={list}
        keyOf={(each) => each.id}
        nameOf={(each) => String(each.number)}
        filters={chooser}
        add={may("commands:give") ? { label: t("reservations.add"), onClick: form.open } : undefined}
        empty={{
          title: active ? t("reservations.none") : t("reservations.none_past"),
          text: t("reservations.none_text"),
          icon: IconCalendarTime,
        }}
        columns={[
          {
            key: "number",
            title: t("reservations.number"),
            render: (each) => each.number,
            width: "5rem",
            fixed: true,
          },
          { key: "state", title: t("reservations.state"), render: state },
          { key: "place", title: t("reservations.place"), render: place, width: "minmax(9rem, 1.5fr)" },
          {
            key: "token",
            title: t("reservations.token"),
            render: (each) => <bdi dir="ltr">{each.token_uid}</bdi>,
          },
          {
            key: "from",
            title: t("reservations.from"),
            render: (each) => <Time at={each.starts_at} mode="dateTime" />,
            width: "minmax(10rem, 1.5fr)",
          },
          {
            key: "until",
            title: t("reservations.until"),
            render: (each) => <Time at={each.ends_at} mode="dateTime" />,
            width: "minmax(10rem, 1.5fr)",
          },
          {
            key: "reason",
            title: t("reservations.reason"),
            render: (each) => each.reason || "–",
            hidden: true,
          },
          { key: "end", title: t("lists.deeds"), render: end, fixed: true },
        ]}
        card={(each) => (
          <Group justify="space-between" wrap="nowrap" h="100%">
            <div>
              {place(each)} {state(each)}
              <Text size="xs" c="dimmed">
                <Time at={each.starts_at} mode="dateTime" /> – <Time at={each.ends_at} mode="time" />
              </Text>
            </div>
            {end(each)}
          </Group>
        )}
        cardHeight={72}
      />
      <ReservationForm opened={adding} onClose={form.close} />
    </>
  );
}

function WaitingList({ chooser }: { chooser: React.ReactNode }) {
  const { t } = useTranslation();
  const may = useMay();
  const locations = useNames("locations");
  useRenewed("waiting");
  const list = usePaged<Place>(["waiting"], (cursor, signal) =>
    data(api.GET("/api/v1/waiting", { params: { query: { active: true, cursor, limit: 100 } }, signal })),
  );
  const leave = useMutation({
    mutationFn: (id: string) =>
      data(api.DELETE("/api/v1/waiting/{waiting}", { params: { path: { waiting: id } } })),
    onSuccess: () => {
      tellDone(t("reservations.left_done"));
      void queries.invalidateQueries({ queryKey: ["waiting"] });
    },
    onError: tellProblem,
  });
  const off = ({ waiting }: Place) =>
    may("commands:give") ? (
      <Button
        size="compact-xs"
        variant="default"
        onClick={() =>
          ask({
            title: t("reservations.leave_title"),
            text: t("reservations.leave_text"),
            action: t("reservations.leave"),
            danger: true,
            onYes: () => leave.mutate(waiting.id),
          })
        }
      >
        {t("reservations.leave")}
      </Button>
    ) : (
      "–"
    );
  const where = ({ waiting }: Place) => (
    <bdi>{locations.get(waiting.location_id) ?? waiting.location_id}</bdi>
  );
  return (
    <ListPage<Place>
      name="waiting"
      title={t("reservations.title")}
      subtitle={t("reservations.waiting_text")}
      list={list}
      keyOf={(each) => each.waiting.id}
      nameOf={(each) => each.waiting.token_uid}
      filters={chooser}
      empty={{
        title: t("reservations.nobody_waits"),
        text: t("reservations.nobody_waits_text"),
        icon: IconUsers,
      }}
      columns={[
        {
          key: "position",
          title: t("reservations.position"),
          render: (each) => each.position ?? "–",
          width: "5rem",
          fixed: true,
        },
        { key: "where", title: t("reservations.location"), render: where, width: "minmax(10rem, 2fr)" },
        {
          key: "token",
          title: t("reservations.token"),
          render: (each) => <bdi dir="ltr">{each.waiting.token_uid}</bdi>,
        },
        {
          key: "state",
          title: t("reservations.state"),
          render: (each) => t(`reservations.waiting_${each.waiting.state}`),
        },
        {
          key: "since",
          title: t("reservations.since"),
          render: (each) => <Time at={each.waiting.joined_at} />,
        },
        {
          key: "estimate",
          title: t("reservations.estimate"),
          render: (each) => <Time at={each.estimated_at} mode="time" />,
        },
        { key: "off", title: t("lists.deeds"), render: off, fixed: true },
      ]}
      card={(each) => (
        <Group justify="space-between" wrap="nowrap" h="100%">
          <div>
            {each.position}. {where(each)}
            <Text size="xs" c="dimmed" dir="ltr">
              {each.waiting.token_uid}
            </Text>
          </div>
          {off(each)}
        </Group>
      )}
      cardHeight={64}
    />
  );
}
