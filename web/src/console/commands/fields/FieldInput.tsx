// One field of a command: what suits its sort, and better where it is known what it means.
import {
  Autocomplete,
  Checkbox,
  Fieldset,
  NumberInput,
  Select,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { CommandName } from "../catalogue";
import { type Field, readable, type Schemas } from "../schema";
import { JsonInput } from "./JsonInput";
import { isLong, isSession, isToken, mayBeWhole, type StationAtHand, suggestions } from "./known";
import { ListInput } from "./ListInput";
import { SchemaFields } from "./SchemaFields";
import { TimeInput } from "./TimeInput";
import { TokenInput } from "./TokenInput";

interface Props {
  field: Field;
  schemas: Schemas;
  command: CommandName;
  station?: StationAtHand;
  value: unknown;
  onChange: (value: unknown) => void;
}

export function FieldInput({ field, schemas, command, station, value, onChange }: Props) {
  const { t } = useTranslation();
  const label = t(`commands.field.${field.name}`, { defaultValue: readable(field.name) });
  const common = { label, required: field.required };
  const text = (value as string | undefined) ?? "";
  const known = suggestions(command, field.name);
  if (isToken(field.name)) return <TokenInput {...common} value={text} onChange={onChange} />;
  if (isSession(field.name) && station?.sessions?.length)
    return (
      <Select
        {...common}
        data={station.sessions.map(({ transaction, title }) => ({ value: transaction, label: title }))}
        value={text || null}
        onChange={onChange}
        clearable={!field.required}
      />
    );
  if (field.name === "evse" && station && station.evses.length > 0 && field.sort === "integer")
    return (
      <Select
        {...common}
        placeholder={t("commands.any_evse")}
        data={[...(mayBeWhole(command) ? [0] : []), ...station.evses].map((each) => ({
          value: String(each),
          label: each === 0 ? t("commands.whole") : t("commands.evse", { number: each }),
        }))}
        value={value == null ? null : String(value)}
        onChange={(chosen) => onChange(chosen === null ? undefined : Number(chosen))}
        clearable={!field.required}
      />
    );
  switch (field.sort) {
    case "yes_no":
      return (
        <Checkbox
          label={label}
          checked={Boolean(value ?? field.schema.default)}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "choice":
      return (
        <Select
          {...common}
          data={(field.choices ?? []).map((each) => ({
            value: each,
            label: t(`commands.option.${each}`, { defaultValue: readable(each) }),
          }))}
          value={text || (field.schema.default as string | undefined) || null}
          onChange={(chosen) => onChange(chosen ?? undefined)}
          clearable={!field.required}
        />
      );
    case "integer":
    case "number":
      return (
        <NumberInput
          {...common}
          allowDecimal={field.sort === "number"}
          value={(value as number | undefined) ?? ""}
          placeholder={field.schema.default == null ? undefined : String(field.schema.default)}
          min={field.schema.minimum}
          max={field.schema.maximum}
          onChange={(number) => onChange(number === "" ? undefined : Number(number))}
        />
      );
    case "time":
      return <TimeInput {...common} value={text} onChange={onChange} />;
    case "words":
    case "numbers":
      return (
        <TagsInput
          {...common}
          description={t("commands.many_help")}
          data={known ?? field.choices}
          value={((value as unknown[] | undefined) ?? []).map(String)}
          onChange={(words) =>
            onChange(field.sort === "numbers" ? words.map(Number).filter(Number.isFinite) : words)
          }
        />
      );
    case "list":
      return (
        <ListInput
          label={label}
          value={(value as Record<string, unknown>[] | undefined) ?? []}
          onChange={onChange}
          inner={field.inner ?? {}}
          schemas={schemas}
          command={command}
          station={station}
        />
      );
    case "group":
      return (
        <Fieldset legend={label}>
          <SchemaFields
            schema={field.inner ?? {}}
            schemas={schemas}
            command={command}
            station={station}
            value={(value as Record<string, unknown> | undefined) ?? {}}
            onChange={onChange}
          />
        </Fieldset>
      );
    case "json":
      return <JsonInput {...common} value={value} onChange={onChange} />;
    default:
      if (known)
        return (
          <Autocomplete
            {...common}
            description={t("commands.known_words")}
            data={known}
            value={text}
            onChange={onChange}
          />
        );
      if (isLong(field.name))
        return (
          <Textarea
            {...common}
            autosize
            minRows={3}
            maxRows={12}
            dir="ltr"
            value={text}
            onChange={(event) => onChange(event.currentTarget.value)}
          />
        );
      return <TextInput {...common} value={text} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
}
