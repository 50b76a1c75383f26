// The organisation requires a second factor: without one, this is all there is.
import { api } from "@kit/api/client";
import { Lines } from "@kit/ui/feedback";
import { Anchor } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Navigate, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { meQuery } from "../../session";
import { FactorChoice } from "../me/FactorChoice";
import { Entrance } from "./Entrance";

export default function SecondFactorWall() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: me, error, isPending } = useQuery(meQuery);
  if (error) return <Navigate to={"/sign-in" as "/"} />;
  if (isPending) return <Lines />;
  const leave = async () => {
    await api.POST("/api/v1/logout");
    window.location.assign("/console/sign-in");
  };
  return (
    <Entrance wide title={t("wall.title")} subtitle={t("wall.text", { organisation: me.organisation })}>
      <FactorChoice onDone={() => navigate({ to: "/" })} />
      <Anchor
        component="button"
        type="button"
        size="sm"
        py={4}
        onClick={leave}
        style={{ alignSelf: "center" }}
      >
        {t("shell.sign_out")}
      </Anchor>
    </Entrance>
  );
}
