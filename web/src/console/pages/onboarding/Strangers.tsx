// Chargers that knocked and fit no station: for owners of the installation, to find one that is set up wrongly.
import { api, asked } from "@kit/api/client";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { IconDoor } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Attempts } from "./Attempts";

const strangersQuery = asked(["onboarding", "strangers"], (signal) =>
  api.GET("/api/v1/onboarding/attempts", { signal }),
);

export default function Strangers() {
  const { t } = useTranslation();
  const found = useQuery({ ...strangersQuery, refetchInterval: 5_000 });
  return (
    <Page
      title={t("onboarding.strangers")}
      subtitle={t("onboarding.strangers_text")}
      crumbs={[{ title: t("onboarding.title"), to: "/onboarding" }]}
    >
      {found.isPending && <Lines />}
      {found.error && <Problem error={found.error} retry={() => found.refetch()} />}
      {found.data?.items.length === 0 && <Empty icon={IconDoor} title={t("onboarding.strangers_none")} />}
      {found.data && found.data.items.length > 0 && <Attempts attempts={found.data.items} />}
    </Page>
  );
}
