// Every charging session of the network.
import { Page } from "@kit/ui/Page";
import { useTranslation } from "react-i18next";
import { SessionsTable } from "./SessionsTable";

export default function Sessions() {
  const { t } = useTranslation();
  return (
    <Page title={t("sessions.title")}>
      <SessionsTable />
    </Page>
  );
}
