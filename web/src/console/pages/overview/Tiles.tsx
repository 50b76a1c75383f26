// The numbers of now and of today.
import { useFormats } from "@kit/formats";
import { Progress, SimpleGrid, Text } from "@mantine/core";
import { IconArrowDownRight, IconArrowUpRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { change, type Glance } from "./glance";
import { Tile } from "./Tile";

export function Tiles({ glance }: { glance: Glance }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { stations, power_w, capacity_w, sessions, energy, revenue } = glance;
  const used = capacity_w > 0 ? Math.min(1, power_w / capacity_w) : 0;
  return (
    <SimpleGrid cols={{ base: 2, lg: revenue ? 5 : 4 }} spacing={{ base: "xs", sm: "md" }}>
      <Tile title={t("overview.connected")} value={formats.number(stations.connected)} to="/stations">
        <Text size="sm" c="dimmed">
          {t("overview.of_stations", { count: stations.total, number: formats.number(stations.total) })}
        </Text>
      </Tile>
      <Tile
        title={t("overview.power")}
        value={formats.power(power_w)}
        to="/stations"
        search={{ sort: "-power" }}
      >
        {capacity_w > 0 && (
          <>
            <Progress value={used * 100} size="sm" aria-label={t("overview.used")} />
            <Text size="sm" c="dimmed">
              {t("overview.of_capacity", {
                share: formats.percent(used, 1),
                capacity: formats.power(capacity_w),
              })}
            </Text>
          </>
        )}
      </Tile>
      <Tile
        title={t("overview.sessions")}
        value={formats.number(sessions.active)}
        to="/sessions"
        search={{ active: "true" }}
      >
        <Text size="sm" c="dimmed">
          {t("overview.sessions_today", { count: sessions.today, number: formats.number(sessions.today) })}
        </Text>
      </Tile>
      <Tile title={t("overview.energy")} value={formats.energy(energy.today_wh)}>
        <Against
          now={energy.today_wh}
          before={energy.same_weekday_by_now_wh}
          said={formats.energy(energy.same_weekday_by_now_wh)}
        />
      </Tile>
      {revenue && <Revenue revenue={revenue} />}
    </SimpleGrid>
  );
}

// What sessions that ended today came to, by currency: the largest first, at most three of them.
function Revenue({ revenue }: { revenue: NonNullable<Glance["revenue"]> }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [first, ...more] = [...revenue].sort((a, b) => b.charges - a.charges);
  if (!first)
    return (
      <Tile title={t("overview.revenue")} value="–">
        <Text size="sm" c="dimmed">
          {t("overview.no_revenue")}
        </Text>
      </Tile>
    );
  return (
    <Tile title={t("overview.revenue")} value={formats.money(first.gross, first.currency)}>
      <Against
        now={first.gross}
        before={first.same_weekday_by_now_gross}
        said={formats.money(first.same_weekday_by_now_gross, first.currency)}
      />
      {more.length > 0 && (
        <Text size="sm" c="dimmed">
          {formats.list(more.slice(0, 2).map((each) => formats.money(each.gross, each.currency)))}
        </Text>
      )}
    </Tile>
  );
}

interface Compared {
  now: number;
  before: number | null | undefined;
  said: string;
}

function Against({ now, before, said }: Compared) {
  const { t } = useTranslation();
  const formats = useFormats();
  const share = change(now, before);
  if (share === undefined)
    return (
      <Text size="sm" c="dimmed">
        {t("overview.no_week_ago")}
      </Text>
    );
  const Shape = share < 0 ? IconArrowDownRight : IconArrowUpRight;
  return (
    <Text size="sm" c="dimmed">
      <Shape size={16} aria-hidden style={{ verticalAlign: "text-bottom" }} />{" "}
      {t(share < 0 ? "overview.less" : "overview.more", {
        share: formats.percent(Math.abs(share)),
        before: said,
      })}
    </Text>
  );
}
