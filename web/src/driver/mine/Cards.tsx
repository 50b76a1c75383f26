// RFID cards that charge for this driver.
import { IconCreditCard } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, tell } from "../app/api";
import type { Card } from "../app/types";
import { Dialog } from "../ui/Dialog";
import { About, Bones, Button, Field, Note, Problem, Title } from "../ui/parts";
import { Mine } from "./Mine";

export default function Cards() {
  const { t } = useTranslation();
  return (
    <>
      <Title up="/account">{t("account.cards")}</Title>
      <Mine>{() => <List />}</Mine>
    </>
  );
}

function List() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [leaving, setLeaving] = useState<Card | null>(null);
  const cards = useQuery({
    queryKey: ["me", "cards"],
    queryFn: ({ signal }) => ask<{ items: Card[] }>("/cards", { signal }),
  });
  const again = () => cache.invalidateQueries({ queryKey: ["me", "cards"] });
  const unlink = useMutation({
    mutationFn: (card: Card) => tell("DELETE", `/cards/${encodeURIComponent(card.id)}`),
    onSuccess: again,
    onSettled: () => setLeaving(null),
  });
  if (!cards.data)
    return cards.error ? <Problem error={cards.error} retry={() => cards.refetch()} /> : <Bones count={2} />;
  return (
    <>
      {cards.data.items.length === 0 && (
        <Note icon={IconCreditCard}>
          <p>{t("cards.nothing")}</p>
        </Note>
      )}
      <ul className="stack">
        {cards.data.items.map((card) => (
          <li key={card.id} className="card row">
            <IconCreditCard size={26} aria-hidden />
            <span className="grow">
              <bdi className="strong">{card.name || t("cards.card")}</bdi>
              <br />
              <bdi className="code dim">{card.uid}</bdi>
              {!card.active && <span className="dim"> · {t("cards.blocked")}</span>}
            </span>
            <Button kind="plain" onClick={() => setLeaving(card)}>
              {t("cards.unlink")} <About name={card.name || card.uid} />
            </Button>
          </li>
        ))}
      </ul>
      {unlink.error && <Problem error={unlink.error} />}
      <NewCard onDone={again} />
      <Dialog
        open={leaving !== null}
        title={t("cards.unlink_title")}
        action={t("cards.unlink")}
        danger
        busy={unlink.isPending}
        onYes={() => leaving && unlink.mutate(leaving)}
        onNo={() => setLeaving(null)}
      >
        <p>{t("cards.unlink_text")}</p>
      </Dialog>
    </>
  );
}

function NewCard({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const [uid, setUid] = useState("");
  const [name, setName] = useState("");
  const [wrong, setWrong] = useState("");
  const link = useMutation({
    mutationFn: () => tell<Card>("POST", "/cards", { uid: uid.trim(), name: name.trim() }),
    onSuccess: () => {
      setUid("");
      setName("");
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (uid.trim()) link.mutate();
    else setWrong(t("cards.no_number"));
  };
  return (
    <form className="stack" onSubmit={submit} noValidate aria-labelledby="new-card">
      <h2 id="new-card">{t("cards.new")}</h2>
      <Field
        label={t("cards.number")}
        hint={t("cards.number_hint")}
        wrong={wrong}
        dir="ltr"
        maxLength={60}
        autoCapitalize="characters"
        autoComplete="off"
        spellCheck={false}
        value={uid}
        onChange={(event) => {
          setUid(event.target.value);
          setWrong("");
        }}
      />
      <Field
        label={t("cards.name")}
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {link.error && <Problem error={link.error} />}
      <Button type="submit" kind="main" size="wide" busy={link.isPending}>
        {t("cards.link")}
      </Button>
    </form>
  );
}
