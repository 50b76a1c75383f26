// The parts that pages are made of.
import { IconAlertTriangleFilled, IconArrowLeft, IconInfoCircle, type TablerIcon } from "@tabler/icons-react";
import { type ButtonHTMLAttributes, type InputHTMLAttributes, type ReactNode, useEffect, useId } from "react";
import { useTranslation } from "react-i18next";
import { wordsOf } from "../app/api";
import { brand } from "../app/brand";
import { back } from "../app/router";

export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · ${brand.product_name}` : brand.product_name;
  }, [title]);
}

// A page's head: the way back, and what it is.
export function Title({ children, up }: { children: string; up?: string }) {
  const { t } = useTranslation();
  useTitle(children);
  return (
    <div>
      {up !== undefined && (
        <button type="button" className="back no-print" onClick={() => back(up)}>
          <IconArrowLeft size={20} className="flip" aria-hidden /> {t("app.back")}
        </button>
      )}
      <h1>{children}</h1>
    </div>
  );
}

type Kind = "main" | "danger" | "plain" | "usual";

export function Button({
  kind = "usual",
  size = "",
  busy,
  className = "",
  children,
  disabled,
  ...more
}: {
  kind?: Kind;
  size?: "" | "huge" | "wide";
  busy?: boolean;
} & ButtonHTMLAttributes<HTMLButtonElement>) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      className={`button ${kind} ${size} ${className}`}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...more}
    >
      {busy ? t("app.moment") : children}
    </button>
  );
}

export function Field({
  label,
  hint,
  wrong,
  ...more
}: { label: string; hint?: string; wrong?: string } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-describedby={`${id}-hint`} aria-invalid={wrong ? true : undefined} {...more} />
      <div id={`${id}-hint`} className={wrong ? "wrong" : "dim small"} role={wrong ? "alert" : undefined}>
        {wrong ?? hint}
      </div>
    </div>
  );
}

export function Note({
  kind = "",
  icon: Shape = IconInfoCircle,
  role,
  children,
}: {
  kind?: "" | "warns" | "wrong";
  icon?: TablerIcon;
  role?: string;
  children: ReactNode;
}) {
  return (
    <div className={`note ${kind}`} role={role}>
      <Shape size={24} aria-hidden />
      <div className="stack tight grow">{children}</div>
    </div>
  );
}

export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <Note kind="wrong" icon={IconAlertTriangleFilled} role="alert">
      <p>{wordsOf(error)}</p>
      {retry && (
        <div>
          <Button onClick={retry}>{t("app.retry")}</Button>
        </div>
      )}
    </Note>
  );
}

// Shapes of what is about to come.
export function Bones({ count = 3, height = 5 }: { count?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <div className="stack" role="status" aria-label={t("app.loading")}>
      {Array.from({ length: count }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={at} className="bones" style={{ height: `${height}rem` }} />
      ))}
    </div>
  );
}

export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== "")
        .map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

// What a button among many alike is about, for who hears it.
export function About({ name }: { name: string }) {
  return <span className="unseen">{name}</span>;
}
