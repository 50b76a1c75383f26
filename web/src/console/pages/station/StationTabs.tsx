// The parts of a station's page, one at a time; which one is in the address.
import { Lines } from "@kit/ui/feedback";
import { NativeSelect, Tabs } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type ComponentType, lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { type Permission, useMay } from "../../session";
import { useAddress } from "./address";

interface Part {
  name: string;
  permission?: Permission;
  Shown: ComponentType;
}

const PARTS: Part[] = [
  { name: "now", Shown: lazy(() => import("./now/Now")) },
  { name: "sessions", permission: "sessions:read", Shown: lazy(() => import("./SessionsThere")) },
  { name: "history", Shown: lazy(() => import("./history/History")) },
  { name: "model", Shown: lazy(() => import("./model/Model")) },
  { name: "commands", permission: "commands:read", Shown: lazy(() => import("./commands/Commands")) },
  { name: "messages", permission: "messages:read", Shown: lazy(() => import("./messages/Messages")) },
  { name: "findings", permission: "findings:read", Shown: lazy(() => import("./findings/Findings")) },
  { name: "files", Shown: lazy(() => import("./files/Files")) },
  { name: "security", permission: "security:read", Shown: lazy(() => import("./security/Security")) },
  { name: "limits", Shown: lazy(() => import("./limits/Limits")) },
  { name: "monitoring", Shown: lazy(() => import("./monitoring/Monitoring")) },
  { name: "notes", Shown: lazy(() => import("./notes/StationNotes")) },
  { name: "settings", Shown: lazy(() => import("./settings/Settings")) },
];

export function StationTabs() {
  const { t } = useTranslation();
  const may = useMay();
  const address = useAddress();
  const narrow = useMediaQuery("(max-width: 62em)", false, { getInitialValueInEffect: false });
  const parts = PARTS.filter(({ permission }) => !permission || may(permission));
  const shown = parts.find(({ name }) => name === address.get("tab")) ?? parts[0];
  if (!shown) return null;
  const choose = (name: string | null) => address.set({ tab: !name || name === "now" ? "" : name });
  const { Shown } = shown;
  const inside = (
    <Suspense fallback={<Lines />}>
      <Shown />
    </Suspense>
  );
  if (narrow)
    return (
      <>
        <NativeSelect
          label={t("station.part")}
          size="md"
          data={parts.map(({ name }) => ({ value: name, label: t(`station.tab.${name}`) }))}
          value={shown.name}
          onChange={(event) => choose(event.currentTarget.value)}
        />
        {inside}
      </>
    );
  return (
    <Tabs value={shown.name} onChange={choose} keepMounted={false}>
      <Tabs.List mb="md" aria-label={t("station.part")}>
        {parts.map(({ name }) => (
          <Tabs.Tab key={name} value={name} px="sm">
            {t(`station.tab.${name}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {parts.map(({ name }) => (
        <Tabs.Panel key={name} value={name}>
          {name === shown.name && inside}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
