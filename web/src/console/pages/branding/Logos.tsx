// The brand's pictures: shown on the ground they are for, taken from a file or by dropping one.
import { queries, send } from "@kit/api/client";
import { tellDone, tellProblem } from "@kit/ui/feedback";
import { Button, FileButton, Group, Stack, Text } from "@mantine/core";
import { IconPhotoUp } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Section } from "../me/Section";
import { type BrandingFacts, brandingQuery } from "./Branding";
import classes from "./Logos.module.css";

type Kind = "logo" | "dark_logo" | "icon";
const KINDS: Kind[] = ["logo", "dark_logo", "icon"];
const TAKEN = "image/png,image/jpeg,image/webp,image/svg+xml";
const BYTES_MAX = 512 * 1024;

function Picture({ kind, url, writes }: { kind: Kind; url: string | null; writes: boolean }) {
  const { t } = useTranslation();
  const path = `/api/v1/branding/${kind}`;
  const change = useMutation({
    mutationFn: async (file: File | null) => {
      if (file && file.size > BYTES_MAX) throw new Error(t("branding.too_big"));
      const answer = await send(
        path,
        file ? { method: "PUT", body: file, headers: { "Content-Type": file.type } } : { method: "DELETE" },
      );
      return (await answer.json()) as BrandingFacts;
    },
    onSuccess: (saved) => {
      queries.setQueryData(brandingQuery.queryKey, saved);
      tellDone(t("me.saved"));
    },
    onError: tellProblem,
  });
  return (
    <Group justify="space-between" align="center">
      <Group gap="sm">
        <div className={kind === "dark_logo" ? classes.dark : classes.light}>
          {url ? (
            <img src={url} alt={t(`branding.${kind}`)} className={classes.picture} />
          ) : (
            <IconPhotoUp aria-hidden />
          )}
        </div>
        <div>
          <Text fw={600} size="sm">
            {t(`branding.${kind}`)}
          </Text>
          <Text size="xs" c="dimmed">
            {t(`branding.${kind}_text`)}
          </Text>
        </div>
      </Group>
      {writes && (
        <Group gap="xs">
          <FileButton
            accept={TAKEN}
            onChange={(file) => file && change.mutate(file)}
            inputProps={{ "aria-label": t(`branding.${kind}`) }}
          >
            {(props) => (
              <Button
                {...props}
                size="xs"
                variant="default"
                loading={change.isPending}
                aria-label={t("branding.choose_for", { what: t(`branding.${kind}`) })}
              >
                {t("branding.choose")}
              </Button>
            )}
          </FileButton>
          {url && (
            <Button
              size="xs"
              variant="default"
              aria-label={t("passkey.remove", { name: t(`branding.${kind}`) })}
              onClick={() => change.mutate(null)}
            >
              {t("factors.remove")}
            </Button>
          )}
        </Group>
      )}
    </Group>
  );
}

export function Logos({ branding, writes }: { branding: BrandingFacts; writes: boolean }) {
  const { t } = useTranslation();
  const urls = { logo: branding.logo_url, dark_logo: branding.dark_logo_url, icon: branding.icon_url };
  return (
    <Section title={t("branding.logos")} text={t("branding.logos_text")}>
      <Stack>
        {KINDS.map((kind) => (
          <Picture key={kind} kind={kind} url={urls[kind]} writes={writes} />
        ))}
      </Stack>
    </Section>
  );
}
