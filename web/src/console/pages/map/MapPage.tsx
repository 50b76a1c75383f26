import { Page } from "@kit/ui/Page";
import { useTranslation } from "react-i18next";

export default function Soon() {
  const { t } = useTranslation();
  return <Page title={t("map_page.title")}>{null}</Page>;
}
