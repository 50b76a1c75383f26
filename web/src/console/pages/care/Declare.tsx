// What stations shall be, declared: a variable's value for all, a group, a model or one; looked at before it goes out.
import { api, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { useFormats } from "@kit/formats";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import {
  Alert,
  Autocomplete,
  Button,
  Fieldset,
  Group,
  NumberInput,
  Select,
  Stack,
  Switch,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { PickOne } from "../../lists/Pickers";

type Draft = components["schemas"]["DeclarationDraft"];
type Scope = Draft["scope"];

export default function Declare() {
  const { t } = useTranslation();
  const formats = useFormats();
  const navigate = useNavigate();
  const form = useForm({
    initialValues: {
      key: "",
      value: "",
      scope: "all" as Scope,
      group: null as string | null,
      station: null as string | null,
      vendor: "",
      model: "",
      may_restart: false,
      why: "",
      canary: "" as number | "",
      per_minute: "" as number | "",
      stop_above_percent: 20 as number | "",
    },
  });
  const values = form.values;
  const [words] = useDebouncedValue(values.key, 250);
  const names = useQuery({
    queryKey: ["variables", "names", words],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/variables/names", {
          params: { query: { search: words || undefined, limit: 30 } as never },
          signal,
        }),
      ),
    retry: false,
  });
  const draft = (): Draft =>
    ({
      scope: values.scope,
      group: values.scope === "group" ? values.group : null,
      station: values.scope === "station" ? values.station : null,
      vendor: values.scope === "model" ? values.vendor || null : null,
      model: values.scope === "model" ? values.model || null : null,
      aspect: "variables",
      key: values.key.trim(),
      value: values.value,
      may_restart: values.may_restart,
    }) as Draft;
  const preview = useMutation({
    mutationFn: () =>
      data(api.POST("/api/v1/desired/declarations/preview", { body: { declarations: [draft()] } as never })),
  });
  const save = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/desired/declarations", {
          body: {
            declarations: [draft()],
            why: values.why,
            pace: {
              canary: values.canary || null,
              per_minute: values.per_minute || null,
              stop_above_percent:
                values.canary || values.per_minute ? values.stop_above_percent || null : null,
            },
          } as never,
        }),
      ),
    onSuccess: (made) => {
      tellDone(t("care.declared"));
      void queries.invalidateQueries({ queryKey: ["rollouts"] });
      navigate({ to: (made.rollout ? `/rollouts/${made.rollout.id}` : "/rollouts") as "/" });
    },
  });
  const found = (names.data?.items ?? []).map((each) => each.key);
  const stations = preview.data?.stations;
  return (
    <Page
      title={t("care.declare")}
      subtitle={t("care.declare_text")}
      crumbs={[{ title: t("care.rollouts"), to: "/rollouts" }]}
    >
      <form
        onSubmit={form.onSubmit(() => (preview.data ? save.mutate() : preview.mutate()))}
        onChange={() => preview.reset()}
      >
        <Stack maw={760}>
          {(preview.error || save.error) && <Problem error={preview.error ?? save.error} />}
          <Autocomplete
            label={t("care.variable")}
            description={t("care.variable_help")}
            required
            dir="ltr"
            data={[...new Set(found.filter(Boolean))]}
            {...form.getInputProps("key")}
          />
          <TextInput label={t("care.value")} required dir="ltr" {...form.getInputProps("value")} />
          <Select
            label={t("care.for")}
            allowDeselect={false}
            data={(["all", "group", "model", "station"] as const).map((scope) => ({
              value: scope,
              label: t(`care.scope_${scope}`),
            }))}
            {...form.getInputProps("scope")}
          />
          {values.scope === "group" && (
            <PickOne
              kind="station-groups"
              label={t("care.groups")}
              required
              value={values.group}
              onChange={(id) => form.setFieldValue("group", id)}
            />
          )}
          {values.scope === "station" && (
            <PickOne
              kind="stations"
              label={t("access.station")}
              required
              value={values.station}
              onChange={(id) => form.setFieldValue("station", id)}
            />
          )}
          {values.scope === "model" && (
            <Group grow>
              <TextInput label={t("care.vendor")} required {...form.getInputProps("vendor")} />
              <TextInput label={t("care.model")} {...form.getInputProps("model")} />
            </Group>
          )}
          <Switch
            label={t("care.may_restart")}
            description={t("care.may_restart_help")}
            {...form.getInputProps("may_restart", { type: "checkbox" })}
          />
          <Fieldset legend={t("care.pace")}>
            <Group grow align="flex-start">
              <NumberInput
                label={t("care.canary")}
                description={t("care.canary_help")}
                min={1}
                {...form.getInputProps("canary")}
              />
              <NumberInput label={t("care.per_minute")} min={1} {...form.getInputProps("per_minute")} />
              <NumberInput
                label={t("care.stop_above")}
                suffix=" %"
                min={0}
                max={100}
                {...form.getInputProps("stop_above_percent")}
              />
            </Group>
          </Fieldset>
          <TextInput label={t("care.why")} maxLength={500} {...form.getInputProps("why")} />
          {preview.data && (
            <Alert
              variant="outline"
              color="blue"
              role="status"
              title={t("care.preview", { count: stations ?? 0, number: formats.number(stations ?? 0) })}
            />
          )}
          <Group justify="flex-end">
            <Button type="submit" loading={preview.isPending || save.isPending}>
              {preview.data ? t("care.declare_now") : t("care.look_first")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
