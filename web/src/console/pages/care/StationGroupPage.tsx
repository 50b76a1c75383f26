// One group of stations: who is in it, added and taken off.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { DangerButton } from "@kit/ui/DangerButton";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Anchor, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PickMany } from "../../lists/Pickers";
import { usePaged } from "../../lists/paged";
import { useMay } from "../../session";

type Member = components["schemas"]["PageOfMember"]["items"][number];

export default function StationGroupPage() {
  const { t } = useTranslation();
  const { group: id } = useParams({ strict: false }) as { group: string };
  const navigate = useNavigate();
  const may = useMay();
  const [chosen, choose] = useState<string[]>([]);
  const path = { group: id };
  const group = useQuery(
    asked(["station-groups", "one", id], (signal) =>
      api.GET("/api/v1/station-groups/{group}", { params: { path }, signal }),
    ),
  );
  const members = usePaged<Member>(["station-groups", "members", id], (cursor, signal) =>
    data(
      api.GET("/api/v1/station-groups/{group}/stations", {
        params: { path, query: { cursor, limit: 200 } },
        signal,
      }),
    ),
  );
  const move = useMutation({
    mutationFn: ({ stations, on }: { stations: string[]; on: boolean }) => {
      const request = { params: { path }, body: { stations } };
      return data(
        on
          ? api.POST("/api/v1/station-groups/{group}/stations/add", request)
          : api.POST("/api/v1/station-groups/{group}/stations/remove", request),
      );
    },
    onSuccess: (_, moved) => {
      void queries.invalidateQueries({ queryKey: ["station-groups"] });
      tellDone(moved.on ? t("access.member_added") : t("access.member_removed"), () =>
        move.mutate({ ...moved, on: !moved.on }),
      );
      choose([]);
    },
    onError: tellProblem,
  });
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/api/v1/station-groups/{group}", { params: { path } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["station-groups"] });
      tellDone(t("access.removed"));
      navigate({ to: "/station-groups" as "/" });
    },
    onError: tellProblem,
  });
  const writes = may("stations:write");
  return (
    <Page
      title={group.data?.name ?? "…"}
      subtitle={group.data?.description}
      crumbs={[{ title: t("care.groups"), to: "/station-groups" }]}
      actions={
        writes &&
        group.data && (
          <DangerButton
            onClick={() =>
              ask({
                title: t("access.remove_group"),
                text: t("care.remove_group_text"),
                action: t("access.remove"),
                danger: true,
                onYes: () => remove.mutate(),
              })
            }
          >
            {t("access.remove")}
          </DangerButton>
        )
      }
    >
      {(group.isPending || members.isPending) && <Lines />}
      {group.error && <Problem error={group.error} retry={() => group.refetch()} />}
      {group.data && members.data && (
        <Paper withBorder p="md" maw={760}>
          <Stack>
            {writes && (
              <Group align="flex-end" wrap="nowrap">
                <div style={{ flex: 1 }}>
                  <PickMany kind="stations" label={t("care.add_stations")} value={chosen} onChange={choose} />
                </div>
                <Button
                  disabled={chosen.length === 0}
                  loading={move.isPending}
                  onClick={() => move.mutate({ stations: chosen, on: true })}
                >
                  {t("care.add")}
                </Button>
              </Group>
            )}
            {members.items.length === 0 && <Text c="dimmed">{t("care.no_members")}</Text>}
            {members.items.map((member) => (
              <Group key={member.station_id} justify="space-between" wrap="nowrap">
                <Anchor component={Link} to={`/stations/${member.station_id}` as "/"}>
                  <bdi>{member.identity}</bdi>
                </Anchor>
                {writes && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    onClick={() => move.mutate({ stations: [member.station_id], on: false })}
                  >
                    {t("access.take_off")}
                  </Button>
                )}
              </Group>
            ))}
            {members.hasNextPage && (
              <Button variant="default" onClick={members.more} loading={members.isFetchingNextPage}>
                {t("care.more")}
              </Button>
            )}
          </Stack>
        </Paper>
      )}
    </Page>
  );
}
