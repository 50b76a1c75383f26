// Choosing which sessions to see.

import { Button, Group, SegmentedControl, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconFilter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { locationsQuery } from "../station/queries";
import { type Filters, NAMES } from "./filters";

interface Props {
  filters: Filters;
  set: (changed: Record<string, string>) => void;
  forStation: boolean;
}

function Typed({
  label,
  value,
  onChange,
  ...more
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  type?: string;
  inputMode?: "numeric";
}) {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  const tell = useDebouncedCallback(onChange, 300);
  if (seen !== value) {
    setSeen(value);
    setText(value);
  }
  return (
    <TextInput
      {...more}
      label={label}
      w={{ base: "100%", sm: 150 }}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
    />
  );
}

export function SessionFilters({ filters, set, forStation }: Props) {
  const { t } = useTranslation();
  const locations = useQuery({ ...locationsQuery, enabled: !forStation });
  const any = NAMES.some((name) => filters[name] !== "");
  const phone = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const [open, { toggle }] = useDisclosure(false);
  const state = (
    <SegmentedControl
      aria-label={t("sessions.state")}
      data={["all", "running", "ended"].map((value) => ({ value, label: t(`sessions.show_${value}`) }))}
      value={filters.state || "all"}
      onChange={(state) => set({ state: state === "all" ? "" : state })}
    />
  );
  const others = (
    <>
      <Typed
        label={t("sessions.number")}
        inputMode="numeric"
        value={filters.number}
        onChange={(number) => set({ number })}
      />
      {!forStation && (
        <Typed
          label={t("sessions.station")}
          value={filters.station}
          onChange={(station) => set({ station })}
        />
      )}
      {!forStation && (
        <Select
          label={t("sessions.location")}
          searchable
          clearable
          w={{ base: "100%", sm: 180 }}
          data={(locations.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={filters.location || null}
          onChange={(location) => set({ location: location ?? "" })}
        />
      )}
      <Typed label={t("sessions.token")} value={filters.token} onChange={(token) => set({ token })} />
      <TextInput
        type="date"
        label={t("sessions.since")}
        value={filters.since}
        onChange={(event) => set({ since: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label={t("sessions.until")}
        value={filters.until}
        onChange={(event) => set({ until: event.currentTarget.value })}
      />
      <Select
        label={t("sessions.certainty")}
        clearable
        w={{ base: "100%", sm: 150 }}
        data={["certain", "repaired"].map((value) => ({ value, label: t(`sessions.only_${value}`) }))}
        value={filters.certain || null}
        onChange={(certain) => set({ certain: certain ?? "" })}
      />
    </>
  );
  const clear = any && (
    <Button variant="subtle" onClick={() => set(Object.fromEntries(NAMES.map((name) => [name, ""])))}>
      {t("sessions.clear_filters")}
    </Button>
  );
  if (!phone)
    return (
      <Group gap="xs" align="flex-end">
        {state}
        {others}
        {clear}
      </Group>
    );
  // Folded on a phone: the list is what one came for.
  const count = NAMES.filter((name) => name !== "state" && filters[name] !== "").length;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {state}
        <Button
          variant="default"
          leftSection={<IconFilter size={18} aria-hidden />}
          aria-expanded={open}
          onClick={toggle}
        >
          {count > 0 ? t("sessions.filters_set", { count }) : t("sessions.filters")}
        </Button>
        {!open && clear}
      </Group>
      {open && (
        <>
          <SimpleGrid cols={2} spacing="xs" verticalSpacing="xs">
            {others}
          </SimpleGrid>
          {clear}
        </>
      )}
    </Stack>
  );
}
