// What one charged, by month.

import { inWesternDigits, useFormats } from "@kit/formats";
import { IconChevronRight } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask, isUnderWay, useMe } from "../app/api";
import { Link } from "../app/router";
import type { DriverSession, Page } from "../app/types";
import { Bones, Button, Note, Problem, Title } from "../ui/parts";
import { byMonth } from "./months";

export default function History() {
  const { t } = useTranslation();
  const { data: me } = useMe();
  return (
    <>
      <Title>{t("history.title")}</Title>
      {me === undefined ? <Bones /> : me === null ? <Stranger /> : <Sessions />}
    </>
  );
}

function Stranger() {
  const { t } = useTranslation();
  return (
    <Note>
      <h2>{t("history.nothing")}</h2>
      <p>{t("history.stranger")}</p>
      <div className="row wrap">
        <Link to="/sign-in?then=/history" className="button main">
          {t("place.sign_in")}
        </Link>
        <Link to="/" className="button">
          {t("find.title")}
        </Link>
      </div>
    </Note>
  );
}

function Sessions() {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const sessions = useInfiniteQuery({
    queryKey: ["sessions"],
    queryFn: ({ pageParam, signal }) =>
      ask<Page<DriverSession>>(
        `/sessions?limit=30${pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : ""}`,
        {
          signal,
        },
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
  if (!sessions.data)
    return sessions.error ? (
      <Problem error={sessions.error} retry={() => sessions.refetch()} />
    ) : (
      <Bones count={4} height={4.5} />
    );
  const all = sessions.data.pages.flatMap((page) => page.items);
  if (all.length === 0)
    return (
      <Note>
        <h2>{t("history.nothing")}</h2>
        <p>{t("history.nothing_text")}</p>
        <div>
          <Link to="/scan" className="button main">
            {t("nav.scan")}
          </Link>
        </div>
      </Note>
    );
  return (
    <>
      {byMonth(all).map((month) => (
        <section key={month.key} className="stack tight" aria-labelledby={`month-${month.key}`}>
          <div className="row between wrap">
            <h2 id={`month-${month.key}`}>
              {month.at
                ? new Intl.DateTimeFormat(inWesternDigits(i18n.language), {
                    month: "long",
                    year: "numeric",
                  }).format(month.at)
                : t("history.now")}
            </h2>
            {month.energy_wh > 0 && <span className="strong">{formats.energy(month.energy_wh)}</span>}
          </div>
          <ul className="stack tight">
            {month.sessions.map((session) => (
              <li key={session.id}>
                <Row session={session} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {sessions.hasNextPage && (
        <Button size="wide" busy={sessions.isFetchingNextPage} onClick={() => sessions.fetchNextPage()}>
          {t("app.more")}
        </Button>
      )}
    </>
  );
}

function Row({ session }: { session: DriverSession }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const done = session.state === "ended" && session.started_at;
  const open = isUnderWay(session) || !done;
  return (
    <Link to={open ? `/session/${session.id}` : `/receipt/${session.id}`} className="card row">
      <span className="grow">
        <bdi className="strong">{session.place.name || session.evse_code}</bdi>
        <br />
        <span className="dim small">
          {session.started_at ? formats.dateTime(session.started_at) : ""}
          {session.state !== "ended" && ` ${t(`session_state.${session.state}`)}`}
        </span>
      </span>
      <span className="end">
        <bdi className="strong">{formats.energy(session.energy_wh)}</bdi>
        {session.cost && (
          <>
            <br />
            <bdi className="small">{session.cost.text}</bdi>
          </>
        )}
      </span>
      <IconChevronRight size={22} className="flip" aria-hidden />
    </Link>
  );
}
