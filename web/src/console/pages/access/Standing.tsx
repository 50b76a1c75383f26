// Whether a token would be let in, here and now, and why: what a support desk reads out.
import { api, asked } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Lines, Problem } from "@kit/ui/feedback";
import { Alert, List, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PickOne } from "../../lists/Pickers";

type Said = Pick<components["schemas"]["Decision"], "reason" | "explanation">;

// The server explains in English, with its facts; the reason alone is said in the reader's language too.
function inWords(t: TFunction, language: string, said: Said): string {
  if (language === "en") return said.explanation;
  return t(`access.reason.${said.reason}`, { defaultValue: said.explanation });
}

export function Standing({ token }: { token: string }) {
  const { t, i18n } = useTranslation();
  const [station, setStation] = useState<string | null>(null);
  const standing = useQuery({
    ...asked(["tokens", token, "standing", station], (signal) =>
      api.GET("/api/v1/tokens/{token}/standing", {
        params: { path: { token }, query: { station: station ?? "" } },
        signal,
      }),
    ),
    enabled: station !== null,
  });
  const decision = standing.data?.decision;
  return (
    <Stack>
      <PickOne
        kind="stations"
        label={t("access.standing_at")}
        description={t("access.standing_help")}
        value={station}
        onChange={setStation}
      />
      {standing.isLoading && <Lines count={2} />}
      {standing.error && <Problem error={standing.error} retry={() => standing.refetch()} />}
      {decision && (
        <Alert
          variant="outline"
          color={decision.allowed ? "green" : "red"}
          icon={decision.allowed ? <IconCheck /> : <IconX />}
          title={decision.allowed ? t("access.let_in") : t("access.not_let_in")}
          role="status"
        >
          <Text>{inWords(t, i18n.language, decision)}</Text>
          <List size="sm" mt="xs" spacing={4}>
            {standing.data?.rulings.map((ruling) => (
              <List.Item
                key={`${ruling.rule}${ruling.policy_id}${ruling.reason}`}
                icon={
                  <ThemeIcon
                    size={18}
                    radius="xl"
                    color={ruling.passes ? "green.9" : "red.8"}
                    aria-label={ruling.passes ? t("access.passes") : t("access.fails")}
                  >
                    {ruling.passes ? <IconCheck size={12} /> : <IconX size={12} />}
                  </ThemeIcon>
                }
              >
                {t(`access.rule.${ruling.rule}`, { defaultValue: ruling.rule })}
                {!ruling.passes || i18n.language === "en" ? `: ${inWords(t, i18n.language, ruling)}` : ""}
              </List.Item>
            ))}
          </List>
          {standing.data?.authoriser_is_asked && (
            <Text size="sm" mt="xs">
              {t("access.authoriser_asked")}
            </Text>
          )}
        </Alert>
      )}
    </Stack>
  );
}
