// What the station may give, by whose word, and what it makes of all of that.

import { send } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { Facts } from "@kit/ui/Facts";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { uuid } from "@kit/uuid";
import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import { LimitsNow } from "../now/LimitsNow";
import { Section } from "../Section";
import { Composite } from "./Composite";
import { profilesQuery } from "./queries";

interface Period {
  start_s?: number;
  limit?: number | null;
}

export default function Limits() {
  const { t } = useTranslation();
  const may = useMay();
  const formats = useFormats();
  const client = useQueryClient();
  const { station, zone, command } = useStationPage();
  const profiles = useQuery(profilesQuery(station.id));
  const clearing = useMutation({
    mutationFn: async (id: number) =>
      (
        await send(`/api/v1/stations/${station.id}/profiles/${id}`, {
          method: "DELETE",
          headers: { "Idempotency-Key": uuid() },
        })
      ).json() as Promise<{ status: string; reason?: string }>,
    onError: tellProblem,
    onSuccess: (record) => {
      client.invalidateQueries({ queryKey: ["station", station.id] });
      if (record.status === "accepted") tellDone(t("station.profile_cleared"));
      else tellProblem(new Error(record.reason || t(`commands.status_help.${record.status}`)));
    },
  });
  const may_give = may("commands:give");
  return (
    <Stack>
      <Section
        title={t("station.profiles")}
        tools={
          may_give && (
            <>
              <Button size="sm" variant="default" onClick={() => command({ command: "GetChargingProfiles" })}>
                {t("commands.name.GetChargingProfiles")}
              </Button>
              <Button size="sm" onClick={() => command({ command: "SetChargingProfile", evse: 0 })}>
                {t("commands.name.SetChargingProfile")}
              </Button>
            </>
          )
        }
      >
        {profiles.error && <Problem error={profiles.error} retry={() => profiles.refetch()} />}
        {profiles.isPending && <Lines count={2} />}
        {profiles.data?.items.length === 0 && <Text c="dimmed">{t("station.no_profiles")}</Text>}
        {profiles.data?.items.map(({ profile, evse, source, installed_at, confirmed_at }) => {
          const [schedule] = profile.schedules;
          const limits = ((schedule?.periods ?? []) as Period[])
            .map(({ limit }) => limit)
            .filter((each) => each != null);
          return (
            <Paper key={`${profile.id} ${evse}`} withBorder p="sm" component="article">
              <Group justify="space-between" align="flex-start">
                <Text fw={600}>
                  {t(`commands.option.${profile.purpose}`, { defaultValue: profile.purpose })} ·{" "}
                  {evse === 0 ? t("station.whole") : t("commands.evse", { number: evse })}
                </Text>
                {may_give && (
                  <Button
                    size="xs"
                    variant="default"
                    loading={clearing.isPending}
                    onClick={() =>
                      ask({
                        title: t("station.clear_profile", { id: profile.id }),
                        text: t("station.clear_profile_text"),
                        action: t("station.clear"),
                        danger: true,
                        onYes: () => clearing.mutate(profile.id),
                      })
                    }
                  >
                    {t("station.clear")}
                  </Button>
                )}
              </Group>
              <Facts
                facts={[
                  [
                    t("commands.field.limit"),
                    limits.length > 0
                      ? `${formats.list([...new Set(limits.map((each) => formats.number(Number(each), 0)))])} ${schedule?.unit}`
                      : "",
                  ],
                  [t("commands.field.profile_id"), profile.id],
                  [t("commands.field.stack_level"), profile.stack_level],
                  [t("station.set_by"), source],
                  [t("station.installed"), <Time key="i" at={installed_at} mode="dateTime" zone={zone} />],
                  [
                    t("station.confirmed"),
                    confirmed_at ? (
                      <Time key="c" at={confirmed_at} mode="dateTime" zone={zone} />
                    ) : (
                      t("station.unconfirmed")
                    ),
                  ],
                ]}
              />
            </Paper>
          );
        })}
      </Section>
      <LimitsNow />
      <Composite />
    </Stack>
  );
}
