// Where one is signed in, and ending it there.
import { api, asked, data, queries } from "@kit/api/client";
import { Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Badge, Button, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { deviceName } from "./factors";
import { Section } from "./Section";

const signInsQuery = asked(["me", "sign-ins"], (signal) => api.GET("/api/v1/me/sign-ins", { signal }));

export const signInsChanged = () => queries.invalidateQueries({ queryKey: signInsQuery.queryKey });

export function SignIns() {
  const { t } = useTranslation();
  const signIns = useQuery(signInsQuery);
  const end = useMutation({
    mutationFn: (session_id: string) =>
      data(api.DELETE("/api/v1/me/sign-ins/{session_id}", { params: { path: { session_id } } })),
    onSuccess: () => tellDone(t("me.sign_in_ended")),
    onError: tellProblem,
    onSettled: signInsChanged,
  });
  const endOthers = useMutation({
    mutationFn: () => data(api.POST("/api/v1/me/sign-ins/end-others")),
    onSuccess: () => tellDone(t("me.others_ended")),
    onError: tellProblem,
    onSettled: signInsChanged,
  });
  const items = signIns.data?.items ?? [];
  return (
    <Section title={t("me.sign_ins")} text={t("me.sign_ins_text")}>
      {signIns.isPending && <Lines count={3} height={44} />}
      {signIns.error && <Problem error={signIns.error} retry={() => signIns.refetch()} />}
      <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: "none" }}>
        {items.map((item) => (
          <Group key={item.id} component="li" justify="space-between" wrap="nowrap" align="flex-start">
            <Group gap="sm" wrap="nowrap" align="flex-start">
              <ThemeIcon variant="default" size={36} radius="xl" aria-hidden>
                {/Mobi|Android|iPhone/.test(item.user_agent) ? (
                  <IconDeviceMobile size={20} />
                ) : (
                  <IconDeviceDesktop size={20} />
                )}
              </ThemeIcon>
              <div>
                <Group gap="xs">
                  <Text fw={600}>{deviceName(item.user_agent) || t("me.unknown_device")}</Text>
                  {item.current && (
                    <Badge tt="none" variant="outline" color="green" c="inherit">
                      {t("me.here")}
                    </Badge>
                  )}
                </Group>
                <Text size="sm" c="dimmed">
                  <bdi>{item.remote_address}</bdi> · {t(`me.way_${item.way}`)} · {t("me.seen")}{" "}
                  <Time at={item.seen_at} />
                </Text>
              </div>
            </Group>
            {!item.current && (
              <Button
                size="xs"
                variant="default"
                style={{ flexShrink: 0 }}
                loading={end.isPending && end.variables === item.id}
                aria-label={t("me.end_at", { name: deviceName(item.user_agent) || item.remote_address })}
                onClick={() => end.mutate(item.id)}
              >
                {t("me.end")}
              </Button>
            )}
          </Group>
        ))}
      </Stack>
      {items.length > 1 && (
        <Group>
          <Button variant="default" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
            {t("me.end_others")}
          </Button>
        </Group>
      )}
    </Section>
  );
}
