// Everything that is one's own, and whom to call.
import {
  IconBell,
  IconCalendarTime,
  IconCreditCard,
  IconFileText,
  IconFingerprint,
  IconLanguage,
  IconLogout,
  IconMail,
  IconPhone,
  IconTrash,
  IconUser,
  type TablerIcon,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { signedOut, tell, useMe, useSite } from "../app/api";
import { go, Link } from "../app/router";
import { Dialog } from "../ui/Dialog";
import { Bones, Button, Note, Problem, Title } from "../ui/parts";
import { InstallMe } from "./InstallMe";

export default function Account() {
  const { t } = useTranslation();
  const me = useMe();
  const { data: site } = useSite();
  const who = me.data;
  const own = who && !who.guest;
  const legal = site?.branding.legal;
  return (
    <>
      <Title>{t("account.title")}</Title>
      {who === undefined ? (
        me.error ? (
          <Problem error={me.error} retry={() => me.refetch()} />
        ) : (
          <Bones count={1} height={4} />
        )
      ) : own ? (
        <p>
          <bdi className="strong big">{who.name || who.email}</bdi>
          {who.name && (
            <>
              <br />
              <bdi className="dim">{who.email}</bdi>
            </>
          )}
        </p>
      ) : (
        <Note icon={IconUser}>
          <p>{t(who ? "account.guest" : "account.nobody")}</p>
          <div>
            <Link to="/sign-in?then=/account" className="button main">
              {t("place.sign_in")}
            </Link>
          </div>
        </Note>
      )}
      <nav aria-label={t("account.title")}>
        <ul className="menu">
          {own && (
            <>
              <Item to="/account/profile" icon={IconUser} words={t("account.profile")} />
              <Item to="/account/cards" icon={IconCreditCard} words={t("account.cards")} />
              <Item to="/reservations" icon={IconCalendarTime} words={t("account.reservations")} />
              <Item to="/account/passkeys" icon={IconFingerprint} words={t("account.passkeys")} />
            </>
          )}
          {who && <Item to="/account/notices" icon={IconBell} words={t("account.notices")} />}
          <Item to="/account/language" icon={IconLanguage} words={t("account.language")} />
        </ul>
      </nav>
      <InstallMe />
      {(site?.branding.support_phone || site?.branding.support_email) && (
        <section className="stack tight" aria-labelledby="help">
          <h2 id="help">{t("account.help")}</h2>
          {site.branding.support_phone && (
            <a className="button" href={`tel:${site.branding.support_phone.replace(/[^\d+]/g, "")}`}>
              <IconPhone size={22} aria-hidden /> <bdi dir="ltr">{site.branding.support_phone}</bdi>
            </a>
          )}
          {site.branding.support_email && (
            <a className="button" href={`mailto:${site.branding.support_email}`}>
              <IconMail size={22} aria-hidden /> <bdi>{site.branding.support_email}</bdi>
            </a>
          )}
        </section>
      )}
      <ul className="menu">
        {(["imprint", "privacy", "terms"] as const)
          .filter((kind) => Object.keys(legal?.[kind] ?? {}).length > 0)
          .map((kind) => (
            <Item key={kind} to={`/legal/${kind}`} icon={IconFileText} words={t(`legal.${kind}`)} />
          ))}
      </ul>
      {who && <Leave guest={who.guest} />}
    </>
  );
}

function Item({ to, icon: Shape, words }: { to: string; icon: TablerIcon; words: ReactNode }) {
  return (
    <li>
      <Link to={to}>
        <Shape size={24} aria-hidden /> {words}
      </Link>
    </li>
  );
}

function Leave({ guest }: { guest: boolean }) {
  const { t } = useTranslation();
  const [erasing, setErasing] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const done = () => {
    signedOut();
    go("/");
  };
  const leave = useMutation({ mutationFn: () => tell("POST", "/sign-out"), onSuccess: done });
  const erase = useMutation({
    mutationFn: () => tell("DELETE", "/me"),
    onSuccess: done,
    onSettled: () => setErasing(false),
  });
  const error = leave.error ?? erase.error;
  return (
    <section className="stack tight" aria-label={t("account.leave")}>
      {error && <Problem error={error} />}
      <Button busy={leave.isPending} onClick={() => (guest ? setLeaving(true) : leave.mutate())}>
        <IconLogout size={22} className="flip" aria-hidden /> {t("account.sign_out")}
      </Button>
      <Button kind="plain" className="warns" onClick={() => setErasing(true)}>
        <IconTrash size={22} aria-hidden /> {t("account.erase")}
      </Button>
      <Dialog
        open={leaving}
        title={t("account.sign_out")}
        action={t("account.sign_out")}
        busy={leave.isPending}
        onYes={() => leave.mutate()}
        onNo={() => setLeaving(false)}
      >
        <p>{t("account.guest_leaves")}</p>
      </Dialog>
      <Dialog
        open={erasing}
        title={t("account.erase_title")}
        action={t("account.erase_yes")}
        danger
        busy={erase.isPending}
        onYes={() => erase.mutate()}
        onNo={() => setErasing(false)}
      >
        <p>{t("account.erase_text")}</p>
      </Dialog>
    </section>
  );
}
