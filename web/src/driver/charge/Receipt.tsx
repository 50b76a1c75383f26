// What a session was: to be printed, shared or saved.

import { useFormats } from "@kit/formats";
import { IconDownload, IconPrinter, IconShare } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask, useMe, useSite } from "../app/api";
import { Link } from "../app/router";
import type { Receipt as ReceiptOf } from "../app/types";
import { MailForm } from "../mine/MailForm";
import { Bones, Button, Facts, Note, Problem, Title } from "../ui/parts";

export default function Receipt({ id }: { id: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { data: me } = useMe();
  const { data: site } = useSite();
  const address = `/sessions/${encodeURIComponent(id)}/receipt`;
  const receipt = useQuery({
    queryKey: ["receipt", id],
    queryFn: ({ signal }) => ask<ReceiptOf>(address, { signal }),
    enabled: Boolean(me),
  });
  const it = receipt.data;
  if (!it)
    return (
      <>
        <Title up="/history">{t("receipt.title")}</Title>
        {me === null ? (
          <Note>
            <p>{t("receipt.sign_in")}</p>
            <Link to={`/sign-in?then=${encodeURIComponent(`/receipt/${id}`)}`}>{t("place.sign_in")}</Link>
          </Note>
        ) : receipt.error ? (
          <Problem error={receipt.error} retry={() => receipt.refetch()} />
        ) : (
          <Bones count={2} height={9} />
        )}
      </>
    );
  const zone = it.time_zone;
  const exact = (wattHours: number) => `${formats.number(wattHours / 1000, 3)}\u202fkWh`;
  const facts: [string, string | undefined][] = [
    [t("receipt.number"), String(it.number)],
    [t("receipt.seller"), it.organisation],
    [t("receipt.place"), [it.place.name, it.place.address].filter(Boolean).join(", ")],
    [t("receipt.evse"), it.evse_code],
    [t("receipt.began"), formats.dateTime(it.started_at, { zone })],
    [t("receipt.ended"), formats.dateTime(it.ended_at, { zone })],
    [t("charging.time"), formats.duration(it.duration_s)],
    [t("receipt.idle"), it.idle_s >= 60 ? formats.duration(it.idle_s) : undefined],
    [t("receipt.meter_start"), it.meter_start_wh == null ? undefined : exact(it.meter_start_wh)],
    [t("receipt.meter_stop"), it.meter_stop_wh == null ? undefined : exact(it.meter_stop_wh)],
    [t("receipt.token"), it.token],
  ];
  const text = `${it.organisation}: ${it.place.name}, ${formats.dateTime(it.started_at, { zone })}, ${exact(it.energy_wh)}${it.cost ? `, ${it.cost.text}` : ""}`;
  return (
    <>
      <Title up="/history">{t("receipt.title")}</Title>
      <section className="paper stack" aria-label={t("receipt.title")}>
        <dl className="figures">
          <div className="figure">
            <dt>{t("charging.energy")}</dt>
            <dd>
              <bdi>{exact(it.energy_wh)}</bdi>
            </dd>
          </div>
          {it.cost && (
            <div className="figure">
              <dt>{t("charging.cost")}</dt>
              <dd>
                <bdi>{it.cost.text}</bdi>
              </dd>
            </div>
          )}
        </dl>
        <Facts facts={facts.map(([name, value]) => [name, value && <bdi key={name}>{value}</bdi>])} />
        <p className="dim small">{t("receipt.zone", { zone: zone.replaceAll("_", " ") })}</p>
        {!it.certain && (
          <Note kind="warns">
            <p>{t("receipt.uncertain")}</p>
          </Note>
        )}
      </section>
      <div className="row wrap no-print">
        {"share" in navigator && (
          <Button
            className="grow"
            onClick={() => navigator.share({ title: t("receipt.title"), text }).catch(() => undefined)}
          >
            <IconShare size={22} aria-hidden /> {t("receipt.share")}
          </Button>
        )}
        <Button className="grow" onClick={() => print()}>
          <IconPrinter size={22} aria-hidden /> {t("receipt.print")}
        </Button>
        <Button className="grow" onClick={() => save(address, it.number)}>
          <IconDownload size={22} aria-hidden /> {t("receipt.save")}
        </Button>
      </div>
      {me?.guest && site?.mail && (
        <section className="stack no-print" aria-labelledby="keep">
          <h2 id="keep">{t("receipt.keep")}</h2>
          <p>{t("receipt.keep_text")}</p>
          <MailForm />
        </section>
      )}
    </>
  );
}

// The page to print, as a file: it opens everywhere and needs no network.
async function save(address: string, number: number): Promise<void> {
  const answer = await fetch(`/driver/v1${address}`, {
    headers: { Accept: "text/html", "Accept-Language": document.documentElement.lang },
  });
  if (!answer.ok) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `${number}.html`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
