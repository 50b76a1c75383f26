// The command palette: Ctrl-K to any page (and, by the server's search, to any station, session or driver).
import { Spotlight, spotlight } from "@mantine/spotlight";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { PAGES } from "../pages";
import { useMay } from "../session";

export const openPalette = (): void => spotlight.open();

export function Palette() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const actions = PAGES.filter((page) => page.menu && may(page.permission)).map((page) => ({
    id: page.path,
    label: t(page.title),
    onClick: () => navigate({ to: page.path }),
  }));
  return (
    <Spotlight
      actions={actions}
      shortcut={["mod + K", "mod + P"]}
      nothingFound={t("palette.nothing")}
      searchProps={{ placeholder: t("shell.search") }}
      highlightQuery
    />
  );
}
