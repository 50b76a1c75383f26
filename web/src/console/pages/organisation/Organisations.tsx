// All organisations of the installation, and making a further one.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Badge, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconBuildingPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Form } from "../me/Form";
import { Section } from "../me/Section";
import { OneTimePassword } from "../people/OneTimePassword";
import { HostNames } from "./HostNames";

type Made = components["schemas"]["CreatedOrganisation"];
const organisationsQuery = asked(["organisations"], (signal) =>
  api.GET("/api/v1/organisations", { params: { query: { limit: 200 } }, signal }),
);

export function Organisations() {
  const { t } = useTranslation();
  const organisations = useQuery(organisationsQuery);
  const [opened, setOpened] = useState(false);
  const [made, setMade] = useState<Made>();
  const form = useForm({
    initialValues: { name: "", owner_login: "" },
    validate: {
      name: (value) => (value.trim() ? null : t("set_up.organisation_missing")),
      owner_login: (value) => (value.trim().length > 1 ? null : t("people.login_missing")),
    },
  });
  const create = useMutation({
    mutationFn: (body: typeof form.values) => data(api.POST("/api/v1/organisations", { body })),
    onSuccess: (answer) => {
      setOpened(false);
      form.reset();
      setMade(answer);
      void queries.invalidateQueries({ queryKey: organisationsQuery.queryKey });
    },
  });
  return (
    <Section title={t("organisation.all")} text={t("organisation.all_text")}>
      {organisations.isPending && <Lines count={2} />}
      {organisations.error && <Problem error={organisations.error} retry={() => organisations.refetch()} />}
      <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: "none" }}>
        {organisations.data?.items.map((each) => (
          <Group key={each.id} component="li" justify="space-between">
            <div>
              <Group gap="xs">
                <Text fw={600}>{each.name}</Text>
                {each.host && (
                  <Badge tt="none" variant="outline" color="blue" c="inherit">
                    {t("organisation.host")}
                  </Badge>
                )}
              </Group>
              <Text size="sm" c="dimmed">
                {t("organisation.since")} <Time at={each.created_at} mode="date" />
              </Text>
            </div>
            {!each.host && <HostNames id={each.id} name={each.name} />}
          </Group>
        ))}
      </Stack>
      <Group>
        <Button
          variant="default"
          leftSection={<IconBuildingPlus size={18} />}
          onClick={() => setOpened(true)}
        >
          {t("organisation.add")}
        </Button>
      </Group>
      <Modal opened={opened} onClose={() => setOpened(false)} title={t("organisation.add")}>
        <Form onSubmit={form.onSubmit((values) => create.mutate(values))}>
          {create.error && <Problem error={create.error} />}
          <TextInput
            label={t("organisation.name")}
            maxLength={200}
            data-autofocus
            {...form.getInputProps("name")}
          />
          <TextInput
            label={t("organisation.owner_login")}
            description={t("people.login_hint")}
            maxLength={120}
            autoCapitalize="none"
            spellCheck={false}
            {...form.getInputProps("owner_login")}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setOpened(false)}>
              {t("ask.cancel")}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t("organisation.add")}
            </Button>
          </Group>
        </Form>
      </Modal>
      <OneTimePassword made={made?.owner} onClose={() => setMade(undefined)} />
    </Section>
  );
}
