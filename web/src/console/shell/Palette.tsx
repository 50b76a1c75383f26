// The command palette: Ctrl-K to any page, station, place, session, card, driver or colleague.
import { api, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { StateBadge } from "@kit/ui/states";
import { Group, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import {
  IconBuildingCommunity,
  IconChargingPile,
  IconCreditCard,
  IconMapPin,
  IconReceipt,
  IconStack2,
  IconUser,
  type TablerIcon,
} from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { PAGES } from "../pages";
import { useMay } from "../session";
import classes from "./Palette.module.css";

const [store, spotlight] = createSpotlight();

export const openPalette = (): void => spotlight.open();

type Hit = components["schemas"]["Hit"];

// Where a thing that was found is looked at, and its sign.
const PLACES: Record<Hit["type"], { to: (hit: Hit) => string; icon: TablerIcon }> = {
  station: { to: (hit) => `/stations/${hit.id}`, icon: IconChargingPile },
  location: { to: (hit) => `/locations/${hit.id}`, icon: IconMapPin },
  session: { to: (hit) => `/sessions/${hit.id}`, icon: IconReceipt },
  token: { to: (hit) => `/tokens/${hit.id}`, icon: IconCreditCard },
  account: { to: (hit) => `/accounts/${hit.id}`, icon: IconUser },
  person: { to: (hit) => `/people?q=${encodeURIComponent(hit.title)}`, icon: IconBuildingCommunity },
  group: {
    to: (hit) => (hit.state === "tokens" ? "/groups" : `/station-groups/${hit.id}`),
    icon: IconStack2,
  },
};
const KINDS = Object.keys(PLACES) as Hit["type"][];

export function Palette() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const [words, setWords] = useState("");
  const [wanted] = useDebouncedValue(words.trim(), 120);
  const found = useQuery({
    queryKey: ["search", wanted],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/search", { params: { query: { q: wanted, limit: 5 } }, signal })),
    enabled: wanted.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  const pages = PAGES.filter(
    (page) =>
      page.menu && may(page.permission) && t(page.title).toLowerCase().includes(words.trim().toLowerCase()),
  );
  const hits = words.trim() ? (found.data?.hits ?? []) : [];
  // What was found comes after the last letter: the first of it is what Enter opens.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever what is listed changes
  useEffect(() => {
    const list = document.getElementById(store.getState().listId);
    const [first] = list?.querySelectorAll("[data-action]") ?? [];
    if (!words.trim() || !first) return;
    list?.querySelector("[data-selected]")?.removeAttribute("data-selected");
    first.setAttribute("data-selected", "true");
    store.updateState((state) => ({ ...state, selected: 0 }));
  }, [found.data, words]);
  const go = (to: string) => {
    const [path, search] = to.split("?") as [string, string | undefined];
    navigate({ to: path, search: Object.fromEntries(new URLSearchParams(search)) as never });
  };
  return (
    <Spotlight.Root
      store={store}
      classNames={{ action: classes.action }}
      shortcut={["mod + K", "mod + P"]}
      query={words}
      onQueryChange={setWords}
      scrollable
      attributes={{ content: { "aria-label": t("shell.search") } }}
      maxHeight={420}
      size="lg"
    >
      <Spotlight.Search placeholder={t("palette.placeholder")} aria-label={t("shell.search")} />
      <Spotlight.ActionsList>
        {KINDS.map((kind) => {
          const some = hits.filter((hit) => hit.type === kind);
          const Icon = PLACES[kind].icon;
          return (
            some.length > 0 && (
              <Spotlight.ActionsGroup key={kind} label={t(`palette.${kind}`)}>
                {some.map((hit) => (
                  <Spotlight.Action
                    key={hit.id}
                    onClick={() => go(PLACES[kind].to(hit))}
                    leftSection={<Icon size={20} aria-hidden />}
                  >
                    <Group justify="space-between" wrap="nowrap" w="100%">
                      <div style={{ minWidth: 0 }}>
                        <Text size="sm" truncate>
                          <bdi>{hit.title}</bdi>
                        </Text>
                        <Text size="xs" c="dimmed" truncate>
                          <bdi>{hit.subtitle}</bdi>
                        </Text>
                      </div>
                      {kind === "station" && hit.state && <StateBadge state={hit.state} size="xs" />}
                    </Group>
                  </Spotlight.Action>
                ))}
              </Spotlight.ActionsGroup>
            )
          );
        })}
        {pages.length > 0 && (
          <Spotlight.ActionsGroup label={t("palette.pages")}>
            {pages.map((page) => {
              const Icon = page.icon;
              return (
                <Spotlight.Action
                  key={page.path}
                  label={t(page.title)}
                  onClick={() => navigate({ to: page.path })}
                  leftSection={Icon && <Icon size={20} aria-hidden />}
                />
              );
            })}
          </Spotlight.ActionsGroup>
        )}
        {pages.length === 0 && hits.length === 0 && (
          <Spotlight.Empty>{found.isFetching ? t("palette.looking") : t("palette.nothing")}</Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
