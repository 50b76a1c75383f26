// Making a location, or changing one.
import { ApiProblem, api, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { MapView, type Point } from "@kit/map/MapView";
import { Problem, tellDone } from "@kit/ui/feedback";
import {
  Button,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMediaQuery } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { anew } from "../../network/places";
import { facilityWords } from "../../vocabulary";
import { zones } from "../me/zones";
import { countries } from "./countries";
import { HoursEditor } from "./HoursEditor";

export type Location = components["schemas"]["Location"];
type Draft = components["schemas"]["LocationDraft"];
const FACILITIES = [
  "HOTEL",
  "RESTAURANT",
  "CAFE",
  "MALL",
  "SUPERMARKET",
  "SPORT",
  "RECREATION_AREA",
  "NATURE",
  "MUSEUM",
  "BIKE_SHARING",
  "BUS_STOP",
  "TAXI_STAND",
  "TRAM_STOP",
  "METRO_STATION",
  "TRAIN_STATION",
  "AIRPORT",
  "PARKING_LOT",
  "CARPOOL_PARKING",
  "FUEL_STATION",
  "WIFI",
];

interface Props {
  // Left out for a new one.
  location?: Location;
  onClose: () => void;
  onDone?: (location: Location) => void;
}

export function LocationForm({ location, onClose, onDone }: Props) {
  const { t, i18n } = useTranslation();
  const phone = useMediaQuery("(max-width: 48em)");
  const client = useQueryClient();
  const form = useForm<Draft>({
    initialValues: {
      name: location?.name ?? "",
      address: location?.address ?? "",
      city: location?.city ?? "",
      postal_code: location?.postal_code ?? "",
      country: location?.country ?? "",
      latitude: location?.latitude ?? null,
      longitude: location?.longitude ?? null,
      time_zone: location?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      opening_hours: location?.opening_hours ?? [],
      facilities: location?.facilities ?? [],
      reference: location?.reference ?? "",
    },
    validate: { name: (value) => (value.trim() ? null : t("locations.needs_name")) },
  });
  const save = useMutation({
    mutationFn: (draft: Draft): Promise<Location> =>
      location
        ? data(
            api.PATCH("/api/v1/locations/{location_id}", {
              params: { path: { location_id: location.id } },
              body: draft,
            }),
          )
        : data(api.POST("/api/v1/locations", { body: draft })),
    onSuccess: (saved) => {
      anew();
      client.invalidateQueries({ queryKey: ["location", saved.id] });
      tellDone(t("locations.saved", { name: saved.name }));
      onClose();
      onDone?.(saved);
    },
    onError: (error) => {
      if (error instanceof ApiProblem)
        form.setErrors(Object.fromEntries(error.errors.map((each) => [each.field, each.message])));
    },
  });
  const zoneNames = useMemo(() => zones(), []);
  const countryNames = useMemo(() => countries(i18n.language), [i18n.language]);
  const { latitude, longitude } = form.values;
  const pin = useMemo<Point | null>(
    () => (latitude === null || longitude === null ? null : { latitude, longitude }),
    [latitude, longitude],
  );
  const number = (field: "latitude" | "longitude", most: number) => (
    <NumberInput
      label={t(`locations.${field}`)}
      min={-most}
      max={most}
      decimalScale={6}
      hideControls
      dir="ltr"
      value={form.values[field] ?? ""}
      onChange={(value) => form.setFieldValue(field, value === "" ? null : Number(value))}
      error={form.errors[field]}
    />
  );
  return (
    <Modal
      opened
      onClose={onClose}
      fullScreen={phone}
      size="xl"
      title={location ? t("locations.edit_title", { name: location.name }) : t("locations.add")}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput
            label={t("locations.name")}
            required
            data-autofocus
            maxLength={200}
            {...form.getInputProps("name")}
          />
          <TextInput label={t("locations.address")} autoComplete="off" {...form.getInputProps("address")} />
          <SimpleGrid cols={{ base: 1, xs: 3 }}>
            <TextInput label={t("locations.postal_code")} {...form.getInputProps("postal_code")} />
            <TextInput label={t("locations.city")} {...form.getInputProps("city")} />
            <Select
              label={t("locations.country")}
              searchable
              clearable
              clearButtonProps={{ "aria-label": t("network.clear", { name: t("locations.country") }) }}
              data={countryNames}
              value={form.values.country || null}
              onChange={(country) => form.setFieldValue("country", country ?? "")}
              error={form.errors.country}
            />
          </SimpleGrid>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <Select
              label={t("locations.time_zone")}
              searchable
              limit={200}
              allowDeselect={false}
              data={zoneNames}
              value={form.values.time_zone}
              onChange={(zone) => zone && form.setFieldValue("time_zone", zone)}
              error={form.errors.time_zone}
            />
            <TextInput label={t("locations.reference")} {...form.getInputProps("reference")} />
          </SimpleGrid>
          <Stack gap="xs">
            <Text size="sm">{t("locations.pick")}</Text>
            <MapView
              label={t("locations.pick")}
              places={NONE}
              pin={pin}
              height={280}
              onPick={(point) => {
                form.setFieldValue("latitude", Number(point.latitude.toFixed(6)));
                form.setFieldValue("longitude", Number(point.longitude.toFixed(6)));
              }}
            />
            <SimpleGrid cols={2}>
              {number("latitude", 90)}
              {number("longitude", 180)}
            </SimpleGrid>
          </Stack>
          <HoursEditor
            value={form.values.opening_hours}
            onChange={(hours) => form.setFieldValue("opening_hours", hours)}
            error={form.errors.opening_hours as string | undefined}
          />
          <MultiSelect
            label={t("locations.facilities")}
            data={[...new Set([...FACILITIES, ...(location?.facilities ?? [])])].map((value) => ({
              value,
              label: facilityWords(t, value),
            }))}
            searchable
            clearable
            clearButtonProps={{ "aria-label": t("network.clear", { name: t("locations.facilities") }) }}
            {...form.getInputProps("facilities")}
          />
          {save.error && <Problem error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("ask.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("locations.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
const NONE: [] = [];
