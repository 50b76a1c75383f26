// A passkey: what it is called, when it was used, renamed and removed.
import { api, data } from "@kit/api/client";
import { tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { ActionIcon, Button, Group, Text, TextInput } from "@mantine/core";
import { IconCheck, IconPencil } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { removePasskey } from "./changes";
import { factorsChanged, type Passkey } from "./factors";

export function PasskeyLine({ passkey }: { passkey: Passkey }) {
  const { t } = useTranslation();
  const [name, setName] = useState<string>();
  const rename = useMutation({
    mutationFn: (wanted: string) =>
      data(
        api.PATCH("/api/v1/me/passkeys/{passkey_id}", {
          params: { path: { passkey_id: passkey.id } },
          body: { name: wanted },
        }),
      ),
    onSuccess: () => setName(undefined),
    onError: tellProblem,
    onSettled: factorsChanged,
  });
  if (name !== undefined)
    return (
      <Group
        component="form"
        wrap="nowrap"
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate(name.trim());
        }}
      >
        <TextInput
          aria-label={t("passkey.name")}
          value={name}
          maxLength={120}
          autoFocus
          style={{ flex: 1 }}
          onChange={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && setName(undefined)}
        />
        <ActionIcon
          type="submit"
          size="lg"
          aria-label={t("me.save")}
          loading={rename.isPending}
          disabled={!name.trim()}
        >
          <IconCheck size={18} />
        </ActionIcon>
      </Group>
    );
  return (
    <Group justify="space-between" wrap="nowrap">
      <div>
        <Group gap={4} wrap="nowrap">
          <Text fw={600}>{passkey.name}</Text>
          <ActionIcon
            variant="transparent"
            c="dimmed"
            aria-label={t("passkey.rename", { name: passkey.name })}
            onClick={() => setName(passkey.name)}
          >
            <IconPencil size={16} />
          </ActionIcon>
        </Group>
        <Text size="sm" c="dimmed">
          {passkey.last_used_at ? t("passkey.used") : t("passkey.made")}{" "}
          <Time at={passkey.last_used_at ?? passkey.created_at} />
        </Text>
      </div>
      <Button
        size="xs"
        variant="default"
        aria-label={t("passkey.remove", { name: passkey.name })}
        onClick={() => removePasskey(passkey)}
      >
        {t("factors.remove")}
      </Button>
    </Group>
  );
}
