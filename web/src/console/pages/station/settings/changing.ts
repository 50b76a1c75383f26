// Changing a station; what was before comes back by one click.
import { api, data } from "@kit/api/client";
import { tellDone, tellProblem } from "@kit/ui/feedback";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useStationPage } from "../context";
import type { Schemas } from "../queries";

export type Change = Schemas["StationChange"];

export function useChange() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { station } = useStationPage();
  const put = (body: Change) =>
    data(api.PATCH("/api/v1/stations/{station}", { params: { path: { station: station.id } }, body }));
  const refresh = () =>
    client
      .invalidateQueries({ queryKey: ["station", station.id] })
      .then(() => client.invalidateQueries({ queryKey: ["station"] }));
  return useMutation({
    mutationFn: put,
    onSuccess: (_, body) => {
      const before = Object.fromEntries(
        Object.keys(body).map((name) => [name, station[name as keyof typeof station]]),
      ) as Change;
      refresh();
      tellDone(t("station.saved"), () => put(before).then(refresh, tellProblem));
    },
  });
}
