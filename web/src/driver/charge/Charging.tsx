// A session as it runs: what flows, how much it was, and how to stop. Survives a reload and a lost network.

import { ApiProblem } from "@kit/api/send";
import { useFormats } from "@kit/formats";
import { IconPlug, IconPlugOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, isUnderWay, noteSession, useReached } from "../app/api";
import { lastKnown } from "../app/kept";
import { useLive } from "../app/live";
import { go, Link } from "../app/router";
import type { DriverSession } from "../app/types";
import { Bones, Note, Problem, Title } from "../ui/parts";
import { Figures } from "./Figures";
import { PowerCurve } from "./PowerCurve";
import { StopHere } from "./StopHere";
import { TellMe } from "./TellMe";

const POLL_MS = 10_000;

export default function Charging({ id }: { id: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const reached = useReached();
  const [watched] = useState(() => lastKnown<DriverSession>("session", id));
  const [live, setLive] = useState(false);
  const session = useQuery<DriverSession>({
    queryKey: ["session", id],
    queryFn: async ({ signal }) => {
      const found = await ask<DriverSession>(`/sessions/${encodeURIComponent(id)}`, { signal });
      noteSession(found);
      return found;
    },
    initialData: watched?.data,
    initialDataUpdatedAt: watched?.at,
    staleTime: 2_000,
    // The stream tells; without it one asks.
    refetchInterval: (query) => (!live && query.state.data && isUnderWay(query.state.data) ? POLL_MS : false),
  });
  const it = session.data;
  const underWay = it ? isUnderWay(it) : false;
  const standing = useLive(underWay ? `session=${encodeURIComponent(id)}` : null, {
    session: (data) => noteSession(data as DriverSession),
  });
  useEffect(() => setLive(standing), [standing]);
  const began = Boolean(watched) || underWay;
  useEffect(() => {
    // Whoever watched it to its end wants to see what it came to.
    if (it?.state === "ended" && began && it.started_at)
      go(`/receipt/${id}`, { replace: true, scroll: false });
  }, [it?.state, it?.started_at, began, id]);
  if (!it)
    return (
      <>
        <Title up="/history">{t("charging.title")}</Title>
        {session.error ? (
          session.error instanceof ApiProblem && [401, 404].includes(session.error.status) ? (
            <Note>
              <p>{t(session.error.status === 401 ? "receipt.sign_in" : "charging.unknown")}</p>
              {session.error.status === 401 ? (
                <Link to={`/sign-in?then=${encodeURIComponent(`/session/${id}`)}`}>{t("place.sign_in")}</Link>
              ) : (
                <Link to="/history">{t("nav.history")}</Link>
              )}
            </Note>
          ) : (
            <Problem error={session.error} retry={() => session.refetch()} />
          )
        ) : (
          <Bones count={4} />
        )}
      </>
    );
  const old = !reached || Boolean(session.error);
  return (
    <>
      <Title up="/">{t(`session_state.${it.state}`)}</Title>
      <p>
        <bdi className="strong">{it.place.name}</bdi>
        {it.evse_code && (
          <>
            {" · "}
            <bdi className="code dim">{it.evse_code}</bdi>
          </>
        )}
      </p>
      {(old || it.stale) && (
        <Note kind="warns" role="status">
          <p>
            {t(old ? "app.as_of" : "charging.stale_as_of", {
              time: formats.dateTime(new Date(session.dataUpdatedAt)),
            })}
          </p>
          <p>{t(old ? "charging.goes_on" : "charging.stale")}</p>
        </Note>
      )}
      <Hint session={it} />
      {it.started_at ? <Figures session={it} live={!old && !it.stale} /> : null}
      {/* Told to who cannot see it: states, and every tenth of what flows is too much. */}
      <p className="unseen" role="status">
        {t(`session_state.${it.state}`)}
      </p>
      {it.started_at && <PowerCurve id={id} energy={it.energy_wh} />}
      {underWay && <TellMe />}
      {underWay && <StopHere session={it} />}
      {it.state === "failed" && (
        <div className="reach">
          <Link
            to={it.evse_code ? `/at/${encodeURIComponent(it.evse_code)}` : "/scan"}
            className="button main huge"
          >
            {t("charging.try_again")}
          </Link>
        </div>
      )}
      {it.state === "ended" && it.started_at && (
        <Link to={`/receipt/${id}`} className="button main wide">
          {t("charging.to_receipt")}
        </Link>
      )}
    </>
  );
}

function Hint({ session }: { session: DriverSession }) {
  const { t } = useTranslation();
  const text = session.why?.text;
  if (session.state === "starting" || session.state === "plug_in")
    return (
      <Note icon={IconPlug} role="status">
        <p className="big strong">
          {session.state === "starting" ? t("charging.asking") : (text ?? t("charging.plug_in"))}
        </p>
      </Note>
    );
  if (session.state === "finished")
    return (
      <Note kind="warns" icon={IconPlugOff} role="status">
        <p className="big strong">{t("charging.unplug")}</p>
        {text && <p>{text}</p>}
      </Note>
    );
  if (session.state === "failed")
    return (
      <Note kind="wrong" role="alert">
        <p className="big">{text ?? t("charging.failed")}</p>
      </Note>
    );
  return text ? (
    <Note role="status">
      <p>{text}</p>
    </Note>
  ) : null;
}
