// Who charged and by what right; where.

import type { components } from "@kit/api/schema";
import { Facts } from "@kit/ui/Facts";
import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMay } from "../../session";
import { startCauseWords, stopReasonWords } from "../../vocabulary";
import type { Session } from "../sessions/rows";
import { Section } from "../station/Section";

interface Props {
  session: Session;
  place?: components["schemas"]["Location"];
}

export function WhoAndWhere({ session, place }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const link = (to: string, text: string) => (
    <Text component={Link} to={to as "/"} td="underline" c="inherit">
      <bdi dir="ltr">{text}</bdi>
    </Text>
  );
  const reason = session.authorisation
    ? t(`sessions.authorisation.${session.authorisation}`, { defaultValue: session.authorisation })
    : "";
  return (
    <Section title={t("sessions.who_where")}>
      <Text fw={600}>{t(session.authorised ? "sessions.authorised" : "sessions.unauthorised")}</Text>
      {reason && <Text size="sm">{reason}</Text>}
      <Facts
        facts={[
          [
            t("sessions.token"),
            session.token_uid &&
              (session.token_id && may("tokens:read") ? (
                link(`/tokens?search=${encodeURIComponent(session.token_uid)}`, session.token_uid)
              ) : (
                <bdi dir="ltr">{session.token_uid}</bdi>
              )),
          ],
          [
            t("sessions.token_kind"),
            session.token_kind &&
              t(`access.kind_${session.token_kind}`, { defaultValue: session.token_kind }),
          ],
          [
            t("sessions.ended_by"),
            session.stop_token_uid && session.stop_token_uid !== session.token_uid && (
              <bdi dir="ltr">{session.stop_token_uid}</bdi>
            ),
          ],
          [
            t("sessions.station"),
            link(`/stations/${session.station_id}`, session.station_identity || session.station_id),
          ],
          [t("sessions.evse"), session.evse],
          [
            t("sessions.location"),
            place && link(`/locations/${place.id}`, [place.name, place.city].filter(Boolean).join(", ")),
          ],
          [t("sessions.start_cause"), startCauseWords(t, session.start_cause)],
          [t("sessions.stop_reason"), stopReasonWords(t, session.stop_reason)],
          [
            t("sessions.transaction"),
            <bdi key="t" dir="ltr">
              {session.transaction_id}
            </bdi>,
          ],
          [t("sessions.reported_later"), session.offline ? t("sessions.yes_offline") : ""],
        ]}
      />
    </Section>
  );
}
