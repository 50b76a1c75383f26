// Before what would let a thief of the session stay, the password is asked once more.

import { ApiProblem } from "@kit/api/client";
import { Problem, tellProblem } from "@kit/ui/feedback";
import { uuid } from "@kit/uuid";
import { Button, Group, PasswordInput, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useMutation } from "@tanstack/react-query";
import i18next from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Form } from "./Form";

type Act = (password: string) => Promise<unknown>;

interface Question {
  title: string;
  text: string;
  action: string;
  danger?: boolean;
  act: Act;
}

function PasswordQuestion({ question, close }: { question: Question; close: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const go = useMutation({ mutationFn: () => question.act(password), onSuccess: close });
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        go.mutate();
      }}
    >
      <Text>{question.text}</Text>
      {go.error && <Problem error={go.error} />}
      <PasswordInput
        label={t("me.current_password")}
        autoComplete="current-password"
        data-autofocus
        value={password}
        visibilityToggleButtonProps={{ "aria-label": t("sign_in.show_password") }}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          {t("ask.cancel")}
        </Button>
        <Button type="submit" color={question.danger ? "red.8" : undefined} loading={go.isPending}>
          {question.action}
        </Button>
      </Group>
    </Form>
  );
}

// Asks for the password, then acts with it.
export function askPassword(question: Question): void {
  const id = uuid();
  modals.open({
    modalId: id,
    title: question.title,
    children: <PasswordQuestion question={question} close={() => modals.close(id)} />,
  });
}

// Acts at once where that is enough, and asks for the password where the server wants it.
export async function actOrAskPassword(question: Omit<Question, "text">): Promise<void> {
  try {
    await question.act("");
  } catch (error) {
    if (error instanceof ApiProblem && error.code === "password_needed")
      askPassword({ ...question, text: i18next.t("me.password_once_more") });
    else tellProblem(error);
  }
}
