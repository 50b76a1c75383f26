// The hours at which a place is open: always, or from and until for each day.
import { ActionIcon, Button, Checkbox, Fieldset, Group, Input, Stack, Text, TextInput } from "@mantine/core";
import { IconCopy, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { DAYS, dayName, ofDay, type Period } from "./hours";

interface Props {
  value: Period[];
  onChange: (value: Period[]) => void;
  error?: string;
}

export function HoursEditor({ value, onChange, error }: Props) {
  const { t, i18n } = useTranslation();
  const always = value.length === 0;
  const put = (day: number, periods: Period[]) =>
    onChange([...value.filter((period) => period.weekday !== day), ...periods]);
  return (
    <Fieldset legend={t("locations.hours")}>
      <Stack gap="xs">
        <Checkbox
          label={t("locations.always_open")}
          checked={always}
          onChange={(event) =>
            onChange(
              event.currentTarget.checked
                ? []
                : DAYS.map((weekday) => ({ weekday, begins: "08:00", ends: "20:00" })),
            )
          }
        />
        {!always &&
          DAYS.map((day) => {
            const periods = ofDay(value, day);
            const name = dayName(day, i18n.language);
            return (
              <Group key={day} gap="xs" align="flex-start" wrap="wrap">
                <Text size="sm" w={110} pt={8}>
                  {name}
                </Text>
                <Stack gap={4} style={{ flex: 1 }}>
                  {periods.length === 0 && (
                    <Text size="sm" pt={8}>
                      {t("locations.closed")}
                    </Text>
                  )}
                  {periods.map((period, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and none is moved
                    <Group key={at} gap={6} wrap="nowrap">
                      <TimeOfDay
                        label={t("locations.from_on", { day: name })}
                        value={period.begins}
                        onChange={(begins) =>
                          put(
                            day,
                            periods.map((each, place) => (place === at ? { ...each, begins } : each)),
                          )
                        }
                      />
                      –
                      <TimeOfDay
                        label={t("locations.until_on", { day: name })}
                        value={period.ends}
                        onChange={(ends) =>
                          put(
                            day,
                            periods.map((each, place) => (place === at ? { ...each, ends } : each)),
                          )
                        }
                      />
                      <ActionIcon
                        variant="subtle"
                        size={36}
                        aria-label={t("locations.remove_hours", { day: name })}
                        onClick={() =>
                          put(
                            day,
                            periods.filter((_, place) => place !== at),
                          )
                        }
                      >
                        <IconTrash size={16} />
                      </ActionIcon>
                    </Group>
                  ))}
                </Stack>
                <Group gap={4} wrap="nowrap">
                  <ActionIcon
                    variant="default"
                    size={36}
                    aria-label={t("locations.add_hours", { day: name })}
                    onClick={() =>
                      put(day, [
                        ...periods,
                        { weekday: day, begins: periods.at(-1)?.ends ?? "08:00", ends: "24:00" },
                      ])
                    }
                  >
                    <IconPlus size={16} />
                  </ActionIcon>
                  {day === 1 && (
                    <Button
                      variant="subtle"
                      size="compact-sm"
                      leftSection={<IconCopy size={14} aria-hidden />}
                      onClick={() =>
                        onChange(
                          DAYS.flatMap((weekday) =>
                            ofDay(value, 1).map((period) => ({ ...period, weekday })),
                          ),
                        )
                      }
                    >
                      {t("locations.copy_hours")}
                    </Button>
                  )}
                </Group>
              </Group>
            );
          })}
        {error && <Input.Error role="alert">{error}</Input.Error>}
      </Stack>
    </Fieldset>
  );
}

function TimeOfDay({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <TextInput
      aria-label={label}
      value={value}
      placeholder="08:00"
      maxLength={5}
      w={84}
      dir="ltr"
      inputMode="numeric"
      error={!/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(value)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
