// Password and security profile.
import { api, asked } from "@kit/api/client";
import { Facts } from "@kit/ui/Facts";
import { ask, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Code, CopyButton, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post } from "../../../commands/give";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import { Section } from "../Section";

export function Credentials() {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const { station, zone } = useStationPage();
  const [password, setPassword] = useState("");
  const [moving, setMoving] = useState(false);
  const path = { path: { station: station.id } };
  const credentials = useQuery(
    asked(["station", station.id, "credentials"], (signal) =>
      api.GET("/api/v1/stations/{station}/credentials", { params: path, signal }),
    ),
  );
  const refresh = () => client.invalidateQueries({ queryKey: ["station", station.id] });
  const rotating = useMutation({
    mutationFn: () => post(`/stations/${station.id}/password/rotate`),
    onError: tellProblem,
    onSuccess: () => {
      refresh();
      tellDone(t("station.password_offered"));
    },
  });
  const making = useMutation({
    mutationFn: () => post<{ password: string }>(`/stations/${station.id}/password`),
    onError: tellProblem,
    onSuccess: (made) => {
      refresh();
      setPassword(made.password);
    },
  });
  const offer = credentials.data?.rotations?.[0];
  const profile = station.connection.security_profile;
  return (
    <Section title={t("station.credentials")}>
      {credentials.error && <Problem error={credentials.error} retry={() => credentials.refetch()} />}
      <Facts
        facts={[
          [
            t("station.password"),
            credentials.data &&
              t(credentials.data.has_password ? "station.password_set" : "station.password_none"),
          ],
          [
            t("station.password_since"),
            credentials.data?.password_set_at && (
              <Time key="p" at={credentials.data.password_set_at} mode="dateTime" zone={zone} />
            ),
          ],
          [t("station.password_change"), offer && t(`password_status.${offer.status}`)],
          [t("station.profile_used"), profile == null ? "–" : t(`security_profile.${profile}`)],
          [
            t("station.profile_demanded"),
            station.security_profile == null
              ? t("station.profile_any")
              : t(`security_profile.${station.security_profile}`),
          ],
          [
            t("station.comes_from"),
            station.connection.remote_address && (
              <bdi key="a" dir="ltr">
                {station.connection.remote_address}
              </bdi>
            ),
          ],
        ]}
      />
      {offer?.reason && <Text size="sm">{offer.reason}</Text>}
      {may("stations:admit") && (
        <Group gap="xs">
          <Button
            variant="default"
            disabled={!station.connected}
            loading={rotating.isPending}
            onClick={() =>
              ask({
                title: t("station.rotate"),
                text: t("station.rotate_text"),
                action: t("station.rotate"),
                onYes: () => rotating.mutate(),
              })
            }
          >
            {t("station.rotate")}
          </Button>
          <Button
            variant="default"
            loading={making.isPending}
            onClick={() =>
              ask({
                title: t("station.new_password"),
                text: t("station.new_password_text"),
                action: t("station.new_password"),
                danger: true,
                onYes: () => making.mutate(),
              })
            }
          >
            {t("station.new_password")}
          </Button>
          <Button variant="default" onClick={() => setMoving(true)}>
            {t("station.move_profile")}
          </Button>
        </Group>
      )}
      {password && (
        <Modal opened onClose={() => setPassword("")} title={t("station.new_password")}>
          <Stack>
            <Text size="sm">{t("station.password_once")}</Text>
            <Code block dir="ltr">
              {password}
            </Code>
            <CopyButton value={password}>
              {({ copied, copy }) => (
                <Button onClick={copy}>{t(copied ? "station.copied" : "station.copy")}</Button>
              )}
            </CopyButton>
          </Stack>
        </Modal>
      )}
      {moving && <MoveProfile onClose={() => setMoving(false)} />}
    </Section>
  );
}

function MoveProfile({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { station } = useStationPage();
  const [to, setTo] = useState("2");
  const moving = useMutation({
    mutationFn: () => post(`/stations/${station.id}/security-upgrade`, { to_profile: Number(to) }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["station", station.id] });
      tellDone(t("station.move_begun"));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t("station.move_profile")}>
      <Stack>
        <Text size="sm">{t("station.move_text")}</Text>
        <Select
          label={t("station.profile_demanded")}
          data={["1", "2", "3"].map((each) => ({ value: each, label: t(`security_profile.${each}`) }))}
          value={to}
          onChange={(chosen) => setTo(chosen ?? "2")}
        />
        {moving.error && <Problem error={moving.error} />}
        <Button loading={moving.isPending} onClick={() => moving.mutate()}>
          {t("station.move_profile")}
        </Button>
      </Stack>
    </Modal>
  );
}
