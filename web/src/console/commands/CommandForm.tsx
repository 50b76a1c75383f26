// Choosing a command and saying what it needs: the important ones with fields of their own, all others from the
// API's description. Used for one station and for many.
import { Lines, Problem } from "@kit/ui/feedback";
import { Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type CommandDraft, type CommandName, commandGroups, draftOf, isOurs } from "./catalogue";
import type { StationAtHand } from "./fields/known";
import { SchemaFields } from "./fields/SchemaFields";
import { schemasQuery, useSchema } from "./give";

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
  const known = useSchema(value?.command);
  const asked = useQuery({ ...schemasQuery, enabled: false });
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
      {value && !known && !asked.error && <Lines count={2} />}
      {value && !known && asked.error && <Problem error={asked.error} retry={() => asked.refetch()} />}
      {value && known && (
        <SchemaFields
          key={value.command}
          schema={known.schema}
          schemas={known.schemas}
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
