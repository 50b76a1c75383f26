// Choosing a command and saying what it needs: the important ones with fields of their own, all others from the
// API's description. Used for one station and for many.
import { Lines, Problem } from "@kit/ui/feedback";
import { Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type CommandDraft, type CommandName, commandGroups, draftOf, isOurs } from "./catalogue";
import type { StationAtHand } from "./fields/known";
import { SchemaFields } from "./fields/SchemaFields";
import { schemaOf, schemasQuery } from "./give";

interface Props {
  value: CommandDraft | null;
  onChange: (value: CommandDraft | null) => void;
  // Of one station, choices can be offered: its EVSEs, its sessions.
  station?: StationAtHand;
  // Without the choice of the command: only what it needs.
  fixed?: boolean;
}

export function CommandForm({ value, onChange, station, fixed }: Props) {
  const { t } = useTranslation();
  const schemas = useQuery(schemasQuery);
  const name = (command: CommandName) => t(`commands.name.${command}`);
  return (
    <Stack gap="sm">
      {!fixed && (
        <Select
          label={t("commands.which")}
          placeholder={t("commands.search")}
          searchable
          nothingFoundMessage={t("commands.none_such")}
          maxDropdownHeight={320}
          data={commandGroups().map(([group, names]) => ({
            group: t(`commands.group.${group}`),
            items: names.map((command) => ({ value: command, label: name(command) })),
          }))}
          value={value?.command ?? null}
          onChange={(chosen) => onChange(chosen ? draftOf(chosen as CommandName) : null)}
        />
      )}
      {value && (
        <Text size="sm" c="dimmed">
          {t(`commands.help.${value.command}`)}
        </Text>
      )}
      {value && schemas.isPending && <Lines count={2} />}
      {value && schemas.error && <Problem error={schemas.error} retry={() => schemas.refetch()} />}
      {value && schemas.data && (
        <SchemaFields
          key={value.command}
          schema={schemaOf(schemas.data, value.command)}
          schemas={schemas.data}
          value={value}
          onChange={(changed) => onChange({ ...changed, command: value.command })}
          command={value.command}
          station={station}
          skip={(field) => isOurs(field, value.command)}
        />
      )}
    </Stack>
  );
}
