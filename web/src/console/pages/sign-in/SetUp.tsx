// The first minutes: a password of one's own in place of the one-time one, and on the very first run the
// organisation's name, a second factor and the first charger.
import { Lines } from "@kit/ui/feedback";
import { Stepper } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Navigate, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { meQuery } from "../../session";
import { FactorChoice } from "../me/FactorChoice";
import { Entrance } from "./Entrance";
import { SetUpCharger, SetUpOrganisation, SetUpPassword } from "./SetUpSteps";

export default function SetUp() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: me, error, isPending } = useQuery(meQuery);
  const [step, setStep] = useState(0);
  // Whoever set up the installation itself is asked more than somebody who joins.
  const first = Boolean(me?.host) && me?.role === "owner";
  const leave = () => navigate({ to: "/" });
  if (error) return <Navigate to={"/sign-in" as "/"} />;
  if (isPending || !me) return <Lines />;
  if (step === 0 && !me.must_change_password) return <Navigate to="/" />;
  const steps = first
    ? (["password", "organisation", "factor", "charger"] as const)
    : (["password", "factor"] as const);
  const here = steps[step] ?? "password";
  return (
    <Entrance wide title={t(`set_up.${here}_title`)} subtitle={t(`set_up.${here}_text`, { name: me.name })}>
      <Stepper
        active={step}
        size="xs"
        iconSize={28}
        aria-label={t("set_up.progress", { step: step + 1, of: steps.length })}
      >
        {steps.map((name) => (
          <Stepper.Step key={name} label={t(`set_up.${name}`)} allowStepSelect={false} tabIndex={-1} />
        ))}
      </Stepper>
      {here === "password" && <SetUpPassword login={me.login} onDone={() => setStep(1)} />}
      {here === "organisation" && <SetUpOrganisation onDone={() => setStep(2)} />}
      {here === "factor" && (
        <FactorChoice
          onDone={() => (first ? setStep(step + 1) : leave())}
          onSkip={() => (first ? setStep(step + 1) : leave())}
        />
      )}
      {here === "charger" && <SetUpCharger />}
    </Entrance>
  );
}
