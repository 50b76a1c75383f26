// Places kept for one, and the lists one waits on.

import { useFormats } from "@kit/formats";
import { IconCalendarTime, IconHourglass } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask, tell } from "../app/api";
import { Link, useSearch } from "../app/router";
import type { Page, Reservation, Waiting } from "../app/types";
import { About, Bones, Button, Note, Problem, Title } from "../ui/parts";
import { Mine } from "./Mine";
import { ReserveHere } from "./ReserveHere";

export default function Reservations() {
  const { t } = useTranslation();
  const code = useSearch().get("code");
  return (
    <>
      <Title up="/account">{t("account.reservations")}</Title>
      <Mine>
        {() => (
          <>
            {code && <ReserveHere code={code} />}
            <WaitingFor />
            <List />
          </>
        )}
      </Mine>
    </>
  );
}

function WaitingFor() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const waiting = useQuery({
    queryKey: ["reservations", "waiting"],
    queryFn: ({ signal }) => ask<{ items: Waiting[] }>("/waiting", { signal }),
    refetchInterval: (query) => (query.state.data?.items.length ? 20_000 : false),
  });
  const leave = useMutation({
    mutationFn: (one: Waiting) => tell("DELETE", `/waiting/${encodeURIComponent(one.id)}`),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["reservations"] }),
  });
  return (
    <>
      {leave.error && <Problem error={leave.error} />}
      <ul className="stack">
        {waiting.data?.items.map((one) => (
          <li key={one.id} className="card row wrap">
            <IconHourglass size={26} aria-hidden />
            <span className="grow" role="status">
              <Link to={`/place/${one.place.id}`}>
                <bdi className="strong">{one.place.name}</bdi>
              </Link>
              <br />
              {one.position ? t("reserve.position", { position: one.position }) : t("reserve.called")}
            </span>
            <Button onClick={() => leave.mutate(one)}>
              {t("reserve.leave")} <About name={one.place.name} />
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

function List() {
  const { t } = useTranslation();
  const formats = useFormats();
  const cache = useQueryClient();
  const reservations = useQuery({
    queryKey: ["reservations", "list"],
    queryFn: ({ signal }) => ask<Page<Reservation>>("/reservations?limit=30", { signal }),
  });
  const cancel = useMutation({
    mutationFn: (one: Reservation) => tell("DELETE", `/reservations/${encodeURIComponent(one.id)}`),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["reservations"] }),
  });
  if (!reservations.data)
    return reservations.error ? (
      <Problem error={reservations.error} retry={() => reservations.refetch()} />
    ) : (
      <Bones count={2} />
    );
  if (reservations.data.items.length === 0)
    return (
      <Note icon={IconCalendarTime}>
        <h2>{t("reserve.nothing")}</h2>
        <p>{t("reserve.nothing_text")}</p>
        <div>
          <Link to="/" className="button">
            {t("find.title")}
          </Link>
        </div>
      </Note>
    );
  return (
    <>
      {cancel.error && <Problem error={cancel.error} />}
      <ul className="stack">
        {reservations.data.items.map((one) => (
          <li key={one.id} className="card row wrap">
            <IconCalendarTime size={26} aria-hidden />
            <span className="grow">
              <bdi className="strong">{one.place.name}</bdi>
              {one.evse_code && (
                <>
                  {" · "}
                  <bdi className="code dim">{one.evse_code}</bdi>
                </>
              )}
              <br />
              {formats.dateTime(one.from)} – {formats.time(one.until)}
              <br />
              <span className="strong">{t(`reservation_state.${one.state}`)}</span>
            </span>
            {one.open && (
              <span className="row wrap">
                {one.evse_code && (
                  <Link to={`/at/${encodeURIComponent(one.evse_code)}`} className="button main">
                    {t("place.charge")}
                  </Link>
                )}
                <Button
                  busy={cancel.isPending && cancel.variables?.id === one.id}
                  onClick={() => cancel.mutate(one)}
                >
                  {t("reserve.cancel")} <About name={one.place.name} />
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
