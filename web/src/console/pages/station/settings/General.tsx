// Name, place, and how to speak with it.
import { Problem } from "@kit/ui/feedback";
import { Button, NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import { locationsQuery } from "../queries";
import { Section } from "../Section";
import { useChange } from "./changing";

const orNull = (value: string | number): number | null => (value === "" ? null : Number(value));

export function General() {
  const { t } = useTranslation();
  const may = useMay();
  const { station } = useStationPage();
  const change = useChange();
  const locations = useQuery(locationsQuery);
  const { settings } = station;
  const form = useForm({
    initialValues: {
      name: station.name ?? "",
      location_id: station.location_id ?? "",
      vendor: station.vendor ?? "",
      model: station.model ?? "",
      serial_number: station.serial_number ?? "",
      security_profile: station.security_profile == null ? "" : String(station.security_profile),
      heartbeat: settings?.heartbeat_interval_s ?? ("" as number | ""),
      ping: settings?.ping_interval_s ?? ("" as number | ""),
      idle: settings?.idle_limit_s ?? ("" as number | ""),
      zone: settings?.clock_zone ?? "",
    },
  });
  const allowed = may("stations:write");
  const save = form.onSubmit((values) =>
    change.mutate({
      name: values.name,
      location_id: values.location_id || null,
      vendor: values.vendor,
      model: values.model,
      serial_number: values.serial_number,
      security_profile: values.security_profile === "" ? null : Number(values.security_profile),
      settings: {
        ...settings,
        heartbeat_interval_s: orNull(values.heartbeat),
        ping_interval_s: orNull(values.ping),
        idle_limit_s: orNull(values.idle),
        clock_zone: values.zone || null,
      },
    }),
  );
  const common = { disabled: !allowed };
  return (
    <Section title={t("station.general")}>
      <form onSubmit={save}>
        <Stack>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput {...common} label={t("station.name")} {...form.getInputProps("name")} />
            <Select
              {...common}
              label={t("station.location")}
              searchable
              clearable
              data={(locations.data?.items ?? []).map(({ id, name, city }) => ({
                value: id,
                label: [name, city].filter(Boolean).join(", "),
              }))}
              {...form.getInputProps("location_id")}
              value={form.values.location_id || null}
            />
            <TextInput {...common} label={t("station.vendor")} {...form.getInputProps("vendor")} />
            <TextInput {...common} label={t("station.model_name")} {...form.getInputProps("model")} />
            <TextInput {...common} label={t("station.serial")} {...form.getInputProps("serial_number")} />
            <Select
              {...common}
              label={t("station.profile_demanded")}
              placeholder={t("station.profile_any")}
              clearable
              data={["0", "1", "2", "3"].map((each) => ({
                value: each,
                label: t(`security_profile.${each}`),
              }))}
              {...form.getInputProps("security_profile")}
              value={form.values.security_profile || null}
              onChange={(chosen) => form.setFieldValue("security_profile", chosen ?? "")}
            />
            <NumberInput
              {...common}
              min={1}
              label={t("station.heartbeat")}
              placeholder={t("station.network_default")}
              {...form.getInputProps("heartbeat")}
            />
            <NumberInput
              {...common}
              min={0}
              label={t("station.ping")}
              placeholder={t("station.network_default")}
              {...form.getInputProps("ping")}
            />
            <NumberInput
              {...common}
              min={1}
              label={t("station.idle_limit")}
              placeholder={t("station.network_default")}
              {...form.getInputProps("idle")}
            />
            <Select
              {...common}
              label={t("station.clock_zone")}
              placeholder="UTC"
              searchable
              clearable
              limit={60}
              data={Intl.supportedValuesOf("timeZone")}
              {...form.getInputProps("zone")}
              value={form.values.zone || null}
              onChange={(chosen) => form.setFieldValue("zone", chosen ?? "")}
            />
          </SimpleGrid>
          {change.error && <Problem error={change.error} />}
          {allowed && (
            <Button type="submit" style={{ alignSelf: "flex-start" }} loading={change.isPending}>
              {t("station.save")}
            </Button>
          )}
        </Stack>
      </form>
    </Section>
  );
}
