// Choosing one thing, or several, of many: by typing a part of their name.
import { api, asked } from "@kit/api/client";
import { MultiSelect, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

export type Kind =
  | "accounts"
  | "groups"
  | "policies"
  | "locations"
  | "station-groups"
  | "holiday-calendars"
  | "stations";
interface Choice {
  value: string;
  label: string;
}

// Names shown beside things: more than so many are looked up where they are.
const MOST = 500;

const named = ({ id, name }: { id: string; name: string }): Choice => ({ value: id, label: name });

function ask(kind: Kind, search: string, signal: AbortSignal, limit = 50): Promise<{ data?: Choice[] }> {
  const params = { query: { search: search || undefined, limit } };
  const choices = async <Item,>(
    answer: Promise<{ data?: { items: Item[] } }>,
    choice: (item: Item) => Choice,
  ) => ({
    data: (await answer).data?.items.map(choice),
  });
  switch (kind) {
    case "accounts":
      return choices(api.GET("/api/v1/accounts", { params, signal }), named);
    case "groups":
      return choices(api.GET("/api/v1/groups", { params, signal }), named);
    case "policies":
      return choices(api.GET("/api/v1/policies", { params, signal }), named);
    case "locations":
      return choices(api.GET("/api/v1/locations", { params, signal }), named);
    case "station-groups":
      return choices(api.GET("/api/v1/station-groups", { params, signal }), named);
    case "holiday-calendars":
      return choices(api.GET("/api/v1/holiday-calendars", { params, signal }), named);
    case "stations":
      return choices(api.GET("/api/v1/stations", { params, signal }), (station) => ({
        value: station.id,
        label: station.name ? `${station.identity} · ${station.name}` : station.identity,
      }));
  }
}

function useChoices(kind: Kind, words: string) {
  const [wanted] = useDebouncedValue(words, 200);
  return useQuery({
    ...asked(["choices", kind, wanted], (signal) => ask(kind, wanted, signal)),
    placeholderData: keepPreviousData,
  });
}

// Names of things by id, for those that are shown and not chosen.
export function useNames(kind: Kind): Map<string, string> {
  const found = useQuery({
    ...asked(["names", kind], (signal) => ask(kind, "", signal, MOST)),
    staleTime: 60_000,
  });
  return useMemo(() => new Map(found.data?.map((choice) => [choice.value, choice.label])), [found.data]);
}

interface Common {
  kind: Kind;
  label: string;
  description?: ReactNode;
  placeholder?: string;
  required?: boolean;
}

export function PickOne({
  kind,
  value,
  onChange,
  ...rest
}: Common & { value: string | null; onChange: (id: string | null) => void }) {
  const { t } = useTranslation();
  const [words, setWords] = useState("");
  const found = useChoices(kind, words);
  return (
    <Select
      {...rest}
      searchable
      clearable
      data={known(found.data ?? [], value ? [value] : [])}
      filter={({ options }) => options}
      value={value}
      onChange={onChange}
      searchValue={words}
      onSearchChange={setWords}
      nothingFoundMessage={t("lists.nothing")}
    />
  );
}

export function PickMany({
  kind,
  value,
  onChange,
  ...rest
}: Common & { value: string[]; onChange: (ids: string[]) => void }) {
  const { t } = useTranslation();
  const [words, setWords] = useState("");
  const found = useChoices(kind, words);
  return (
    <MultiSelect
      {...rest}
      searchable
      clearable
      data={known(found.data ?? [], value)}
      filter={({ options }) => options}
      value={value}
      onChange={onChange}
      searchValue={words}
      onSearchChange={setWords}
      nothingFoundMessage={t("lists.nothing")}
    />
  );
}

// What is chosen stays choosable, even when the search leaves it out.
function known(choices: Choice[], chosen: string[]): Choice[] {
  const there = new Set(choices.map((choice) => choice.value));
  return [...choices, ...chosen.filter((id) => !there.has(id)).map((id) => ({ value: id, label: id }))];
}
