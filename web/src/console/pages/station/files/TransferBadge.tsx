// How far a transfer is.
import type { State } from "@kit/branding";
import { StateBadge } from "@kit/ui/states";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../queries";

type Status = Schemas["TransferStatus"];
const WELL: Status[] = ["done"];
const BADLY: Status[] = ["failed", "refused", "given_up", "expired"];

export function TransferBadge({ transfer }: { transfer: Schemas["Transfer"] }) {
  const { t } = useTranslation();
  const state: State = WELL.includes(transfer.status)
    ? "available"
    : BADLY.includes(transfer.status)
      ? "faulted"
      : transfer.status === "cancelled"
        ? "unavailable"
        : "pending";
  return (
    <span data-transfer={transfer.status}>
      <StateBadge state={state} words={t(`transfer.status.${transfer.status}`)} />
    </span>
  );
}
