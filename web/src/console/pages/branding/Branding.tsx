// How the organisation looks to its drivers: name, colours, logos, host names, what the law wants said.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Lines, Problem, tellDone } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Alert, Button, Grid, Group, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMay } from "../../session";
import { Section } from "../me/Section";
import { Colours } from "./Colours";
import { Hosts } from "./Hosts";
import { LegalTexts } from "./LegalTexts";
import { Logos } from "./Logos";
import { Preview } from "./Preview";

export type BrandingFacts = components["schemas"]["Branding"];
export type Draft = components["schemas"]["BrandingDraft"];

export const brandingQuery = asked(["branding"], (signal) => api.GET("/api/v1/branding", { signal }));

const NO_TEXTS = { imprint: {}, privacy: {}, terms: {} };

const draftOf = (branding: BrandingFacts): Draft => ({
  name: branding.name,
  product_name: branding.product_name === branding.name ? "" : branding.product_name,
  primary_colour: branding.primary_colour,
  accent_colour: branding.accent_colour,
  support_email: branding.support_email,
  support_phone: branding.support_phone,
  hosts: [...branding.hosts],
  legal: branding.legal,
  driver_app: branding.driver_app,
  guests: branding.guests,
});

export default function Branding() {
  const { t } = useTranslation();
  const branding = useQuery(brandingQuery);
  return (
    <Page title={t("branding.title")} subtitle={t("branding.subtitle")}>
      {branding.isPending && <Lines />}
      {branding.error && <Problem error={branding.error} retry={() => branding.refetch()} />}
      {branding.data && <Fields branding={branding.data} />}
    </Page>
  );
}

function Fields({ branding }: { branding: BrandingFacts }) {
  const { t } = useTranslation();
  const may = useMay();
  const writes = may("organisation:write");
  const form = useForm({ initialValues: draftOf(branding) });
  const save = useMutation({
    mutationFn: (body: Draft) => data(api.PUT("/api/v1/branding", { body })),
    onSuccess: (saved) => {
      queries.setQueryData(brandingQuery.queryKey, saved);
      const draft = draftOf(saved);
      form.setInitialValues(draft);
      form.setValues(draft);
      tellDone(t("me.saved"));
    },
  });
  const draft = form.values;
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
          <fieldset disabled={!writes} style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
            <Stack>
              {!writes && <Alert variant="outline">{t("branding.read_only")}</Alert>}
              {save.error && <Problem error={save.error} />}
              <Section title={t("branding.names")}>
                <TextInput
                  label={t("branding.name")}
                  description={t("branding.name_hint")}
                  maxLength={80}
                  {...form.getInputProps("name")}
                />
                <TextInput
                  label={t("branding.product_name")}
                  description={t("branding.product_name_hint")}
                  placeholder={draft.name}
                  maxLength={80}
                  {...form.getInputProps("product_name")}
                />
                <TextInput
                  label={t("branding.support_email")}
                  type="email"
                  maxLength={254}
                  {...form.getInputProps("support_email")}
                />
                <TextInput
                  label={t("branding.support_phone")}
                  type="tel"
                  dir="ltr"
                  maxLength={40}
                  {...form.getInputProps("support_phone")}
                />
              </Section>
              <Colours
                primary={draft.primary_colour}
                accent={draft.accent_colour ?? ""}
                onPrimary={(colour) => form.setFieldValue("primary_colour", colour)}
                onAccent={(colour) => form.setFieldValue("accent_colour", colour || null)}
              />
              <Section title={t("branding.drivers")}>
                <Switch
                  label={t("branding.driver_app")}
                  description={t("branding.driver_app_text")}
                  {...form.getInputProps("driver_app", { type: "checkbox" })}
                />
                <Switch
                  label={t("branding.guests")}
                  description={t("branding.guests_text")}
                  disabled={!draft.driver_app}
                  {...form.getInputProps("guests", { type: "checkbox" })}
                />
              </Section>
              <Hosts
                hosts={draft.hosts}
                known={branding.hosts}
                onChange={(hosts) => form.setFieldValue("hosts", hosts)}
              />
              <LegalTexts
                legal={draft.legal ?? NO_TEXTS}
                onChange={(legal) => form.setFieldValue("legal", legal)}
              />
              {writes && (
                <Group>
                  <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
                    {t("me.save")}
                  </Button>
                  {form.isDirty() && (
                    <Button variant="default" onClick={() => form.reset()}>
                      {t("branding.discard")}
                    </Button>
                  )}
                </Group>
              )}
            </Stack>
          </fieldset>
        </form>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <Stack style={{ position: "sticky", top: 72 }}>
          <Preview draft={draft} branding={branding} />
          <Logos branding={branding} writes={writes} />
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
