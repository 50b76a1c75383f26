// Holiday calendars: the days that count as holidays, by country or place.
import { api, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { useFormats } from "@kit/formats";
import { DangerButton } from "@kit/ui/DangerButton";
import { ask, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { ActionIcon, Anchor, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { DateInput } from "@mantine/dates";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendar, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { PickMany } from "../../lists/Pickers";
import { usePaged } from "../../lists/paged";
import { useMay } from "../../session";

type Calendar = components["schemas"]["HolidayCalendar"];

export default function Holidays() {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const [opened, form] = useDisclosure(false);
  const [chosen, choose] = useState<Calendar>();
  const list = usePaged<Calendar>(["holiday-calendars"], (cursor, signal) =>
    data(api.GET("/api/v1/holiday-calendars", { params: { query: { cursor, limit: 100 } }, signal })),
  );
  const open = (calendar?: Calendar) => {
    choose(calendar);
    form.open();
  };
  const name = (calendar: Calendar) => (
    <Anchor component="button" type="button" size="sm" onClick={() => open(calendar)}>
      <bdi>{calendar.name}</bdi>
    </Anchor>
  );
  const days = (calendar: Calendar) => t("access.days_count", { count: calendar.holidays.length });
  const next = (calendar: Calendar) => {
    const today = new Date().toISOString().slice(0, 10);
    const coming = calendar.holidays
      .map((each) => each.day)
      .filter((day) => day >= today)
      .sort()[0];
    return coming ? formats.date(`${coming}T12:00:00Z`) : "–";
  };
  return (
    <>
      <ListPage<Calendar>
        name="holidays"
        title={t("access.holidays")}
        subtitle={t("access.holidays_text")}
        list={list}
        keyOf={(calendar) => calendar.id}
        nameOf={(calendar) => calendar.name}
        add={may("tokens:write") ? { label: t("access.add_calendar"), onClick: () => open() } : undefined}
        empty={{ title: t("access.no_calendars"), text: t("access.no_calendars_text"), icon: IconCalendar }}
        columns={[
          { key: "name", title: t("access.name"), render: name, fixed: true, width: "minmax(10rem, 2fr)" },
          {
            key: "country",
            title: t("access.country"),
            render: (calendar) => [calendar.country, calendar.region].filter(Boolean).join(", ") || "–",
          },
          { key: "days", title: t("access.days"), render: days },
          { key: "next", title: t("access.next_holiday"), render: next },
        ]}
        card={(calendar) => (
          <div>
            {name(calendar)}
            <Text size="xs" c="dimmed">
              {days(calendar)} · {next(calendar)}
            </Text>
          </div>
        )}
        cardHeight={60}
      />
      <CalendarForm opened={opened} onClose={form.close} calendar={chosen} />
    </>
  );
}

function CalendarForm({
  opened,
  onClose,
  calendar,
}: {
  opened: boolean;
  onClose: () => void;
  calendar?: Calendar;
}) {
  const { t } = useTranslation();
  const may = useMay();
  const form = useForm({
    initialValues: {
      name: "",
      country: "",
      region: "",
      locations: [] as string[],
      holidays: [] as { day: string; name: string }[],
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: filled when it opens, not while it is written
  useEffect(() => {
    if (!opened) return;
    if (calendar) {
      const { name, country, region, locations, holidays } = calendar;
      form.setValues({
        name,
        country,
        region,
        locations,
        holidays: holidays.map((each) => ({ day: each.day, name: each.name ?? "" })),
      });
    } else form.reset();
  }, [opened, calendar]);
  const done = () => {
    void queries.invalidateQueries({ queryKey: ["holiday-calendars"] });
    onClose();
  };
  const save = useMutation({
    mutationFn: (values: typeof form.values) => {
      const body = { ...values, holidays: values.holidays.filter((each) => each.day) };
      return data(
        calendar
          ? api.PATCH("/api/v1/holiday-calendars/{calendar_id}", {
              params: { path: { calendar_id: calendar.id } },
              body,
            })
          : api.POST("/api/v1/holiday-calendars", { body }),
      );
    },
    onSuccess: () => {
      tellDone(t("access.saved"));
      done();
    },
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      data(api.DELETE("/api/v1/holiday-calendars/{calendar_id}", { params: { path: { calendar_id: id } } })),
    onSuccess: () => {
      tellDone(t("access.removed"));
      done();
    },
    onError: tellProblem,
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={calendar ? calendar.name : t("access.add_calendar")}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {save.error && <Problem error={save.error} />}
          <TextInput
            label={t("access.name")}
            required
            maxLength={200}
            data-autofocus
            {...form.getInputProps("name")}
          />
          <Group grow>
            <TextInput
              label={t("access.country")}
              placeholder="DE"
              maxLength={2}
              {...form.getInputProps("country")}
            />
            <TextInput label={t("access.region")} maxLength={200} {...form.getInputProps("region")} />
          </Group>
          <PickMany
            kind="locations"
            label={t("access.only_at")}
            value={form.values.locations}
            onChange={(ids) => form.setFieldValue("locations", ids)}
          />
          {form.values.holidays.map((_, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: days are written here
            <Group key={at} align="flex-end" gap="xs" wrap="nowrap">
              <DateInput
                label={t("access.day")}
                valueFormat="YYYY-MM-DD"
                w={150}
                {...form.getInputProps(`holidays.${at}.day`)}
              />
              <TextInput
                label={t("access.name")}
                flex={1}
                maxLength={100}
                {...form.getInputProps(`holidays.${at}.name`)}
              />
              <ActionIcon
                variant="default"
                size="lg"
                aria-label={t("access.remove")}
                onClick={() => form.removeListItem("holidays", at)}
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
            onClick={() => form.insertListItem("holidays", { day: "", name: "" })}
          >
            {t("access.add_day")}
          </Button>
          {may("tokens:write") && (
            <Group justify="space-between">
              {calendar ? (
                <DangerButton
                  onClick={() =>
                    ask({
                      title: t("access.remove_calendar"),
                      text: t("access.remove_calendar_text"),
                      action: t("access.remove"),
                      danger: true,
                      onYes: () => remove.mutate(calendar.id),
                    })
                  }
                >
                  {t("access.remove")}
                </DangerButton>
              ) : (
                <span />
              )}
              <Button type="submit" loading={save.isPending}>
                {t("access.save")}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Modal>
  );
}
