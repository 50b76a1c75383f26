// The station's EVSEs and connectors: what drivers are shown, and what limits are reckoned with.
import { Problem } from "@kit/ui/feedback";
import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import type { Schemas } from "../queries";
import { Section } from "../Section";
import { useChange } from "./changing";

type Evse = Schemas["Evse"];
type Connector = Schemas["Connector"];

const STANDARDS = [
  "IEC_62196_T2",
  "IEC_62196_T2_COMBO",
  "IEC_62196_T1",
  "IEC_62196_T1_COMBO",
  "CHADEMO",
  "SAE_J3400",
  "GBT_AC",
  "GBT_DC",
  "DOMESTIC_F",
] as const;
const POWER = ["AC_1_PHASE", "AC_2_PHASE", "AC_3_PHASE", "DC"] as const;

export function Evses() {
  const { t } = useTranslation();
  const may = useMay();
  const { station } = useStationPage();
  const change = useChange();
  const [evses, setEvses] = useState<Evse[]>([...station.evses]);
  const put = (at: number, changed: Partial<Evse>) =>
    setEvses((before) =>
      before.map((evse, place) => (place === at ? { ...evse, ...changed, learned: false } : evse)),
    );
  const plug = (at: number, which: number, changed: Partial<Connector>) =>
    put(at, {
      connectors: (evses[at]?.connectors ?? []).map((each, place) =>
        place === which ? { ...each, ...changed } : each,
      ),
    });
  const next = Math.max(0, ...evses.map(({ number }) => number)) + 1;
  if (!may("stations:write")) return null;
  return (
    <Section title={t("station.evses")}>
      {evses.map((evse, at) => (
        <Fieldset key={evse.number} legend={t("commands.evse", { number: evse.number })}>
          <Stack gap="xs">
            {evse.learned && (
              <Text size="sm" c="dimmed">
                {t("station.learned")}
              </Text>
            )}
            <SimpleGrid cols={{ base: 1, sm: 3 }}>
              <TextInput
                label={t("station.reference")}
                description={t("station.reference_help")}
                dir="ltr"
                value={evse.reference ?? ""}
                onChange={(event) => put(at, { reference: event.currentTarget.value })}
              />
              <NumberInput
                label={t("station.max_power")}
                min={0}
                suffix=" kW"
                value={evse.max_power_w ? evse.max_power_w / 1000 : ""}
                onChange={(kw) => put(at, { max_power_w: kw === "" ? null : Math.round(Number(kw) * 1000) })}
              />
            </SimpleGrid>
            {(evse.connectors ?? []).map((connector, which) => (
              <Group key={connector.number} align="flex-end" gap="xs">
                <Select
                  label={t("station.connector", { number: connector.number })}
                  allowDeselect={false}
                  data={[...new Set([...STANDARDS, connector.standard ?? "IEC_62196_T2"])].map((each) => ({
                    value: each,
                    label: t(`plug.${each}`, { defaultValue: each }),
                  }))}
                  value={connector.standard ?? "IEC_62196_T2"}
                  onChange={(chosen) => plug(at, which, { standard: chosen as Connector["standard"] })}
                />
                <Select
                  label={t("commands.field.connector_format")}
                  allowDeselect={false}
                  w={130}
                  data={["socket", "cable"].map((each) => ({
                    value: each,
                    label: t(`station.format_${each}`),
                  }))}
                  value={connector.format ?? "socket"}
                  onChange={(chosen) => plug(at, which, { format: chosen as Connector["format"] })}
                />
                <Select
                  label={t("station.current")}
                  allowDeselect={false}
                  w={150}
                  data={POWER.map((each) => ({ value: each, label: t(`station.current_${each}`) }))}
                  value={connector.power_type ?? "AC_3_PHASE"}
                  onChange={(chosen) => plug(at, which, { power_type: chosen as Connector["power_type"] })}
                />
                <ActionIcon
                  size="lg"
                  variant="default"
                  aria-label={t("station.remove_connector", { number: connector.number, evse: evse.number })}
                  onClick={() =>
                    put(at, { connectors: (evse.connectors ?? []).filter((_, place) => place !== which) })
                  }
                >
                  <IconTrash size={16} />
                </ActionIcon>
              </Group>
            ))}
            <Group gap="xs">
              <Button
                size="xs"
                variant="default"
                leftSection={<IconPlus size={14} aria-hidden />}
                onClick={() =>
                  put(at, {
                    connectors: [
                      ...(evse.connectors ?? []),
                      {
                        number: Math.max(0, ...(evse.connectors ?? []).map(({ number }) => number)) + 1,
                      } as Connector,
                    ],
                  })
                }
              >
                {t("station.add_connector")}
              </Button>
              <Button
                size="xs"
                variant="default"
                leftSection={<IconTrash size={14} aria-hidden />}
                onClick={() => setEvses(evses.filter((_, place) => place !== at))}
              >
                {t("station.remove_evse", { number: evse.number })}
              </Button>
            </Group>
          </Stack>
        </Fieldset>
      ))}
      {change.error && <Problem error={change.error} />}
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() =>
            setEvses([...evses, { number: next, connectors: [{ number: 1 } as Connector] } as Evse])
          }
        >
          {t("station.add_evse")}
        </Button>
        <Button loading={change.isPending} onClick={() => change.mutate({ evses })}>
          {t("station.save")}
        </Button>
      </Group>
    </Section>
  );
}
