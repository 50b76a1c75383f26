// What a page says when there is nothing, not yet, or not at all; and questions before what cannot be undone.
import { uuid } from "@kit/uuid";
import { Alert, Button, Center, Skeleton, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { IconAlertCircle, IconCheck, IconMoodEmpty, type TablerIcon } from "@tabler/icons-react";
import i18next from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem, Unreachable } from "../api/client";

interface EmptyProps {
  title: string;
  children?: ReactNode;
  icon?: TablerIcon;
  action?: ReactNode;
}

// Nothing here: says what would be here and how it comes to be.
export function Empty({ title, children, icon: Shape = IconMoodEmpty, action }: EmptyProps) {
  return (
    <Center py="xl">
      <Stack align="center" gap="xs" maw={460}>
        <ThemeIcon size={56} radius="xl" variant="light" color="gray" aria-hidden>
          <Shape size={30} />
        </ThemeIcon>
        <Title order={2} fz="h4" ta="center">
          {title}
        </Title>
        {children && (
          <Text ta="center" c="dimmed" component="div">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

export function Lines({ count = 6, height = 28 }: { count?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" role="status" aria-label={t("feedback.loading")}>
      {Array.from({ length: count }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <Skeleton key={at} height={height} />
      ))}
    </Stack>
  );
}

export function wordsOf(error: unknown): string {
  if (error instanceof Unreachable) return i18next.t("feedback.unreachable");
  if (error instanceof ApiProblem && error.status === 403 && error.code === "not_allowed")
    return i18next.t("feedback.not_allowed");
  // The server's own sentence knows more than a code does, for those who read English.
  if (error instanceof ApiProblem && error.code && i18next.language !== "en") {
    const key = `problem.${error.code}`;
    if (i18next.exists(key)) return i18next.t(key);
  }
  return error instanceof Error ? error.message : String(error);
}

// What went wrong, in words, with the way on.
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert
      icon={<IconAlertCircle />}
      color="red"
      variant="outline"
      title={t("feedback.problem")}
      role="alert"
    >
      <Stack align="flex-start" gap="xs">
        <Text>{wordsOf(error)}</Text>
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            {t("feedback.retry")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

export function tellProblem(error: unknown): void {
  notifications.show({
    color: "red.8",
    closeButtonProps: { "aria-label": i18next.t("feedback.close") },
    icon: <IconAlertCircle />,
    title: i18next.t("feedback.problem"),
    message: wordsOf(error),
    autoClose: 10_000,
  });
}

// It is done; with `undo`, a way back for ten seconds.
export function tellDone(message: string, undo?: () => void): void {
  const id = uuid();
  notifications.show({
    id,
    color: "green.9",
    closeButtonProps: { "aria-label": i18next.t("feedback.close") },
    icon: <IconCheck />,
    autoClose: undo ? 10_000 : 4_000,
    message: undo ? (
      <Stack gap={4} align="flex-start">
        {message}
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => {
            notifications.hide(id);
            undo();
          }}
        >
          {i18next.t("feedback.undo")}
        </Button>
      </Stack>
    ) : (
      message
    ),
  });
}

// Ask before what cannot be undone. The label of the button says what it does.
export function ask(question: {
  title: string;
  text: ReactNode;
  action: string;
  danger?: boolean;
  onYes: () => void;
}): void {
  modals.openConfirmModal({
    title: question.title,
    children: <Text component="div">{question.text}</Text>,
    labels: { confirm: question.action, cancel: i18next.t("ask.cancel") },
    confirmProps: question.danger ? { color: "red.8" } : {},
    onConfirm: question.onYes,
  });
}
