// Stations by state: how many, in words and as their share of all, each a way to those stations.
import { STATE_COLOURS } from "@kit/branding";
import { useFormats } from "@kit/formats";
import { inOrder } from "@kit/map/clusters";
import { StateBadge } from "@kit/ui/states";
import { Text, useComputedColorScheme } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { StateCounts } from "../../network/rows";
import { Section } from "../station/Section";
import classes from "./overview.module.css";

export function States({ states }: { states: StateCounts }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const scheme = useComputedColorScheme("light");
  const some = inOrder(states);
  const all = Math.max(
    1,
    some.reduce((sum, [, count]) => sum + count, 0),
  );
  return (
    <Section title={t("overview.by_state")}>
      <ul className={classes.states}>
        {some.map(([state, count]) => (
          <li key={state}>
            <Link
              to={"/stations" as "/"}
              search={{ state } as never}
              className={classes.state}
              data-state-row={state}
            >
              <StateBadge state={state} />
              <span className={classes.length} aria-hidden>
                <span
                  style={{
                    width: `max(3px, ${(count / all) * 100}%)`,
                    background: STATE_COLOURS[state][scheme],
                  }}
                />
              </span>
              <Text span fw={700}>
                {formats.number(count)}
              </Text>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
