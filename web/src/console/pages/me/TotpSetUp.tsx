// An authenticator app is set up: scan, type what it shows, done.

import { api, data } from "@kit/api/client";
import { Lines, Problem } from "@kit/ui/feedback";
import { uuid } from "@kit/uuid";
import { Box, Button, Code, CopyButton, Group, PinInput, Stack, Text } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Form } from "./Form";
import classes from "./TotpSetUp.module.css";

interface Props {
  onDone: (codes: string[]) => void;
  onCancel: () => void;
}

export function TotpSetUp({ onDone, onCancel }: Props) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const [asked] = useState(() => uuid());
  const draft = useQuery({
    queryKey: ["me", "totp", asked],
    queryFn: () => data(api.POST("/api/v1/me/totp")),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const confirm = useMutation({
    mutationFn: (given: string) => data(api.POST("/api/v1/me/totp/confirm", { body: { code: given } })),
    onSuccess: (answer) => onDone([...(answer.recovery_codes ?? [])]),
    onError: () => setCode(""),
  });
  if (draft.isPending) return <Lines count={5} />;
  if (draft.error) return <Problem error={draft.error} retry={() => draft.refetch()} />;
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate(code);
      }}
    >
      <Text>{t("totp.scan")}</Text>
      <Group align="flex-start" gap="lg">
        <Box className={classes.qr}>
          <img
            src={`data:image/svg+xml;utf8,${encodeURIComponent(draft.data.qr_svg)}`}
            alt={t("totp.qr")}
            width={180}
            height={180}
          />
        </Box>
        <Stack gap="xs" style={{ flex: 1, minWidth: "14rem" }}>
          <Text size="sm" c="dimmed">
            {t("totp.by_hand")}
          </Text>
          <Code block dir="ltr" fz="sm" style={{ whiteSpace: "normal", overflowWrap: "anywhere" }}>
            {draft.data.secret.replace(/(.{4})(?=.)/g, "$1 ")}
          </Code>
          <Group gap="xs">
            <CopyButton value={draft.data.secret}>
              {({ copied, copy }) => (
                <Button size="xs" variant="default" onClick={copy} leftSection={<IconCopy size={16} />}>
                  {copied ? t("recovery.copied") : t("recovery.copy")}
                </Button>
              )}
            </CopyButton>
            <Button size="xs" variant="default" component="a" href={draft.data.uri}>
              {t("totp.open_app")}
            </Button>
          </Group>
        </Stack>
      </Group>
      <Text id="totp-code">{t("totp.type")}</Text>
      {confirm.error && <Problem error={confirm.error} />}
      <PinInput
        key={confirm.failureCount}
        length={6}
        type="number"
        oneTimeCode
        dir="ltr"
        size="md"
        aria-labelledby="totp-code"
        getInputProps={(place) => ({ "aria-label": t("sign_in.digit", { place: place + 1 }) })}
        value={code}
        onChange={setCode}
        onComplete={(whole) => confirm.mutate(whole)}
        disabled={confirm.isPending}
      />
      <Group>
        <Button type="submit" loading={confirm.isPending} disabled={code.length < 6}>
          {t("totp.confirm")}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("ask.cancel")}
        </Button>
      </Group>
    </Form>
  );
}
