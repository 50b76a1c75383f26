// The addresses at which drivers find the app.
import { Anchor, Group, List, TagsInput, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMay } from "../../session";
import { Section } from "../me/Section";

interface Props {
  hosts: string[];
  known: readonly string[];
  onChange: (hosts: string[]) => void;
}

export function Hosts({ hosts, known, onChange }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <Section title={t("organisation.hosts")} text={t("branding.hosts_text")}>
      {may("tenants:manage") ? (
        <TagsInput
          label={t("branding.hosts_label")}
          placeholder="charge.example.com"
          splitChars={[",", " "]}
          value={hosts}
          onChange={onChange}
        />
      ) : (
        <Text size="sm">{t("branding.hosts_ask")}</Text>
      )}
      {known.length > 0 ? (
        <List size="sm">
          {known.map((host) => (
            <List.Item key={host}>
              <Anchor href={`${window.location.protocol}//${host}/charge/`} dir="ltr">
                {host}
              </Anchor>
            </List.Item>
          ))}
        </List>
      ) : (
        <Group>
          <Anchor href="/charge/" size="sm">
            {t("branding.open_app")}
          </Anchor>
        </Group>
      )}
    </Section>
  );
}
