// One step of advice, with the button that does it where it can be done from here.
import { tellDone, tellProblem } from "@kit/ui/feedback";
import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { post } from "../../../commands/give";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import { useStop } from "../stopping";
import { DEEDS } from "./todo";

export function TodoStep({ code, facts }: { code: string; facts: Record<string, unknown> }) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const { station, running, command, go } = useStationPage();
  const stop = useStop();
  const doing = useMutation({
    mutationFn: (path: string) => post(`/stations/${station.id}/${path}`),
    onError: tellProblem,
    onSuccess: () => {
      tellDone(t("station.done"));
      client.invalidateQueries({ queryKey: ["station"] });
    },
  });
  const deed = DEEDS[code];
  const words = t(`insight.todo.${code}`, { defaultValue: code.replaceAll("_", " ") });
  const button = (label: string, onClick: () => void) => (
    <Button size="compact-sm" variant="default" onClick={onClick} loading={doing.isPending}>
      {label}
    </Button>
  );
  const session = running.find(({ number }) => number === facts.number);
  let action = null;
  const { command: draft, tab, to, own } = deed ?? {};
  if (draft && may("commands:give")) {
    const prepared = draft(facts);
    action = button(t(`commands.name.${prepared.command}`), () => command(prepared));
  } else if (tab)
    action = button(t("station.show_tab", { tab: t(`station.tab.${tab}`) }), () => go(tab, deed?.more));
  else if (to)
    action = (
      <Button size="compact-sm" variant="default" component={Link} to={to(station.id, facts) as "/"}>
        {t("station.open")}
      </Button>
    );
  else if (own === "accept" && may("stations:admit"))
    action = (
      <>
        {button(t("station.accept"), () => doing.mutate("accept"))}
        {button(t("station.refuse"), () => doing.mutate("refuse"))}
      </>
    );
  else if (own === "retry_desired" && may("desired:write"))
    action = button(t("station.retry"), () => doing.mutate("desired/retry"));
  else if (own === "stop" && session && may("sessions:write"))
    action = button(t("station.stop"), () => stop(session));
  return (
    <Group gap="xs">
      <Text span size="sm">
        {words}
      </Text>
      {action}
    </Group>
  );
}
