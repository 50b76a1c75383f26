// Search and filters: kept in the address, so that a reload or a shared link shows the same.
import { IconCheck, IconCurrentLocation, IconSearch } from "@tabler/icons-react";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { setSearch } from "../app/router";
import { STANDARDS, usePlugName } from "../ui/Plugs";
import { type Filters, POWERS } from "./filters";

const REST_MS = 350;

interface Props {
  filters: Filters;
  locating: boolean;
  onNear: () => void;
}

export function FilterBar({ filters, locating, onNear }: Props) {
  const { t } = useTranslation();
  const plugName = usePlugName();
  const id = useId();
  const [text, setText] = useState(filters.q);
  useEffect(() => {
    if (text === filters.q) return;
    const timer = setTimeout(() => setSearch({ q: text || undefined }), REST_MS);
    return () => clearTimeout(timer);
  }, [text, filters.q]);
  return (
    <search className="stack">
      <div className="search row">
        <label htmlFor={id} className="unseen">
          {t("find.search")}
        </label>
        <input
          id={id}
          type="search"
          enterKeyHint="search"
          placeholder={t("find.search")}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <IconSearch size={24} aria-hidden className="dim" />
      </div>
      <fieldset>
        <legend className="unseen">{t("find.filters")}</legend>
        <div className="chips">
          <button
            type="button"
            className="chip"
            aria-pressed={filters.near}
            onClick={onNear}
            disabled={locating}
          >
            <IconCurrentLocation size={20} aria-hidden />
            {locating ? t("find.locating") : t("find.near_me")}
          </button>
          <button
            type="button"
            className="chip"
            aria-pressed={filters.free}
            onClick={() => setSearch({ free: filters.free ? undefined : "1" })}
          >
            {filters.free && <IconCheck size={20} aria-hidden />}
            {t("find.free_now")}
          </button>
          <select
            className="chip"
            aria-label={t("find.plug")}
            data-chosen={filters.standard !== ""}
            value={filters.standard}
            onChange={(event) => setSearch({ standard: event.target.value || undefined })}
          >
            <option value="">{t("find.any_plug")}</option>
            {STANDARDS.map((standard) => (
              <option key={standard} value={standard}>
                {plugName(standard)}
              </option>
            ))}
          </select>
          <select
            className="chip"
            aria-label={t("find.power")}
            data-chosen={filters.power !== ""}
            value={filters.power}
            onChange={(event) => setSearch({ power: event.target.value || undefined })}
          >
            <option value="">{t("find.any_power")}</option>
            {POWERS.map((power) => (
              <option key={power} value={power}>
                {t("find.from_power", { power })}
              </option>
            ))}
          </select>
        </div>
      </fieldset>
    </search>
  );
}
