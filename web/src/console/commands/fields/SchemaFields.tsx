// The fields of one group, each in its own form; the optional ones folded away when there are many.
import { Button, Collapse, Stack } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CommandName } from "../catalogue";
import { type Field, fieldsOf, type Schema, type Schemas } from "../schema";
import { FieldInput } from "./FieldInput";
import type { StationAtHand } from "./known";

export interface FieldsProps {
  schema: Schema;
  schemas: Schemas;
  value: Record<string, unknown>;
  onChange: (value: Record<string, unknown>) => void;
  command: CommandName;
  station?: StationAtHand;
  skip?: (field: string) => boolean;
}

// Optional ones that people want to see at once.
const SEEN = new Set([
  "evse",
  "connector",
  "kind",
  "name",
  "component",
  "base",
  "purpose",
  "full",
  "data",
  "report",
]);

export function SchemaFields({ schema, schemas, value, onChange, command, station, skip }: FieldsProps) {
  const { t } = useTranslation();
  const [more, setMore] = useState(false);
  const fields = fieldsOf(schema, schemas).filter((field) => !skip?.(field.name));
  const isSeen = (field: Field) => field.required || SEEN.has(field.name);
  const first = fields.filter(isSeen);
  const rest = fields.filter((field) => !isSeen(field));
  const drawn = (field: Field) => (
    <FieldInput
      key={field.name}
      field={field}
      schemas={schemas}
      command={command}
      station={station}
      value={value[field.name]}
      onChange={(changed) => onChange({ ...value, [field.name]: changed })}
    />
  );
  return (
    <Stack gap="sm">
      {first.map(drawn)}
      {rest.length > 0 && rest.length + first.length <= 3 && rest.map(drawn)}
      {rest.length > 0 && rest.length + first.length > 3 && (
        <>
          <Button
            variant="subtle"
            size="compact-sm"
            style={{ alignSelf: "flex-start" }}
            aria-expanded={more}
            rightSection={<IconChevronDown size={14} aria-hidden />}
            onClick={() => setMore((before) => !before)}
          >
            {t("commands.more_fields", { count: rest.length })}
          </Button>
          <Collapse expanded={more}>
            <Stack gap="sm">{more && rest.map(drawn)}</Stack>
          </Collapse>
        </>
      )}
    </Stack>
  );
}
