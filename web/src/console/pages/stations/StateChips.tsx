// How many stations are in each state; a press shows those alone.
import { useFormats } from "@kit/formats";
import { BY_URGENCY } from "@kit/map/clusters";
import { StateMark } from "@kit/ui/states";
import { Text, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { StateCounts } from "../../network/rows";
import classes from "./stations.module.css";

interface Props {
  counts: StateCounts;
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

export function StateChips({ counts, chosen, onChange }: Props) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <div className={classes.chips} role="group" aria-label={t("stations.by_state")}>
      {BY_URGENCY.filter((state) => counts[state] || chosen.includes(state)).map((state) => {
        const pressed = chosen.includes(state);
        return (
          <UnstyledButton
            key={state}
            className={classes.chip}
            aria-pressed={pressed}
            data-pressed={pressed || undefined}
            onClick={() => onChange(pressed ? chosen.filter((each) => each !== state) : [...chosen, state])}
          >
            <StateMark state={state} />
            <Text span size="sm" fw={700}>
              {formats.number(counts[state] ?? 0)}
            </Text>
            <Text span size="sm">
              {t(`state.${state}`)}
            </Text>
          </UnstyledButton>
        );
      })}
    </div>
  );
}
