// One charging session: how much, who, where, when; its curve and its story; what is certain.
import { useTopic } from "@kit/live/feed";
import { Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Grid, SegmentedControl, Stack } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { CertaintyBadge, PhaseBadge } from "../sessions/badges";
import { useAddress } from "../station/address";
import { Notes } from "../station/notes/Notes";
import { locationQuery } from "../station/queries";
import { CostSection } from "./Cost";
import { EnergyCurve } from "./EnergyCurve";
import { Figures } from "./Figures";
import { MeterValues } from "./MeterValues";
import { sessionQuery } from "./queries";
import { Repairs } from "./Repairs";
import { SessionActions } from "./SessionActions";
import { Story } from "./Story";
import { WhoAndWhere } from "./WhoAndWhere";

const AT_MOST_EVERY_MS = 1_500;

export default function SessionPage() {
  const { t } = useTranslation();
  const { session: name } = useParams({ strict: false }) as { session: string };
  const client = useQueryClient();
  const address = useAddress();
  const found = useQuery(sessionQuery(name));
  const session = found.data;
  const place = useQuery({
    ...locationQuery(session?.location_id ?? ""),
    enabled: Boolean(session?.location_id),
  });
  const due = useRef<ReturnType<typeof setTimeout>>(undefined);
  useTopic(session?.phase === "active" ? `session:${session.id}` : null, {
    changes: () => {
      due.current ??= setTimeout(() => {
        due.current = undefined;
        client.invalidateQueries({ queryKey: ["session", name] });
      }, AT_MOST_EVERY_MS);
    },
    reload: () => client.invalidateQueries({ queryKey: ["session", name] }),
  });
  const crumbs = [{ title: t("sessions.title"), to: "/sessions" }];
  const title = t("sessions.one", { number: session?.number ?? name });
  if (!session)
    return (
      <Page title={title} crumbs={crumbs}>
        {found.error ? <Problem error={found.error} retry={() => found.refetch()} /> : <Lines />}
      </Page>
    );
  const site = place.data?.time_zone;
  const zone = site && address.get("zone") === "site" ? site : undefined;
  return (
    <Page
      title={title}
      crumbs={crumbs}
      badge={
        <>
          <PhaseBadge session={session} />
          <CertaintyBadge session={session} />
        </>
      }
      actions={
        <>
          {site && (
            <SegmentedControl
              aria-label={t("sessions.zone")}
              data={[
                { value: "mine", label: t("sessions.my_time") },
                { value: "site", label: t("sessions.site_time") },
              ]}
              value={zone ? "site" : "mine"}
              onChange={(which) => address.set({ zone: which === "site" ? "site" : "" })}
            />
          )}
          <SessionActions session={session} />
        </>
      }
    >
      <Figures session={session} name={name} zone={zone} />
      <Repairs session={session} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack>
            <EnergyCurve id={name} zone={zone} />
            <CostSection id={name} />
            <MeterValues session={session} zone={zone} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack>
            <WhoAndWhere session={session} place={place.data} />
            <Story id={name} zone={zone} />
            <Notes about={`session:${session.id}`} zone={zone} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}
