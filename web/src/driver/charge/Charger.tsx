// The charger whose code was scanned: what it is, what it costs, and the button to start.

import { ApiProblem } from "@kit/api/send";
import { useFormats } from "@kit/formats";
import { IconPlug, IconTag } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "../app/api";
import { useLive } from "../app/live";
import { go, Link } from "../app/router";
import type { Evse, EvseFound } from "../app/types";
import { PlugIcon } from "../ui/PlugIcon";
import { usePlugName } from "../ui/Plugs";
import { Bones, Note, Problem, Title } from "../ui/parts";
import { State } from "../ui/State";
import { StartHere } from "./StartHere";

const REFRESH_MS = 15_000;

export default function Charger({ code }: { code: string }) {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  const [connector, setConnector] = useState<number | null>(null);
  const found = useQuery({
    queryKey: ["evse", code, i18n.language],
    queryFn: ({ signal }) => ask<EvseFound>(`/evses/${encodeURIComponent(code)}`, { signal }),
    refetchInterval: (query) => (query.state.error ? false : REFRESH_MS),
  });
  const place = found.data?.place.id;
  useLive(place ? `place=${encodeURIComponent(place)}` : null, {
    place: () => cache.invalidateQueries({ queryKey: ["evse", code] }),
  });
  const own = found.data?.session_id;
  useEffect(() => {
    if (own) go(`/session/${own}`, { replace: true });
  }, [own]);
  if (!found.data)
    return (
      <>
        <Title up="/scan">{t("charger.title")}</Title>
        {found.error ? (
          <NotFound error={found.error} code={code} retry={() => found.refetch()} />
        ) : (
          <Bones count={3} />
        )}
      </>
    );
  const { evse, why } = found.data;
  const price = found.data.price ?? evse.price;
  return (
    <>
      <Title up={`/place/${found.data.place.id}`}>{evse.name}</Title>
      <p>
        <Link to={`/place/${found.data.place.id}`}>
          <bdi>{found.data.place.name}</bdi>
        </Link>
        {found.data.place.address && <bdi className="dim"> · {found.data.place.address}</bdi>}
      </p>
      <div className="row between wrap">
        <div aria-live="polite">
          <State state={evse.state} />
        </div>
        <bdi className="code dim">{evse.code}</bdi>
      </div>
      <Connectors evse={evse} chosen={connector} onChoose={setConnector} />
      <Note icon={IconTag}>
        <p>{price ? price.text : t("charger.no_price")}</p>
      </Note>
      {why ? (
        <Note kind="warns" role="status">
          <p>{why.text}</p>
          {why.code === "no_guests" && (
            <Link to={`/sign-in?then=${encodeURIComponent(`/at/${code}`)}`}>{t("place.sign_in")}</Link>
          )}
          {["offline", "faulted", "unavailable", "in_use"].includes(why.code) && (
            <Link to={`/place/${found.data.place.id}`}>{t("charger.others")}</Link>
          )}
        </Note>
      ) : (
        <Note icon={IconPlug}>
          <p>{t(evse.state === "occupied" ? "charger.plugged" : "charger.any_order")}</p>
        </Note>
      )}
      <StartHere
        code={code}
        connector={connector ?? undefined}
        can={found.data.can_start}
        why={why?.code ?? ""}
      />
    </>
  );
}

function Connectors({
  evse,
  chosen,
  onChoose,
}: {
  evse: Evse;
  chosen: number | null;
  onChoose: (connector: number) => void;
}) {
  const { t } = useTranslation();
  const formats = useFormats();
  const plugName = usePlugName();
  const several = evse.connectors.length > 1;
  return (
    <fieldset className="stack tight">
      <legend className={several ? "strong" : "unseen"}>
        {t(several ? "charger.choose" : "charger.plug")}
      </legend>
      {evse.connectors.map((each) => {
        const words = (
          <>
            <PlugIcon standard={each.standard} size={44} />
            <span>
              <bdi className="strong big">{plugName(each.standard)}</bdi>
              <br />
              {each.max_power_w ? (
                <bdi>{t("find.up_to", { power: formats.power(each.max_power_w) })} · </bdi>
              ) : null}
              {t(`plug.${each.format}`)}
            </span>
          </>
        );
        return several ? (
          <label key={each.number} className="card check" style={{ alignItems: "center" }}>
            <input
              type="radio"
              name="connector"
              checked={chosen === each.number}
              onChange={() => onChoose(each.number)}
            />
            {words}
          </label>
        ) : (
          <div key={each.number} className="plug">
            {words}
          </div>
        );
      })}
    </fieldset>
  );
}

function NotFound({ error, code, retry }: { error: unknown; code: string; retry: () => void }) {
  const { t } = useTranslation();
  if (!(error instanceof ApiProblem) || error.status !== 404) return <Problem error={error} retry={retry} />;
  return (
    <Note kind="wrong" role="alert">
      <p>
        {t("charger.unknown")} <bdi className="code">{code}</bdi>
      </p>
      <p>{t("charger.unknown_todo")}</p>
      <div>
        <Link to="/scan" className="button">
          {t("charger.again")}
        </Link>
      </div>
    </Note>
  );
}
