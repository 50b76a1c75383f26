// The hours of a week in which a rule lets people charge, in the time of each place.
import type { components } from "@kit/api/schema";
import { ActionIcon, Button, Checkbox, Group, MultiSelect, Stack } from "@mantine/core";
import { TimeInput } from "@mantine/dates";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

type Window = components["schemas"]["Window"];
const DAYS = [
  "weekdays",
  "weekends",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
  "holidays",
] as const;

export function WindowFields({
  windows,
  onChange,
}: {
  windows: Window[];
  onChange: (windows: Window[]) => void;
}) {
  const { t } = useTranslation();
  const change = (at: number, part: Partial<Window>) =>
    onChange(windows.map((window, here) => (here === at ? { ...window, ...part } : window)));
  return (
    <Stack gap="sm">
      {windows.map((window, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: windows have no names
        <Group key={at} align="flex-end" gap="xs">
          <MultiSelect
            label={t("access.days")}
            flex="1 1 14rem"
            data={DAYS.map((day) => ({ value: day, label: t(`access.day_${day}`) }))}
            value={window.days ?? []}
            onChange={(days) => change(at, { days: days as Window["days"] })}
          />
          <TimeInput
            label={t("access.begin")}
            w={110}
            value={window.begin ?? "00:00"}
            onChange={(event) => change(at, { begin: event.currentTarget.value })}
          />
          <TimeInput
            label={t("access.end")}
            w={110}
            value={window.end === "24:00" ? "00:00" : (window.end ?? "00:00")}
            onChange={(event) =>
              change(at, { end: event.currentTarget.value === "00:00" ? "24:00" : event.currentTarget.value })
            }
          />
          <Checkbox
            label={t("access.except_holidays")}
            pb={8}
            checked={window.except_holidays ?? false}
            onChange={(event) => change(at, { except_holidays: event.currentTarget.checked })}
          />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t("access.remove")}
            onClick={() => onChange(windows.filter((_, here) => here !== at))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="xs"
        style={{ alignSelf: "start" }}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() =>
          onChange([...windows, { days: ["weekdays"], begin: "08:00", end: "18:00", except_holidays: false }])
        }
      >
        {t("access.add_hours")}
      </Button>
    </Stack>
  );
}
