// A place: how to get there, when it is open, and which of its chargers are free now.

import { useFormats } from "@kit/formats";
import { IconClock, IconNavigation, IconUsers } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask } from "../app/api";
import { useLive } from "../app/live";
import type { PlaceDetails } from "../app/types";
import { Bones, Note, Problem, Title } from "../ui/parts";
import { State } from "../ui/State";
import { directionsTo } from "./directions";
import { EvseCard } from "./EvseCard";
import { Hours } from "./Hours";
import { WaitHere } from "./WaitHere";

export default function Place({ id }: { id: string }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const cache = useQueryClient();
  const key = ["place", id, i18n.language];
  const place = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask<PlaceDetails>(`/places/${encodeURIComponent(id)}`, { signal }),
  });
  const known = Boolean(place.data);
  useLive(known ? `place=${encodeURIComponent(id)}` : null, {
    place: (data) => cache.setQueryData(key, data as PlaceDetails),
  });
  if (!place.data)
    return (
      <>
        <Title up="/">{t("place.title")}</Title>
        {place.error ? (
          <Problem error={place.error} retry={() => place.refetch()} />
        ) : (
          <Bones count={4} height={6} />
        )}
      </>
    );
  const it = place.data;
  const address = [it.address, it.city].filter(Boolean).join(", ");
  const free = it.available;
  return (
    <>
      <Title up="/">{it.name}</Title>
      {place.error && (
        <Note kind="warns" role="status">
          <p>{t("app.as_of", { time: formats.dateTime(new Date(place.dataUpdatedAt)) })}</p>
        </Note>
      )}
      {it.photos.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <ul className="photos" aria-label={t("place.photos")} tabIndex={0}>
          {it.photos.map((url, at) => (
            <li key={url}>
              <img src={url} alt={t("place.photo", { number: at + 1, name: it.name })} loading="lazy" />
            </li>
          ))}
        </ul>
      )}
      <div className="row between wrap">
        <div aria-live="polite">
          <State
            state={free > 0 ? "available" : "occupied"}
            words={
              free > 0
                ? t("find.free_of", { free: free, all: it.evses.length })
                : t("find.none_free", { all: it.evses.length })
            }
          />
        </div>
        {it.open_now !== null && it.open_now !== undefined && (
          <span className="state">
            <IconClock size={20} aria-hidden /> {t(it.open_now ? "place.open_now" : "find.closed")}
          </span>
        )}
      </div>
      {address && (
        <address style={{ fontStyle: "normal" }}>
          <bdi>{address}</bdi>
        </address>
      )}
      {it.latitude != null && it.longitude != null && (
        <a
          className="button wide"
          href={directionsTo(it.latitude, it.longitude, it.name)}
          target="_blank"
          rel="noreferrer"
        >
          <IconNavigation size={22} aria-hidden /> {t("place.directions")}
        </a>
      )}
      <section className="stack" aria-labelledby="chargers">
        <h2 id="chargers">{t("place.chargers")}</h2>
        <ul className="stack">
          {it.evses.map((evse) => (
            <li key={evse.code}>
              <EvseCard evse={evse} />
            </li>
          ))}
        </ul>
        {it.waiting > 0 && (
          <p className="row">
            <IconUsers size={22} aria-hidden /> {t("place.waiting", { count: it.waiting })}
          </p>
        )}
        {free === 0 && it.evses.length > 0 && <WaitHere place={it} />}
      </section>
      <Hours place={it} />
      {it.facilities.length > 0 && (
        <section className="stack tight" aria-labelledby="facilities">
          <h2 id="facilities">{t("place.facilities")}</h2>
          <p>
            {formats.list(
              it.facilities.map((each) =>
                i18n.exists(`facility.${each.toLowerCase()}`) ? t(`facility.${each.toLowerCase()}`) : each,
              ),
            )}
          </p>
        </section>
      )}
    </>
  );
}
