// How this installation is set: what holds, where it comes from, and what it means.
import { api, asked } from "@kit/api/client";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Badge, Code, Group, Paper, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { grouped, matches, parts, shown, variableOf } from "./settings";

const settingsQuery = asked(["settings"], (signal) => api.GET("/api/v1/settings", { signal }));

const COLOURS = { default: "gray", file: "blue", environment: "grape" } as const;

export default function Settings() {
  const { t } = useTranslation();
  const settings = useQuery(settingsQuery);
  const [words, setWords] = useState("");
  const [changed, setChanged] = useState(false);
  const sections = useMemo(
    () =>
      grouped(
        (settings.data?.items ?? []).filter(
          (item) => matches(item, words) && (!changed || item.source !== "default"),
        ),
      ),
    [settings.data, words, changed],
  );
  return (
    <Page title={t("settings.title")} subtitle={t("settings.subtitle")}>
      <Group>
        <TextInput
          aria-label={t("settings.search")}
          placeholder={t("settings.search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          w={{ base: "100%", sm: 340 }}
        />
        <Switch
          label={t("settings.changed")}
          checked={changed}
          onChange={(event) => setChanged(event.currentTarget.checked)}
        />
      </Group>
      {settings.isPending && <Lines />}
      {settings.error && <Problem error={settings.error} retry={() => settings.refetch()} />}
      {settings.data && sections.length === 0 && (
        <Empty title={t("palette.nothing")}>{t("settings.nothing")}</Empty>
      )}
      {sections.map(([section, items]) => (
        <Paper
          key={section}
          withBorder
          p={{ base: "md", sm: "lg" }}
          component="section"
          aria-label={section || t("settings.general")}
        >
          <Title order={2} fz="h4" mb="sm">
            {section ? <bdi dir="ltr">{section}</bdi> : t("settings.general")}
          </Title>
          <Stack component="dl" gap="lg" m={0}>
            {items.map((item) => (
              <div key={item.key}>
                <Group component="dt" gap="xs" mb={2}>
                  <Text fw={600} dir="ltr" style={{ overflowWrap: "anywhere" }}>
                    {item.key}
                  </Text>
                  <Badge
                    tt="none"
                    variant="outline"
                    c="inherit"
                    color={COLOURS[item.source as keyof typeof COLOURS] ?? "gray"}
                  >
                    {t(`settings.source_${item.source}`)}
                  </Badge>
                </Group>
                <Group component="dd" m={0} gap="xs">
                  <Code dir="ltr" fz="sm" style={{ overflowWrap: "anywhere" }}>
                    {shown(item.value)}
                  </Code>
                  {item.source !== "default" && (
                    <Text size="sm" c="dimmed">
                      {t("settings.otherwise")} <Code dir="ltr">{shown(item.default)}</Code>
                    </Text>
                  )}
                </Group>
                <Text
                  component="dd"
                  m={0}
                  size="sm"
                  mt={4}
                  lang="en"
                  dir="ltr"
                  style={{ overflowWrap: "anywhere" }}
                >
                  {parts(item.doc).map(([text, code], at) =>
                    code ? (
                      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one sentence
                      <Code key={at}>{text}</Code>
                    ) : (
                      text
                    ),
                  )}
                </Text>
                <Text
                  component="dd"
                  m={0}
                  size="sm"
                  c="dimmed"
                  dir="ltr"
                  style={{ overflowWrap: "anywhere" }}
                >
                  {variableOf(item.key)}
                </Text>
              </div>
            ))}
          </Stack>
        </Paper>
      ))}
    </Page>
  );
}
