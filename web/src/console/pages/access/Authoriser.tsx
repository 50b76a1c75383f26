// A service of one's own that has a say in who may charge: asked over HTTP, with a deadline and a fallback.
import { api, asked, data, queries } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { DangerButton } from "@kit/ui/DangerButton";
import { Facts } from "@kit/ui/Facts";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Time } from "@kit/ui/Time";
import {
  Alert,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Paper,
  PasswordInput,
  Select,
  Stack,
  Switch,
  TextInput,
  Title,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../session";
import { TOKEN_KINDS } from "./words";

export default function Authoriser() {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const found = useQuery({
    ...asked(["authoriser"], (signal) => api.GET("/api/v1/authoriser", { signal })),
    retry: false,
  });
  const form = useForm({
    initialValues: {
      url: "",
      secret: "",
      deadline_ms: 2000,
      asked: "unknown" as "all" | "kinds" | "unknown",
      kinds: [] as string[],
      fallback: "as_known" as "allow" | "as_known" | "refuse",
      cache_s: 0,
      enabled: true,
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: filled when it arrives, not while it is written
  useEffect(() => {
    if (!found.data) return;
    const { url, deadline_ms, asked: who, kinds, fallback, cache_s, enabled } = found.data;
    form.setValues({ url, secret: "", deadline_ms, asked: who, kinds, fallback, cache_s, enabled });
  }, [found.data]);
  const save = useMutation({
    mutationFn: ({ secret, ...rest }: typeof form.values) =>
      data(api.PUT("/api/v1/authoriser", { body: (secret ? { ...rest, secret } : rest) as never })),
    onSuccess: () => {
      tellDone(t("access.saved"));
      void queries.invalidateQueries({ queryKey: ["authoriser"] });
    },
  });
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/api/v1/authoriser")),
    onSuccess: () => {
      tellDone(t("access.removed"));
      queries.removeQueries({ queryKey: ["authoriser"] });
      form.reset();
      void found.refetch();
    },
    onError: tellProblem,
  });
  const missing = found.data === null;
  const health = found.data?.health;
  return (
    <Page
      title={t("access.authoriser")}
      subtitle={t("access.authoriser_text")}
      crumbs={[{ title: t("access.rules"), to: "/policies" }]}
    >
      {found.isPending && <Lines />}
      {found.error && <Problem error={found.error} retry={() => found.refetch()} />}
      {health && (
        <Paper withBorder p="md" maw={720}>
          <Title order={2} fz="h4" mb="sm">
            {t("access.health")}
          </Title>
          {health.failing_since && (
            <Alert color="red" variant="outline" mb="sm" title={t("access.failing")}>
              <Time at={health.failing_since} />: {health.last_failure}
            </Alert>
          )}
          <Facts
            facts={[
              [t("access.answered"), formats.number(health.answered ?? 0)],
              [t("access.failed"), formats.number(health.failed ?? 0)],
              [t("access.from_cache"), formats.number(health.from_cache ?? 0)],
              [t("access.not_asked"), formats.number(health.not_asked ?? 0)],
            ]}
          />
        </Paper>
      )}
      {(found.data || missing) && (
        <Paper withBorder p="md" maw={720} component="section">
          <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
            <Stack>
              {save.error && <Problem error={save.error} />}
              <Switch label={t("access.enabled")} {...form.getInputProps("enabled", { type: "checkbox" })} />
              <TextInput
                label={t("access.url")}
                description={t("access.url_help")}
                required
                type="url"
                dir="ltr"
                placeholder="https://"
                {...form.getInputProps("url")}
              />
              <PasswordInput
                label={t("access.secret")}
                description={t("access.secret_help")}
                dir="ltr"
                autoComplete="off"
                {...form.getInputProps("secret")}
              />
              <Group grow align="flex-start">
                <NumberInput
                  label={t("access.deadline")}
                  min={100}
                  max={10_000}
                  step={100}
                  {...form.getInputProps("deadline_ms")}
                />
                <NumberInput
                  label={t("access.cache")}
                  min={0}
                  max={86_400}
                  {...form.getInputProps("cache_s")}
                />
              </Group>
              <Select
                label={t("access.asked")}
                allowDeselect={false}
                data={(["unknown", "kinds", "all"] as const).map((who) => ({
                  value: who,
                  label: t(`access.asked_${who}`),
                }))}
                {...form.getInputProps("asked")}
              />
              {form.values.asked === "kinds" && (
                <MultiSelect
                  label={t("access.kind")}
                  data={TOKEN_KINDS.map((kind) => ({ value: kind, label: t(`access.kind_${kind}`) }))}
                  {...form.getInputProps("kinds")}
                />
              )}
              <Select
                label={t("access.fallback")}
                description={t("access.fallback_help")}
                allowDeselect={false}
                data={(["refuse", "as_known", "allow"] as const).map((what) => ({
                  value: what,
                  label: t(`access.fallback_${what}`),
                }))}
                {...form.getInputProps("fallback")}
              />
              {may("tokens:write") && (
                <Group justify="space-between">
                  {found.data ? (
                    <DangerButton
                      onClick={() =>
                        ask({
                          title: t("access.remove_authoriser"),
                          text: t("access.remove_authoriser_text"),
                          action: t("access.remove"),
                          danger: true,
                          onYes: () => remove.mutate(),
                        })
                      }
                    >
                      {t("access.remove")}
                    </DangerButton>
                  ) : (
                    <span />
                  )}
                  <Button type="submit" loading={save.isPending}>
                    {t("access.save")}
                  </Button>
                </Group>
              )}
            </Stack>
          </form>
        </Paper>
      )}
    </Page>
  );
}
