// One's organisation; and, for whoever runs the installation, all of them.
import { api, asked, data, queries } from "@kit/api/client";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Button, Group, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useMe } from "../../session";
import { Form } from "../me/Form";
import { Section } from "../me/Section";
import { Organisations } from "./Organisations";

const organisationQuery = asked(["organisation"], (signal) => api.GET("/api/v1/organisation", { signal }));

export default function OrganisationPage() {
  const { t } = useTranslation();
  const may = useMay();
  const me = useMe();
  const navigate = useNavigate();
  const organisation = useQuery(organisationQuery);
  const form = useForm({
    initialValues: { name: "" },
    validate: { name: (value) => (value.trim() ? null : t("set_up.organisation_missing")) },
  });
  const name = organisation.data?.name;
  // biome-ignore lint/correctness/useExhaustiveDependencies: filled in when it is known
  useEffect(() => {
    if (name === undefined) return;
    form.setInitialValues({ name });
    form.setValues({ name });
  }, [name]);
  const change = useMutation({
    mutationFn: (body: { name?: string; require_second_factor?: boolean }) =>
      data(api.PATCH("/api/v1/organisation", { body })),
    onSuccess: async (changed) => {
      queries.setQueryData(organisationQuery.queryKey, changed);
      tellDone(t("me.saved"));
      await queries.invalidateQueries({ queryKey: ["me"], exact: true });
      // Who requires one and has none is the first to set one up.
      if (changed.require_second_factor && !me?.second_factor)
        await navigate({ to: "/second-factor" as "/" });
    },
    onError: tellProblem,
  });
  const writes = may("organisation:write");
  const require = (wanted: boolean) => {
    if (!wanted) return change.mutate({ require_second_factor: false });
    const own = me?.second_factor ?? false;
    ask({
      title: t("organisation.require_ask"),
      text: own ? t("organisation.require_ask_text") : t("organisation.require_ask_self"),
      action: own ? t("organisation.require_do") : t("factors.add"),
      // Who requires one of others has one: else they would lock themselves out.
      onYes: () => (own ? change.mutate({ require_second_factor: true }) : navigate({ to: "/me" as "/" })),
    });
  };
  return (
    <Page title={t("organisation.title")} subtitle={me?.organisation}>
      {organisation.isPending && <Lines />}
      {organisation.error && <Problem error={organisation.error} retry={() => organisation.refetch()} />}
      {organisation.data && (
        <Stack maw={820}>
          <Section title={t("organisation.about")}>
            <Form onSubmit={form.onSubmit((values) => change.mutate({ name: values.name.trim() }))}>
              <TextInput
                label={t("organisation.name")}
                description={t("set_up.organisation_text")}
                readOnly={!writes}
                maxLength={200}
                {...form.getInputProps("name")}
              />
              {writes && (
                <Group>
                  <Button type="submit" loading={change.isPending} disabled={!form.isDirty()}>
                    {t("me.save")}
                  </Button>
                </Group>
              )}
            </Form>
          </Section>
          <Section title={t("organisation.security")}>
            <Switch
              label={t("organisation.require")}
              description={t("organisation.require_text")}
              checked={organisation.data.require_second_factor}
              disabled={!writes || change.isPending}
              onChange={(event) => require(event.currentTarget.checked)}
            />
          </Section>
          {may("tenants:manage") && <Organisations />}
        </Stack>
      )}
    </Page>
  );
}
