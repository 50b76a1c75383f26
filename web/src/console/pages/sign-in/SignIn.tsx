// Signing in: by password, by passkey, by a provider; and the second step where there is one.
import { Alert } from "@mantine/core";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Me } from "../../session";
import { Entrance } from "./Entrance";
import { type Answer, isTicket, type Ticket, type Way, welcome } from "./entering";
import { FirstStep } from "./FirstStep";
import { fragment, safeReturn } from "./returning";
import { SecondStep } from "./SecondStep";

// A provider of single sign-on brought somebody back who has a second factor here.
function broughtBack(): Ticket | undefined {
  const told = fragment();
  const ticket = told.get("ticket");
  if (!ticket) return undefined;
  const ways = (told.get("ways") ?? "totp").split(",") as Way[];
  return { ticket, ways, expires_at: "" };
}

const KNOWN_PROBLEMS = [
  "expired",
  "other_browser",
  "cancelled",
  "not_verified",
  "not_allowed",
  "unknown_person",
  "provider_wrong",
  "unreachable",
];

export default function SignIn() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const router = useRouter();
  const [asked] = useState(() => new URLSearchParams(window.location.search));
  const [returnTo] = useState(() => safeReturn(asked.get("return_to") ?? fragment().get("return_to")));
  const [ticket, setTicket] = useState<Ticket | undefined>(broughtBack);
  const problem = asked.get("problem");

  const enter = async (me: Me) => {
    await welcome(me);
    if (me.must_change_password) await navigate({ to: "/set-up" as "/" });
    else if (me.second_factor_required) await navigate({ to: "/second-factor" as "/" });
    else router.history.replace(returnTo);
  };
  const answered = (answer: Answer) => (isTicket(answer) ? setTicket(answer) : enter(answer));

  return (
    <Entrance
      title={ticket ? t("sign_in.second_title") : t("sign_in.title")}
      subtitle={asked.has("ended") && !ticket ? t("sign_in.ended") : undefined}
    >
      {problem && !ticket && (
        <Alert color="red" variant="outline" role="alert" title={t("sign_in.problem")}>
          {t(`sign_in.problem_${KNOWN_PROBLEMS.includes(problem) ? problem : "other"}`)}
        </Alert>
      )}
      {ticket ? (
        <SecondStep ticket={ticket} onDone={enter} onBack={() => setTicket(undefined)} />
      ) : (
        <FirstStep returnTo={returnTo} onAnswer={answered} />
      )}
    </Entrance>
  );
}
