// Taking a charger in, second half: what to enter at it, and every step as it turns green, or what is wrong.
import { api, asked, data, queries } from "@kit/api/client";
import { useTopic } from "@kit/live/feed";
import { ask, Lines, Problem, tellProblem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Alert, Button, Grid, Group, Paper, Stack, Title } from "@mantine/core";
import { IconCheck, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Attempts } from "./Attempts";
import { EnterThese } from "./EnterThese";
import { Steps } from "./Steps";
import { keepSecrets, secretsOf } from "./secrets";
import type { Progress } from "./types";

const progressQuery = (station: string) =>
  asked(["onboarding", station], (signal) =>
    api.GET("/api/v1/onboarding/{station}", { params: { path: { station } }, signal }),
  );

export default function Waiting() {
  const { t } = useTranslation();
  const { station } = useParams({ strict: false }) as { station: string };
  const query = progressQuery(station);
  const progress = useQuery({ ...query, refetchInterval: 15_000 });
  const [secrets, setSecrets] = useState(() => secretsOf(station));
  const id = progress.data?.station_id ?? station;
  useTopic("onboarding", {
    changes: ({ set }) => {
      if (set[id]) queries.setQueryData(query.queryKey, set[id] as Progress);
    },
    reload: () => void progress.refetch(),
  });
  const renew = useMutation({
    mutationFn: () =>
      data(api.POST("/api/v1/onboarding/{station}/password", { params: { path: { station } } })),
    onSuccess: (made) => {
      keepSecrets(made);
      setSecrets(made);
    },
    onError: tellProblem,
  });
  const accept = useMutation({
    mutationFn: () =>
      data(api.POST("/api/v1/stations/{station}/accept", { params: { path: { station } } } as never)),
    onSuccess: () => void progress.refetch(),
    onError: tellProblem,
  });
  const ready = progress.data?.ready ?? false;
  useEffect(() => {
    if (ready) document.title = `✓ ${document.title.replace(/^✓ /, "")}`;
  }, [ready]);
  const name = secrets?.station.name || progress.data?.identity || station;
  const notAccepted = progress.data?.steps.some(
    (step) => step.code === "accepted" && step.state === "failed",
  );
  return (
    <Page
      title={t("onboarding.waiting_title", { name })}
      subtitle={ready ? t("onboarding.ready_text") : t("onboarding.waiting_text")}
      crumbs={[{ title: t("onboarding.title"), to: "/onboarding" }]}
      actions={
        <Button variant="default" component={Link} to={`/stations/${id}`}>
          {t("onboarding.to_station")}
        </Button>
      }
    >
      {progress.isPending && <Lines count={8} />}
      {progress.error && <Problem error={progress.error} retry={() => progress.refetch()} />}
      {progress.data && (
        <Stack>
          {ready && (
            <Alert
              icon={<IconCheck />}
              color="green"
              variant="outline"
              title={t("onboarding.ready")}
              role="status"
            >
              <Button
                component={Link}
                to={`/stations/${id}`}
                leftSection={<IconPlayerPlay size={16} />}
                mt="xs"
              >
                {t("onboarding.try_it")}
              </Button>
            </Alert>
          )}
          <Grid gap="md">
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Paper withBorder p="lg">
                <Title order={2} fz="h4" mb="sm">
                  {t("onboarding.enter")}
                </Title>
                <EnterThese
                  identity={progress.data.identity}
                  secrets={secrets}
                  renewing={renew.isPending}
                  onRenew={() =>
                    ask({
                      title: t("onboarding.renew_title"),
                      text: t("onboarding.renew_text"),
                      action: t("onboarding.renew"),
                      danger: progress.data.connected,
                      onYes: () => renew.mutate(),
                    })
                  }
                />
              </Paper>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Paper withBorder p="lg">
                <Title order={2} fz="h4" mb="sm">
                  {t("onboarding.steps")}
                </Title>
                <Steps steps={progress.data.steps} attempts={progress.data.attempts ?? []} />
                {notAccepted && (
                  <Group mt="sm">
                    <Button loading={accept.isPending} onClick={() => accept.mutate()}>
                      {t("onboarding.accept")}
                    </Button>
                  </Group>
                )}
              </Paper>
            </Grid.Col>
          </Grid>
          {(progress.data.attempts?.length ?? 0) > 0 && <Attempts attempts={progress.data.attempts ?? []} />}
        </Stack>
      )}
    </Page>
  );
}
