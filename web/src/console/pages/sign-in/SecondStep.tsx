// The second step of signing in: a code of the app, a passkey, or one of the codes for a lost phone.
import { Problem } from "@kit/ui/feedback";
import { Anchor, Button, Group, PinInput, Text, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Me } from "../../session";
import { Form } from "../me/Form";
import { byCode, byPasskey, isGivenUp, type Ticket, type Way } from "./entering";

interface Props {
  ticket: Ticket;
  onDone: (me: Me) => void;
  onBack: () => void;
}

const ORDER: Way[] = ["passkey", "totp", "recovery_code"];

export function SecondStep({ ticket, onDone, onBack }: Props) {
  const { t } = useTranslation();
  const ways = ORDER.filter((way) => ticket.ways.includes(way));
  const [way, setWay] = useState<Way>(ways.includes("totp") ? "totp" : (ways[0] ?? "totp"));
  const [code, setCode] = useState("");
  const prove = useMutation({
    mutationFn: (given: string) =>
      way === "passkey"
        ? byPasskey(ticket.ticket)
        : byCode(ticket.ticket, way === "totp" ? "totp" : "recovery_code", given),
    onSuccess: onDone,
    onError: () => setCode(""),
  });
  const choose = (next: Way) => {
    prove.reset();
    setCode("");
    setWay(next);
  };
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        prove.mutate(code);
      }}
    >
      {prove.error && !isGivenUp(prove.error) && <Problem error={prove.error} />}
      <Text>{t(`sign_in.way_${way}_text`)}</Text>
      {way === "totp" && (
        <PinInput
          // A new field after a wrong code, with the focus at its beginning.
          key={prove.failureCount}
          length={6}
          type="number"
          oneTimeCode
          autoFocus
          size="md"
          dir="ltr"
          aria-label={t("sign_in.code")}
          getInputProps={(place) => ({ "aria-label": t("sign_in.digit", { place: place + 1 }) })}
          value={code}
          onChange={setCode}
          onComplete={(whole) => prove.mutate(whole)}
          disabled={prove.isPending}
        />
      )}
      {way === "recovery_code" && (
        <TextInput
          label={t("sign_in.recovery_code")}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          dir="ltr"
          data-autofocus
          autoFocus
        />
      )}
      <Button
        type="submit"
        size="md"
        loading={prove.isPending}
        disabled={way !== "passkey" && code.length < 6}
        leftSection={way === "passkey" ? <IconFingerprint size={20} /> : undefined}
      >
        {way === "passkey" ? t("sign_in.with_passkey") : t("sign_in.go_on")}
      </Button>
      <Group justify="space-between" gap="xs">
        {ways
          .filter((other) => other !== way)
          .map((other) => (
            <Anchor
              key={other}
              component="button"
              type="button"
              size="sm"
              py={4}
              onClick={() => choose(other)}
            >
              {t(`sign_in.instead_${other}`)}
            </Anchor>
          ))}
        <Anchor component="button" type="button" size="sm" py={4} onClick={onBack}>
          {t("sign_in.start_again")}
        </Anchor>
      </Group>
    </Form>
  );
}
