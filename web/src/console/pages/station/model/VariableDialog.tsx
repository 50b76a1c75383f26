// One variable: what it has, what it shall have and why not yet, and setting it for good.

import { api, data } from "@kit/api/client";
import { Facts } from "@kit/ui/Facts";
import { Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Checkbox, Group, Modal, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post } from "../../../commands/give";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import type { Schemas } from "../queries";
import type { Row } from "./joined";
import { StandingBadge } from "./StandingBadge";

export function VariableDialog({ row, onClose }: { row: Row; onClose: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const { station } = useStationPage();
  const [value, setValue] = useState(row.desired || row.reported || "");
  const [restart, setRestart] = useState(row.wanted?.declaration.may_restart ?? false);
  const traits = (row.known?.traits ?? {}) as Partial<Schemas["Traits"]>;
  const refresh = () => client.invalidateQueries({ queryKey: ["station", station.id] });
  const undo = (revision: string) => post(`/desired/revisions/${revision}/undo`).then(refresh, tellProblem);
  const setting = useMutation({
    mutationFn: () =>
      post<Schemas["Declared"]>("/desired/declarations", {
        declarations: [
          {
            scope: "station",
            station: station.id,
            aspect: "variables",
            key: row.key,
            value,
            may_restart: restart,
          },
        ],
      }),
    onSuccess: ({ revision }) => {
      refresh();
      tellDone(t("station.declared", { name: row.name }), () => undo(revision.id));
      onClose();
    },
  });
  const removing = useMutation({
    mutationFn: (id: string) =>
      data(
        api.DELETE("/api/v1/desired/declarations/{declaration}", { params: { path: { declaration: id } } }),
      ),
    onError: tellProblem,
    onSuccess: (declared) => {
      refresh();
      tellDone(t("station.undeclared", { name: row.name }), () => undo(declared.revision.id));
      onClose();
    },
  });
  const retrying = useMutation({
    mutationFn: () => post(`/stations/${station.id}/desired/retry`),
    onError: tellProblem,
    onSuccess: () => {
      refresh();
      tellDone(t("station.done"));
    },
  });
  const isVariable = !row.wanted || row.wanted.aspect === "variables";
  const readOnly = traits.mutability === "ReadOnly";
  const choices =
    traits.data_type === "boolean"
      ? ["true", "false"]
      : traits.data_type === "OptionList"
        ? (traits.values ?? "")
            .split(",")
            .map((each) => each.trim())
            .filter(Boolean)
        : [];
  const common = {
    label: t("station.shall_be"),
    description: traits.unit ? t("station.unit", { unit: traits.unit }) : undefined,
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={<bdi dir="ltr">{row.key}</bdi>}>
      <Stack>
        <Facts
          facts={[
            [t("station.reported"), row.reported ?? t("station.not_told")],
            [t("station.desired"), row.desired ?? ""],
            [t("station.standing"), row.wanted && <StandingBadge wanted={row.wanted} />],
            [t("station.since_when"), <Time key="since" at={row.wanted?.since ?? row.known?.known_since} />],
            [t("station.key16"), row.known?.ocpp16_key],
            [t("station.declared_for"), row.wanted && t(`station.scope_${row.wanted.declaration.scope}`)],
            [
              t("station.next_attempt"),
              row.wanted?.next_attempt_at && <Time key="next" at={row.wanted.next_attempt_at} />,
            ],
          ]}
        />
        {row.wanted?.cause && <Text size="sm">{t(`standing.cause.${row.wanted.cause}`)}</Text>}
        {row.wanted?.reason && (
          <Text size="sm" c="dimmed">
            {t("commands.reason")} <bdi>{row.wanted.reason}</bdi>
          </Text>
        )}
        {isVariable && may("desired:write") && !readOnly && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              setting.mutate();
            }}
          >
            <Stack>
              {choices.length > 0 ? (
                <Select
                  {...common}
                  data={choices}
                  value={value}
                  onChange={(chosen) => setValue(chosen ?? "")}
                />
              ) : traits.data_type === "integer" || traits.data_type === "decimal" ? (
                <NumberInput
                  {...common}
                  allowDecimal={traits.data_type === "decimal"}
                  min={traits.min_limit ?? undefined}
                  max={traits.max_limit ?? undefined}
                  value={value}
                  onChange={(number) => setValue(String(number))}
                />
              ) : (
                <TextInput
                  {...common}
                  value={value}
                  onChange={(event) => setValue(event.currentTarget.value)}
                  dir="ltr"
                />
              )}
              <Checkbox
                label={t("station.may_restart")}
                checked={restart}
                onChange={(event) => setRestart(event.currentTarget.checked)}
              />
              {setting.error && <Problem error={setting.error} />}
              <Group>
                <Button type="submit" loading={setting.isPending} disabled={value === ""}>
                  {t("station.declare")}
                </Button>
                {row.wanted && !["in_step"].includes(row.wanted.standing) && (
                  <Button variant="default" loading={retrying.isPending} onClick={() => retrying.mutate()}>
                    {t("station.retry")}
                  </Button>
                )}
                {row.wanted?.declaration.scope === "station" && (
                  <Button
                    variant="default"
                    loading={removing.isPending}
                    onClick={() => row.wanted && removing.mutate(row.wanted.declaration.id)}
                  >
                    {t("station.undeclare")}
                  </Button>
                )}
              </Group>
            </Stack>
          </form>
        )}
        {readOnly && (
          <Text size="sm" c="dimmed">
            {t("station.read_only")}
          </Text>
        )}
      </Stack>
    </Modal>
  );
}
