// The places that the map shows, as a list: the way for keyboards, and for who looks for a name.
import { useFormats } from "@kit/formats";
import { CloseButton, Group, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { PlaceStates } from "../../network/PlaceStates";
import type { FleetPlace } from "../../network/places";
import type { Sums } from "../../network/rows";
import classes from "./map.module.css";

interface Props {
  rows: { place: FleetPlace; sums: Sums }[];
  words: string;
  onWords: (words: string) => void;
  selected: string | null;
  onSelect: (id: string) => void;
}

export function PlaceList({ rows, words, onWords, selected, onSelect }: Props) {
  const { t } = useTranslation();
  const formats = useFormats();
  const place = useRef<HTMLUListElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => 68,
    overscan: 6,
  });
  return (
    <section className={classes.side} aria-label={t("map_page.list")}>
      <TextInput
        type="search"
        aria-label={t("map_page.search")}
        placeholder={t("map_page.search")}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          words && <CloseButton size="sm" aria-label={t("map_page.clear")} onClick={() => onWords("")} />
        }
        value={words}
        onChange={(event) => onWords(event.currentTarget.value)}
        maxLength={100}
      />
      <Text size="sm" c="dimmed" role="status">
        {words
          ? t("map_page.found", { count: rows.length, number: formats.number(rows.length) })
          : t("map_page.in_view", { count: rows.length, number: formats.number(rows.length) })}
      </Text>
      <ul ref={place} className={classes.list}>
        <li aria-hidden style={{ height: virtual.getTotalSize(), listStyle: "none" }} />
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <li
              key={row.place.id}
              className={classes.item}
              style={{ transform: `translateY(${item.start}px)`, height: item.size }}
            >
              <UnstyledButton
                className={classes.button}
                aria-pressed={row.place.id === selected}
                data-selected={row.place.id === selected || undefined}
                onClick={() => onSelect(row.place.id)}
              >
                <Group justify="space-between" wrap="nowrap" gap="xs">
                  <Text fw={600} size="sm" truncate>
                    <bdi>{row.place.name}</bdi>
                  </Text>
                  <Text size="sm" c="dimmed" truncate>
                    <bdi>{row.place.city}</bdi>
                  </Text>
                </Group>
                <PlaceStates states={row.sums.states} />
              </UnstyledButton>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
