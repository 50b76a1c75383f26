// The sessions of this station.

import { useTranslation } from "react-i18next";
import { SessionsTable } from "../sessions/SessionsTable";
import { useStationPage } from "./context";
import { Section } from "./Section";

export default function SessionsThere() {
  const { t } = useTranslation();
  const { station, zone } = useStationPage();
  return (
    <Section title={t("station.tab.sessions")}>
      <SessionsTable station={station.id} zone={zone} />
    </Section>
  );
}
