// Several things of one sort, each with its own fields.
import { ActionIcon, Button, Fieldset, Group, Stack } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { CommandName } from "../catalogue";
import type { Schema, Schemas } from "../schema";
import type { StationAtHand } from "./known";
import { SchemaFields } from "./SchemaFields";

interface Props {
  label: string;
  value: Record<string, unknown>[];
  onChange: (value: Record<string, unknown>[]) => void;
  inner: Schema;
  schemas: Schemas;
  command: CommandName;
  station?: StationAtHand;
}

export function ListInput({ label, value, onChange, inner, schemas, command, station }: Props) {
  const { t } = useTranslation();
  return (
    <Fieldset legend={label}>
      <Stack gap="sm">
        {value.map((each, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and none is moved
          <Group key={at} align="flex-start" wrap="nowrap">
            <Stack style={{ flex: 1 }}>
              <SchemaFields
                schema={inner}
                schemas={schemas}
                command={command}
                station={station}
                value={each}
                onChange={(changed) => onChange(value.map((one, place) => (place === at ? changed : one)))}
              />
            </Stack>
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={t("commands.remove_entry", { number: at + 1 })}
              onClick={() => onChange(value.filter((_, place) => place !== at))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          style={{ alignSelf: "flex-start" }}
          onClick={() => onChange([...value, {}])}
        >
          {t("commands.add_entry")}
        </Button>
      </Stack>
    </Fieldset>
  );
}
