// One charging point: its state as it is now, its plugs, and what one can do here.

import { useFormats } from "@kit/formats";
import { IconCalendarPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "../app/router";
import type { Evse } from "../app/types";
import { PlugIcon } from "../ui/PlugIcon";
import { usePlugName } from "../ui/Plugs";
import { About } from "../ui/parts";
import { State } from "../ui/State";

export function EvseCard({ evse }: { evse: Evse }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const plugName = usePlugName();
  return (
    <article className="card stack tight" aria-label={evse.name}>
      <div className="row between wrap">
        <h3>
          <bdi>{evse.name}</bdi>
        </h3>
        <State state={evse.state} />
      </div>
      <ul className="stack tight">
        {evse.connectors.map((connector) => (
          <li key={connector.number} className="plug">
            <PlugIcon standard={connector.standard} size={34} />
            <span>
              <bdi className="strong">{plugName(connector.standard)}</bdi>
              {connector.max_power_w ? (
                <>
                  {" · "}
                  <bdi>{formats.power(connector.max_power_w)}</bdi>
                </>
              ) : null}
              <span className="dim"> · {t(`plug.${connector.format}`)}</span>
            </span>
          </li>
        ))}
      </ul>
      {evse.price && <p>{evse.price.text}</p>}
      <div className="row between wrap">
        <span className="dim small">
          {t("place.code")} <bdi className="code">{evse.code}</bdi>
        </span>
        <span className="row wrap">
          {evse.reservable && (
            <Link to={`/reservations?code=${encodeURIComponent(evse.code)}`} className="button plain">
              <IconCalendarPlus size={20} aria-hidden /> {t("place.reserve")} <About name={evse.name} />
            </Link>
          )}
          <Link
            to={`/at/${encodeURIComponent(evse.code)}`}
            className={evse.can_start ? "button main" : "button"}
          >
            {t(evse.can_start ? "place.charge" : "place.look")} <About name={evse.name} />
          </Link>
        </span>
      </div>
    </article>
  );
}
