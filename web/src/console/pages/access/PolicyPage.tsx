// One access rule, made or changed: where, when, how much; and whom it is about.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { DangerButton } from "@kit/ui/DangerButton";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Button, Fieldset, Group, NumberInput, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { PickMany } from "../../lists/Pickers";
import { useMay } from "../../session";
import { PolicyMembers } from "./PolicyMembers";
import { QuotaFields } from "./QuotaFields";
import { WindowFields } from "./WindowFields";

type Draft = Required<components["schemas"]["PolicyDraft"]>;

const EMPTY: Draft = {
  name: "",
  locations: [],
  station_groups: [],
  stations: [],
  windows: [],
  calendars: [],
  quotas: [],
  parallel: null,
  stop_when_exhausted: false,
  offline_ok: true,
};

export default function PolicyPage() {
  const { t } = useTranslation();
  const { policy: id } = useParams({ strict: false }) as { policy: string };
  const isNew = id === "new";
  const navigate = useNavigate();
  const may = useMay();
  const writes = may("tokens:write");
  const path = { policy_id: id };
  const policy = useQuery({
    ...asked(["policies", "one", id], (signal) =>
      api.GET("/api/v1/policies/{policy_id}", { params: { path }, signal }),
    ),
    enabled: !isNew,
  });
  const form = useForm<Draft>({ initialValues: EMPTY });
  // biome-ignore lint/correctness/useExhaustiveDependencies: filled when it arrives, not while it is written
  useEffect(() => {
    if (!policy.data) return;
    const { id: _id, tenant_id: _tenant, revision: _revision, created_at: _created, ...draft } = policy.data;
    form.setValues(draft as Draft);
    form.resetDirty(draft as Draft);
  }, [policy.data]);
  const save = useMutation({
    mutationFn: (body: Draft) =>
      data(
        isNew
          ? api.POST("/api/v1/policies", { body })
          : api.PATCH("/api/v1/policies/{policy_id}", { params: { path }, body }),
      ),
    onSuccess: (made) => {
      tellDone(t("access.saved"));
      void queries.invalidateQueries({ queryKey: ["policies"] });
      if (isNew) navigate({ to: `/policies/${made.id}` as "/", replace: true });
    },
  });
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/api/v1/policies/{policy_id}", { params: { path } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["policies"] });
      tellDone(t("access.removed"));
      navigate({ to: "/policies" as "/" });
    },
    onError: tellProblem,
  });
  const values = form.values;
  return (
    <Page
      title={isNew ? t("access.add_rule") : (policy.data?.name ?? "…")}
      crumbs={[{ title: t("access.rules"), to: "/policies" }]}
      actions={
        !isNew &&
        writes && (
          <DangerButton
            onClick={() =>
              ask({
                title: t("access.remove_rule"),
                text: t("access.remove_rule_text"),
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
      {!isNew && policy.isPending && <Lines count={8} />}
      {policy.error && <Problem error={policy.error} retry={() => policy.refetch()} />}
      {(isNew || policy.data) && (
        <form onSubmit={form.onSubmit((draft) => save.mutate(draft))}>
          <Stack maw={860}>
            {save.error && <Problem error={save.error} />}
            <TextInput
              label={t("access.name")}
              description={t("access.rule_name_help")}
              required
              maxLength={200}
              {...form.getInputProps("name")}
            />
            <Fieldset legend={t("access.where")}>
              <Stack>
                <Text size="sm" c="dimmed">
                  {t("access.where_help")}
                </Text>
                <PickMany
                  kind="locations"
                  label={t("access.locations")}
                  value={values.locations}
                  onChange={(ids) => form.setFieldValue("locations", ids)}
                />
                <PickMany
                  kind="station-groups"
                  label={t("access.station_groups")}
                  value={values.station_groups}
                  onChange={(ids) => form.setFieldValue("station_groups", ids)}
                />
                <PickMany
                  kind="stations"
                  label={t("access.stations")}
                  value={values.stations}
                  onChange={(ids) => form.setFieldValue("stations", ids)}
                />
              </Stack>
            </Fieldset>
            <Fieldset legend={t("access.when")}>
              <Stack>
                <Text size="sm" c="dimmed">
                  {t("access.when_help")}
                </Text>
                <WindowFields
                  windows={values.windows}
                  onChange={(windows) => form.setFieldValue("windows", windows)}
                />
                <PickMany
                  kind="holiday-calendars"
                  label={t("access.holidays")}
                  description={t("access.holidays_help")}
                  value={values.calendars}
                  onChange={(ids) => form.setFieldValue("calendars", ids)}
                />
              </Stack>
            </Fieldset>
            <Fieldset legend={t("access.how_much")}>
              <Stack>
                <QuotaFields
                  quotas={values.quotas}
                  onChange={(quotas) => form.setFieldValue("quotas", quotas)}
                />
                <Group align="flex-end">
                  <Switch
                    label={t("access.limit_parallel")}
                    checked={values.parallel !== null}
                    onChange={(event) =>
                      form.setFieldValue(
                        "parallel",
                        event.currentTarget.checked ? { limit: 1, per: "token" } : null,
                      )
                    }
                  />
                  {values.parallel && (
                    <>
                      <NumberInput
                        w={100}
                        label={t("access.at_once")}
                        min={1}
                        max={1000}
                        value={values.parallel.limit}
                        onChange={(limit) =>
                          form.setFieldValue("parallel", { ...values.parallel!, limit: Number(limit) || 1 })
                        }
                      />
                      <Select
                        label={t("access.per")}
                        allowDeselect={false}
                        data={(["token", "account", "policy"] as const).map((per) => ({
                          value: per,
                          label: t(`access.per_${per}`),
                        }))}
                        value={values.parallel.per}
                        onChange={(per) =>
                          form.setFieldValue("parallel", {
                            ...values.parallel!,
                            per: (per ?? "token") as "token",
                          })
                        }
                      />
                    </>
                  )}
                </Group>
                <Switch
                  label={t("access.stop_when_exhausted")}
                  {...form.getInputProps("stop_when_exhausted", { type: "checkbox" })}
                />
                <Switch
                  label={t("access.offline_ok")}
                  description={t("access.offline_ok_help")}
                  {...form.getInputProps("offline_ok", { type: "checkbox" })}
                />
              </Stack>
            </Fieldset>
            {writes && (
              <Group justify="flex-end">
                <Button type="submit" loading={save.isPending} disabled={!isNew && !form.isDirty()}>
                  {t("access.save")}
                </Button>
              </Group>
            )}
          </Stack>
        </form>
      )}
      {!isNew && policy.data && <PolicyMembers policy={id} />}
    </Page>
  );
}
