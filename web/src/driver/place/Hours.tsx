// When a place is open.
import { useTranslation } from "react-i18next";
import type { PlaceDetails } from "../app/types";
import { nameOfDay, weekOf } from "./week";

export function Hours({ place }: { place: PlaceDetails }) {
  const { t, i18n } = useTranslation();
  const week = weekOf(place.opening_hours, place.time_zone, new Date());
  return (
    <section className="stack tight" aria-labelledby="hours">
      <h2 id="hours">{t("place.hours")}</h2>
      {week.length === 0 ? (
        <p>{t("place.always_open")}</p>
      ) : (
        <dl className="facts">
          {week.map((day) => (
            <div key={day.weekday} style={{ display: "contents" }}>
              <dt className={day.isToday ? "strong" : undefined}>{nameOfDay(day.weekday, i18n.language)}</dt>
              <dd>
                {day.periods.length === 0
                  ? t("place.closed_all_day")
                  : day.periods.map((each) => (
                      <div key={each.begins} dir="ltr">
                        {each.begins}–{each.ends}
                      </div>
                    ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {week.length > 0 && (
        <p className="dim small">{t("place.local_time", { zone: place.time_zone.replaceAll("_", " ") })}</p>
      )}
    </section>
  );
}
