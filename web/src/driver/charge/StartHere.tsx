// The button to start, for guests with what they agree to.
import { IconBolt } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { noteSession, signedIn, tell, useMe, useRunning, useSite } from "../app/api";
import { go, Link } from "../app/router";
import type { DriverSession, Me } from "../app/types";
import { Button, Problem } from "../ui/parts";

interface Props {
  code: string;
  connector?: number;
  can: boolean;
  why: string;
}

export function StartHere({ code, connector, can, why }: Props) {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  const { data: me } = useMe();
  const { data: site } = useSite();
  const { data: running } = useRunning();
  const [agreed, setAgreed] = useState(false);
  const [missing, setMissing] = useState(false);
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  const signIn = `/sign-in?then=${encodeURIComponent(`/at/${code}`)}`;
  const guests = site?.guests ?? true;
  const terms = Object.keys(site?.branding.legal.terms ?? {}).length > 0;
  const privacy = Object.keys(site?.branding.legal.privacy ?? {}).length > 0;
  const must = !me && (terms || privacy);
  const start = useMutation({
    mutationFn: async () => {
      if (!me) signedIn(await tell<Me>("POST", "/guest", { language: i18n.language }));
      return tell<DriverSession>("POST", "/sessions", { code, connector });
    },
    onSuccess: (session) => {
      noteSession(session);
      go(`/session/${session.id}`, { replace: true });
    },
    onError: () => cache.invalidateQueries({ queryKey: ["evse", code] }),
  });
  useEffect(() => {
    if (missing) box.current?.focus();
  }, [missing]);
  if (why === "no_guests" || (!me && !guests))
    return (
      <div className="reach">
        <Link to={signIn} className="button main huge">
          {t("charger.sign_in_to_start")}
        </Link>
      </div>
    );
  const press = () => {
    if (must && !agreed) setMissing(true);
    else start.mutate();
  };
  return (
    <>
      {start.error && <Problem error={start.error} />}
      {must && can && (
        <div className="field">
          <div className="check">
            <input
              ref={box}
              id={id}
              type="checkbox"
              checked={agreed}
              aria-invalid={missing || undefined}
              aria-describedby={missing ? `${id}-missing` : undefined}
              onChange={(event) => {
                setAgreed(event.target.checked);
                setMissing(false);
              }}
            />
            <label htmlFor={id} style={{ fontWeight: 400 }}>
              <Trans
                i18nKey={
                  terms && privacy
                    ? "charger.agree_both"
                    : terms
                      ? "charger.agree_terms"
                      : "charger.agree_privacy"
                }
                components={{ terms: <Link to="/legal/terms" />, privacy: <Link to="/legal/privacy" /> }}
              />
            </label>
          </div>
          {missing && (
            <p id={`${id}-missing`} className="wrong" role="alert">
              {t("charger.agree_first")}
            </p>
          )}
        </div>
      )}
      <div className={running ? "reach over-banner" : "reach"}>
        <Button kind="main" size="huge" disabled={!can} busy={start.isPending} onClick={press}>
          <IconBolt size={30} aria-hidden /> {t("charger.start")}
        </Button>
        {(!me || me.guest) && (
          <p className="small row wrap" style={{ justifyContent: "center", gap: "0 0.4rem" }}>
            {t("charger.as_guest")}
            <Link to={signIn} className="button plain">
              {t("charger.or_sign_in")}
            </Link>
          </p>
        )}
      </div>
    </>
  );
}
