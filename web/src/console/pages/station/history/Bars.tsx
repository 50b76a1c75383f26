// One bar a connector; colours with a legend in words, and each span with its words for who points at it.
import { useFormats } from "@kit/formats";
import { StateBadge, useStateColour } from "@kit/ui/states";
import { Box, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { errorWords } from "../../../vocabulary";
import { stateOfConnector } from "../now/connectorState";
import type { Schemas } from "../queries";
import type { Track } from "./spans";

interface Props {
  tracks: Track[];
  from: number;
  until: number;
  days: number;
  zone?: string;
}

export function Bars({ tracks, from, until, days, zone }: Props) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const colour = useStateColour();
  const share = (at: number) => `${(((at - from) / (until - from)) * 100).toFixed(3)}%`;
  const states = [...new Set(tracks.flatMap(({ spans }) => spans.map(({ status }) => status)))];
  const step = days > 1 ? 86_400_000 : 4 * 3_600_000;
  const ticks = Array.from({ length: Math.floor((until - from) / step) }, (_, at) => from + at * step);
  const status = (name: string) => name as Schemas["ConnectorStatus"];
  return (
    <Box role="img" aria-label={t("station.bars_label", { count: tracks.length })}>
      {tracks.map((track) => (
        <Group key={track.key} wrap="nowrap" gap="xs" mb={6}>
          <Text size="sm" w={44} style={{ flexShrink: 0 }}>
            {track.evse}-{track.connector}
          </Text>
          <Box
            pos="relative"
            h={26}
            style={{ flex: 1, background: "var(--currant-soft)", borderRadius: 4, overflow: "hidden" }}
          >
            {track.spans.map((span) => (
              <Box
                key={span.from}
                pos="absolute"
                h="100%"
                title={`${t(`connector_status.${span.status}`)}: ${formats.dateTime(new Date(span.from), { zone })} – ${formats.dateTime(new Date(span.until), { zone })}${span.error ? ` (${errorWords(t, span.error)})` : ""}`}
                style={{
                  insetInlineStart: share(span.from),
                  width: `max(2px, ${(((span.until - span.from) / (until - from)) * 100).toFixed(3)}%)`,
                  background: colour(stateOfConnector(status(span.status))),
                  opacity: span.status === "available" ? 0.55 : 1,
                }}
              />
            ))}
          </Box>
        </Group>
      ))}
      <Box pos="relative" h={20} ms={52}>
        {ticks.map((tick) => (
          <Text
            key={tick}
            size="xs"
            c="dimmed"
            pos="absolute"
            style={{ insetInlineStart: share(tick), whiteSpace: "nowrap" }}
          >
            {days > 1
              ? new Date(tick).toLocaleDateString(i18n.language, { weekday: "short", timeZone: zone })
              : formats.time(new Date(tick), { zone })}
          </Text>
        ))}
      </Box>
      <Group gap="md" mt={4}>
        {states.map((name) => (
          <StateBadge
            key={name}
            state={stateOfConnector(status(name))}
            words={t(`connector_status.${name}`)}
            size="xs"
          />
        ))}
      </Group>
    </Box>
  );
}
