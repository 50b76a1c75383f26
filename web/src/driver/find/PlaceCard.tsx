// A place in a list: is something free, which plugs, how fast, how far.

import { useFormats } from "@kit/formats";
import { IconBolt, IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "../app/router";
import type { Place } from "../app/types";
import { Plugs } from "../ui/Plugs";
import { State } from "../ui/State";
import { useDistance } from "./distance";

export function PlaceCard({ place }: { place: Place }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const distance = useDistance();
  const address = [place.address, place.city].filter(Boolean).join(", ");
  return (
    <Link to={`/place/${place.id}`} className="card">
      <div className="row" style={{ alignItems: "flex-start" }}>
        <div className="grow stack tight">
          <h2>
            <bdi>{place.name}</bdi>
          </h2>
          {address && (
            <p className="dim small">
              <bdi>{address}</bdi>
            </p>
          )}
          <div className="row wrap">
            <State
              state={place.available > 0 ? "available" : "occupied"}
              words={
                place.available > 0
                  ? t("find.free_of", { free: place.available, all: place.evses })
                  : t("find.none_free", { all: place.evses })
              }
            />
            {place.open_now === false && (
              <span className="state dim">
                <IconClock size={18} aria-hidden /> {t("find.closed")}
              </span>
            )}
          </div>
        </div>
        {place.photo_url ? <img className="thumb" src={place.photo_url} alt="" loading="lazy" /> : null}
      </div>
      <div className="row between wrap small" style={{ marginBlockStart: "0.5rem" }}>
        <Plugs standards={place.standards} size={24} />
        <span className="row" style={{ gap: "0.8rem" }}>
          {place.max_power_w ? (
            <span className="state">
              <IconBolt size={18} aria-hidden />
              <bdi>{t("find.up_to", { power: formats.power(place.max_power_w) })}</bdi>
            </span>
          ) : null}
          {place.distance_m != null && <span className="strong">{distance(place.distance_m)}</span>}
        </span>
      </div>
      {place.price && <p className="small">{place.price.text}</p>}
    </Link>
  );
}
