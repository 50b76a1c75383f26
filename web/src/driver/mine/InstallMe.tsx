// The app on the home screen, where a browser offers that.
import { IconDeviceMobileDown } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { brand } from "../app/brand";
import { installing } from "../app/install";
import { Button } from "../ui/parts";

export function InstallMe() {
  const { t } = useTranslation();
  const offer = useSyncExternalStore(installing.follow, installing.offer);
  if (!offer) return null;
  return (
    <Button size="wide" onClick={() => installing.take()}>
      <IconDeviceMobileDown size={22} aria-hidden /> {t("account.install", { name: brand.product_name })}
    </Button>
  );
}
