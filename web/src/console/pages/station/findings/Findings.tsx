// What the station does against the specification: what to show its manufacturer.
import { useFormats } from "@kit/formats";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Flex, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck, IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useStationPage } from "../context";
import { download } from "../messages/download";
import { Section } from "../Section";
import { paragraphOf } from "./paragraphs";
import { findingsQuery } from "./query";

function Paragraph({ code, action, version }: { code: string; action: string; version: string }) {
  const { t } = useTranslation();
  const where = paragraphOf(code, action);
  if (!where) return null;
  return (
    <>
      {" · "}
      {t("finding.see", { where: where === "schema" ? t("finding.schema", { action, version }) : where })}
    </>
  );
}

export default function Findings() {
  const { t } = useTranslation();
  const formats = useFormats();
  const { station, go } = useStationPage();
  const findings = useQuery(findingsQuery(station.id));
  const items = findings.data?.items ?? [];
  const version = station.ocpp_version ?? "";
  return (
    <Section
      title={t("station.tab.findings")}
      tools={
        items.length > 0 && (
          <Button
            size="sm"
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() =>
              download(
                `${station.identity}-findings.json`,
                JSON.stringify(items, null, 2),
                "application/json",
              )
            }
          >
            {t("station.export")}
          </Button>
        )
      }
    >
      <Text size="sm" c="dimmed">
        {t("station.findings_text")}
      </Text>
      {findings.error && <Problem error={findings.error} retry={() => findings.refetch()} />}
      {findings.isPending && <Lines />}
      {findings.data && items.length === 0 && (
        <Empty icon={IconCircleCheck} title={t("station.no_findings")}>
          {t("station.no_findings_text")}
        </Empty>
      )}
      {items.map((finding) => (
        <Paper
          key={`${finding.code} ${finding.action} ${finding.field}`}
          withBorder
          p="sm"
          component="article"
        >
          <Flex justify="space-between" direction={{ base: "column", sm: "row" }} gap="xs">
            <Stack gap={2}>
              <Title order={3} fz="md">
                <bdi dir="ltr">
                  {[finding.action, finding.field].filter(Boolean).join(" · ") || finding.code}
                </bdi>
              </Title>
              <Text size="sm">
                {t(`finding.says.${finding.code.replaceAll("-", "_")}`, { defaultValue: finding.code })}
              </Text>
              <Text size="sm" c="dimmed">
                <bdi dir="ltr">{finding.code}</bdi>
                <Paragraph code={finding.code} action={finding.action} version={version} />
              </Text>
              {finding.example && (
                <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                  {t("station.example")} <bdi dir="ltr">{finding.example}</bdi>
                </Text>
              )}
            </Stack>
            <Flex
              direction="column"
              align={{ base: "flex-start", sm: "flex-end" }}
              gap={2}
              style={{ flexShrink: 0 }}
            >
              <Text size="sm" fw={600}>
                {t("station.times", { count: finding.count, number: formats.number(finding.count) })}
              </Text>
              <Text size="xs" c="dimmed">
                {t("station.last")} <Time at={finding.last_at} />
              </Text>
              {finding.action && (
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => go("messages", { action: finding.action })}
                >
                  {t("station.show_messages")}
                </Button>
              )}
            </Flex>
          </Flex>
        </Paper>
      ))}
    </Section>
  );
}
