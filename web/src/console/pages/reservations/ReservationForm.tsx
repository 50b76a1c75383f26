// A place kept for a driver: now, or ahead of time; at one station, or anywhere at a location.
import { ApiProblem, api, data, queries } from "@kit/api/client";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, Modal, NumberInput, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { DateTimePicker } from "@mantine/dates";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { PickOne } from "../../lists/Pickers";

const stamp = (value: string | null) => (value ? new Date(value).toISOString() : null);

export function ReservationForm({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: {
      token_uid: "",
      at: "station" as "station" | "location",
      station: null as string | null,
      location_id: null as string | null,
      evse: "" as number | "",
      starts_at: null as string | null,
      ends_at: null as string | null,
    },
  });
  const save = useMutation({
    mutationFn: (values: typeof form.values) =>
      data(
        api.POST("/api/v1/reservations", {
          body: {
            token_uid: values.token_uid.trim(),
            station: values.at === "station" ? values.station : null,
            evse: values.at === "station" && values.evse !== "" ? values.evse : null,
            location_id: values.at === "location" ? values.location_id : null,
            starts_at: stamp(values.starts_at),
            ends_at: stamp(values.ends_at),
          } as never,
        }),
      ),
    onSuccess: () => {
      tellDone(t("reservations.added"));
      void queries.invalidateQueries({ queryKey: ["reservations"] });
      form.reset();
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiProblem)
        for (const { field, message } of error.errors) form.setFieldError(field, message);
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t("reservations.add")} size="lg">
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {save.error && <Problem error={save.error} />}
          <TextInput
            label={t("reservations.for_token")}
            description={t("reservations.for_token_help")}
            required
            dir="ltr"
            maxLength={255}
            data-autofocus
            {...form.getInputProps("token_uid")}
          />
          <SegmentedControl
            aria-label={t("reservations.place")}
            data={(["station", "location"] as const).map((at) => ({
              value: at,
              label: t(`reservations.at_${at}`),
            }))}
            {...form.getInputProps("at")}
          />
          {form.values.at === "station" ? (
            <Group grow align="flex-start">
              <PickOne
                kind="stations"
                label={t("reservations.station")}
                required
                value={form.values.station}
                onChange={(id) => form.setFieldValue("station", id)}
              />
              <NumberInput
                label={t("reservations.evse")}
                min={1}
                max={9999}
                {...form.getInputProps("evse")}
              />
            </Group>
          ) : (
            <PickOne
              kind="locations"
              label={t("reservations.location")}
              required
              value={form.values.location_id}
              onChange={(id) => form.setFieldValue("location_id", id)}
            />
          )}
          <Group grow align="flex-start">
            <DateTimePicker
              label={t("reservations.from")}
              description={t("reservations.from_help")}
              clearable
              {...form.getInputProps("starts_at")}
            />
            <DateTimePicker
              label={t("reservations.until")}
              description={t("reservations.until_help")}
              clearable
              {...form.getInputProps("ends_at")}
            />
          </Group>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("ask.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("reservations.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
