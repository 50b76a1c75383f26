// The connectors of a station, a shape each.
import { StateMark } from "@kit/ui/states";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { ConnectorNow } from "../../network/rows";
import { lookOfStatus, statusWords } from "../../network/words";
import classes from "./stations.module.css";

const SHOWN = 6;

export const Connectors = memo(function Connectors({ connectors }: { connectors: ConnectorNow[] }) {
  const { t } = useTranslation();
  const real = connectors.filter(([, connector]) => connector > 0);
  return (
    <span className={classes.marks}>
      {real.slice(0, SHOWN).map(([evse, connector, status, error]) => (
        <StateMark
          key={`${evse}/${connector}`}
          state={lookOfStatus(status)}
          words={`${t("stations.connector", { evse, connector })}: ${statusWords(t, status)}${error ? ` (${error})` : ""}`}
        />
      ))}
      {real.length > SHOWN && <span>+{real.length - SHOWN}</span>}
    </span>
  );
});
