// A moment of a session in a sentence, from its facts.
import type { Formats } from "@kit/formats";
import type { TFunction } from "i18next";
import { errorWords, startCauseWords, stopReasonWords, whoWords } from "../../vocabulary";

export interface Moment {
  at: string;
  kind: string;
  facts: Record<string, unknown>;
  text: string;
}

const isThere = (value: unknown) => value !== null && value !== undefined && value !== "";

export function told(moment: Moment, t: TFunction, formats: Formats): { title: string; more: string } {
  const { kind, facts, text } = moment;
  // Each part in its own direction, all in the page's order.
  const some = (...parts: unknown[]) =>
    parts
      .filter(isThere)
      .map((part) => `\u2068${part}\u2069`)
      .join(" · ");
  const energy = isThere(facts.energy_wh) ? formats.energy(Number(facts.energy_wh)) : "";
  switch (kind) {
    case "activity":
      return { title: t(`story.activity_${facts.activity}`, { defaultValue: text }), more: "" };
    case "authorised":
      return {
        title: t(facts.authorised ? "sessions.authorised" : "sessions.unauthorised"),
        more: some(
          facts.token,
          isThere(facts.reason) ? t(`sessions.authorisation.${facts.reason}`, { defaultValue: "" }) : "",
        ),
      };
    case "status":
      return {
        title: t(`connector_status.${facts.status}`, { defaultValue: String(facts.status) }),
        more: some(
          `${facts.evse}-${facts.connector}`,
          errorWords(t, facts.error as string),
          facts.vendor_error,
          facts.info,
        ),
      };
    case "command":
      return {
        title: t(`commands.name.${facts.command}`, { defaultValue: String(facts.command) }),
        more: some(
          t(`commands.status.${facts.status}`, { defaultValue: "" }),
          facts.reason,
          whoWords(t, facts.by as string),
        ),
      };
    case "repair":
      return {
        title: t(`repair.${facts.code}`, { defaultValue: text }),
        more: facts.touches_bill ? t("story.touches_bill") : "",
      };
    case "gap":
      return {
        title: t("story.gap_of", { duration: formats.duration(Number(facts.minutes) * 60) }),
        more: "",
      };
    case "metering":
      return {
        title: t("story.metering"),
        more: some(
          energy,
          isThere(facts.max_power_w)
            ? t("story.at_most", { power: formats.power(Number(facts.max_power_w)) })
            : "",
          isThere(facts.soc_from) && isThere(facts.soc_to)
            ? t("story.soc_change", {
                from: formats.percent(Number(facts.soc_from) / 100),
                to: formats.percent(Number(facts.soc_to) / 100),
              })
            : "",
        ),
      };
    case "started":
      return {
        title: t("story.started"),
        more: some(
          t("commands.evse", { number: facts.evse ?? "–" }),
          startCauseWords(t, facts.cause as string),
        ),
      };
    case "energy_ended":
    case "ended":
      return {
        title: t(`story.${kind}`),
        more: some(energy, stopReasonWords(t, facts.reason as string), facts.token),
      };
    default:
      return { title: t(`story.${kind}`, { defaultValue: text }), more: "" };
  }
}
