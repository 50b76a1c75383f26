// Taking a charger in, first half: where it stands and what it is called.
import { api, data } from "@kit/api/client";
import { Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import {
  Button,
  Collapse,
  Fieldset,
  Group,
  Paper,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keepSecrets } from "./secrets";
import { type Where, WherePicker } from "./WherePicker";

export default function NewCharger() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [where, setWhere] = useState<Where>({ kind: "known", id: "" });
  const [more, details] = useDisclosure(false);
  const form = useForm({
    initialValues: { name: "", identity: "", profile: "auto" },
    validate: {
      identity: (value) =>
        value === "" || /^[A-Za-z0-9*\-_=:+|@.]{1,48}$/.test(value) ? null : t("onboarding.identity_wrong"),
    },
  });
  const begin = useMutation({
    mutationFn: (values: typeof form.values) =>
      data(
        api.POST("/api/v1/onboarding", {
          body: {
            name: values.name.trim(),
            identity: values.identity.trim() || null,
            security_profile: values.profile === "auto" ? null : Number(values.profile),
            location_id: where.kind === "known" ? where.id : null,
            location: where.kind === "new" ? where.draft : null,
          } as never,
        }),
      ),
    onSuccess: (made) => {
      keepSecrets(made);
      navigate({ to: `/onboarding/${made.station.id}` as "/" });
    },
  });
  return (
    <Page title={t("onboarding.title")} subtitle={t("onboarding.subtitle")}>
      <Paper
        withBorder
        p="lg"
        maw={720}
        component="form"
        onSubmit={form.onSubmit((values) => begin.mutate(values))}
      >
        <Stack>
          {begin.error && <Problem error={begin.error} />}
          <WherePicker where={where} onChange={setWhere} />
          <TextInput
            label={t("onboarding.name")}
            description={t("onboarding.name_help")}
            maxLength={200}
            {...form.getInputProps("name")}
          />
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={details.toggle}
            aria-expanded={more}
            style={{ alignSelf: "start" }}
          >
            {t("onboarding.more")}
          </Button>
          <Collapse expanded={more}>
            <Fieldset legend={t("onboarding.more")}>
              <Stack>
                <TextInput
                  label={t("onboarding.identity")}
                  description={t("onboarding.identity_help")}
                  dir="ltr"
                  maxLength={48}
                  {...form.getInputProps("identity")}
                />
                <div>
                  <Text size="sm" fw={500} id="profile-label">
                    {t("onboarding.profile")}
                  </Text>
                  <Text size="xs" c="dimmed" mb={4}>
                    {t("onboarding.profile_help")}
                  </Text>
                  <SegmentedControl
                    aria-labelledby="profile-label"
                    fullWidth
                    data={[
                      { value: "auto", label: t("onboarding.profile_auto") },
                      { value: "1", label: t("onboarding.profile_1") },
                      { value: "2", label: t("onboarding.profile_2") },
                      { value: "3", label: t("onboarding.profile_3") },
                    ]}
                    {...form.getInputProps("profile")}
                  />
                </div>
              </Stack>
            </Fieldset>
          </Collapse>
          <Group justify="flex-end">
            <Button type="submit" loading={begin.isPending} size="md">
              {t("onboarding.begin")}
            </Button>
          </Group>
        </Stack>
      </Paper>
    </Page>
  );
}
