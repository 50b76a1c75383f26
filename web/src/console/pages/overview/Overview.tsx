// The network at a glance.
import { api, asked } from "@kit/api/client";
import { Facts } from "@kit/ui/Facts";
import { Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

const statusQuery = asked(["status"], (signal) => api.GET("/api/v1/status", { signal }));

export default function Overview() {
  const { t } = useTranslation();
  const status = useQuery(statusQuery);
  return (
    <Page title={t("overview.title")}>
      {status.isPending && <Lines />}
      {status.error && <Problem error={status.error} retry={() => status.refetch()} />}
      {status.data && <Facts facts={[[t("overview.connected"), status.data.stations.connected]]} />}
    </Page>
  );
}
