// Keep a charger for oneself: from now, or from a time today or later.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { tell } from "../app/api";
import { setSearch } from "../app/router";
import type { Reservation } from "../app/types";
import { Button, Field, Note, Problem } from "../ui/parts";

const LENGTHS_MIN = [15, 30, 45, 60];

export function ReserveHere({ code }: { code: string }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [from, setFrom] = useState("");
  const [minutes, setMinutes] = useState(30);
  const reserve = useMutation({
    mutationFn: () => {
      const begins = from ? new Date(from) : null;
      const until = new Date((begins?.getTime() ?? Date.now()) + minutes * 60_000);
      return tell<Reservation>("POST", "/reservations", {
        code,
        ...(begins && { from: begins.toISOString() }),
        until: until.toISOString(),
      });
    },
    onSuccess: () => {
      cache.invalidateQueries({ queryKey: ["reservations"] });
      setSearch({ code: undefined });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    reserve.mutate();
  };
  return (
    <form className="card stack" onSubmit={submit} aria-labelledby="reserve">
      <h2 id="reserve">
        {t("reserve.title")} <bdi className="code">{code}</bdi>
      </h2>
      <Field
        label={t("reserve.from")}
        hint={t("reserve.from_hint")}
        type="datetime-local"
        value={from}
        onChange={(event) => setFrom(event.target.value)}
      />
      <div className="field">
        <label htmlFor="minutes">{t("reserve.how_long")}</label>
        <select id="minutes" value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
          {LENGTHS_MIN.map((length) => (
            <option key={length} value={length}>
              {t("reserve.minutes", { count: length })}
            </option>
          ))}
        </select>
      </div>
      <Note>
        <p>{t("reserve.note")}</p>
      </Note>
      {reserve.error && <Problem error={reserve.error} />}
      <Button type="submit" kind="main" size="wide" busy={reserve.isPending}>
        {t("reserve.yes")}
      </Button>
      <Button kind="plain" onClick={() => setSearch({ code: undefined })}>
        {t("app.cancel")}
      </Button>
    </form>
  );
}
