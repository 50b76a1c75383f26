// A moment, in the browser's own picker; kept as the API writes it.
import { TextInput } from "@mantine/core";

interface Props {
  label: string;
  required?: boolean;
  value: string;
  onChange: (value: string | undefined) => void;
}

// "2026-11-21T09:30" of the browser's zone.
export function localOf(at: string): string {
  if (!at) return "";
  const moment = new Date(at);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function TimeInput({ label, required, value, onChange }: Props) {
  return (
    <TextInput
      type="datetime-local"
      label={label}
      required={required}
      value={localOf(value)}
      onChange={(event) => {
        const written = event.currentTarget.value;
        onChange(written ? new Date(written).toISOString() : undefined);
      }}
    />
  );
}
