// The frame of the app: whose it is, the page, the session under way, and the way to everything else.

import { useFormats } from "@kit/formats";
import { IconBolt, IconHistory, IconMapPin, IconQrcode, IconUser, IconWifiOff } from "@tabler/icons-react";
import { type ReactNode, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Find } from "../find/Find";
import { Bones, Button, Note, Title } from "../ui/parts";
import { useReached, useRunning } from "./api";
import { brand } from "./brand";
import { part } from "./part";
import { fits, Link, usePath } from "./router";
import { useUpdate } from "./update";

type Pages = [pattern: string, show: (parts: Record<string, string>) => ReactNode][];

const Place = part<{ id: string }>(() => import("../place/Place"));
const Scan = part(() => import("../scan/Scan"));
const Charger = part<{ code: string }>(() => import("../charge/Charger"));
const Charging = part<{ id: string }>(() => import("../charge/Charging"));
const Receipt = part<{ id: string }>(() => import("../charge/Receipt"));
const History = part(() => import("../mine/History"));
const Account = part(() => import("../mine/Account"));
const SignIn = part(() => import("../mine/SignIn"));
const Profile = part(() => import("../mine/Profile"));
const Cards = part(() => import("../mine/Cards"));
const Passkeys = part(() => import("../mine/Passkeys"));
const Notices = part(() => import("../mine/Notices"));
const Language = part(() => import("../mine/Language"));
const Reservations = part(() => import("../mine/Reservations"));
const Legal = part<{ kind: string }>(() => import("../mine/Legal"));

export const PAGES: Pages = [
  ["/", () => <Find />],
  ["/place/:id", ({ id = "" }) => <Place key={id} id={id} />],
  ["/scan", () => <Scan />],
  ["/at/:code", ({ code = "" }) => <Charger key={code} code={code} />],
  ["/session/:id", ({ id = "" }) => <Charging key={id} id={id} />],
  ["/receipt/:id", ({ id = "" }) => <Receipt key={id} id={id} />],
  ["/history", () => <History />],
  ["/account", () => <Account />],
  ["/account/profile", () => <Profile />],
  ["/account/cards", () => <Cards />],
  ["/account/passkeys", () => <Passkeys />],
  ["/account/notices", () => <Notices />],
  ["/account/language", () => <Language />],
  ["/reservations", () => <Reservations />],
  ["/sign-in", () => <SignIn />],
  ["/legal/:kind", ({ kind = "" }) => <Legal kind={kind} />],
];

function shown(path: string): ReactNode {
  for (const [pattern, show] of PAGES) {
    const parts = fits(pattern, path);
    if (parts) return show(parts);
  }
  return <NoPage />;
}

function NoPage() {
  const { t } = useTranslation();
  return (
    <>
      <Title>{t("app.no_page")}</Title>
      <Note>
        <Link to="/">{t("find.title")}</Link>
      </Note>
    </>
  );
}

export function App() {
  const { t } = useTranslation();
  const path = usePath();
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);
  useEffect(() => {
    // Who hears the page instead of seeing it begins at its top.
    if (before.current !== path) main.current?.focus({ preventScroll: true });
    before.current = path;
  }, [path]);
  return (
    <div className="app">
      <a className="unseen skip" href="#main">
        {t("app.skip")}
      </a>
      <Head />
      <Strips />
      <main id="main" ref={main} tabIndex={-1}>
        <Suspense fallback={<Bones count={3} />}>{shown(path)}</Suspense>
      </main>
      <footer className="foot">
        <Running path={path} />
        <Nav path={path} />
      </footer>
    </div>
  );
}

function Head() {
  return (
    <header className="head">
      <Link to="/" className="name">
        {brand.logo_url ? (
          <picture>
            {brand.dark_logo_url && (
              <source srcSet={brand.dark_logo_url} media="(prefers-color-scheme: dark)" />
            )}
            <img src={brand.logo_url} alt={brand.product_name} />
          </picture>
        ) : (
          <>
            <img src="/charge/icon.svg" alt="" style={{ borderRadius: "0.5rem" }} />
            <span>{brand.product_name}</span>
          </>
        )}
      </Link>
    </header>
  );
}

function Strips() {
  const { t } = useTranslation();
  const reached = useReached();
  const reload = useUpdate();
  return (
    <div aria-live="polite">
      {!reached && (
        <div className="strip">
          <span className="row">
            <IconWifiOff size={20} aria-hidden /> {t("app.offline")}
          </span>
        </div>
      )}
      {reload && (
        <div className="strip">
          <span>{t("app.newer")}</span>
          <Button onClick={reload}>{t("app.reload")}</Button>
        </div>
      )}
    </div>
  );
}

function Running({ path }: { path: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { data: session } = useRunning();
  if (!session || path === `/session/${session.id}`) return null;
  return (
    <Link to={`/session/${session.id}`} className="running">
      <IconBolt size={26} aria-hidden />
      <span className="grow">
        {t(`session_state.${session.state}`)}
        <small>
          <bdi>{session.place.name}</bdi>
        </small>
      </span>
      <bdi>{formats.energy(session.energy_wh)}</bdi>
    </Link>
  );
}

const NAV = [
  { to: "/", words: "nav.find", icon: IconMapPin, under: /^\/(place|$)/ },
  { to: "/scan", words: "nav.scan", icon: IconQrcode, under: /^\/(scan|at\/)/ },
  { to: "/history", words: "nav.history", icon: IconHistory, under: /^\/(history|receipt|session)/ },
  { to: "/account", words: "nav.account", icon: IconUser, under: /^\/(account|reservations|sign-in|legal)/ },
] as const;

function Nav({ path }: { path: string }) {
  const { t } = useTranslation();
  return (
    <nav className="nav" aria-label={t("nav.label")}>
      {NAV.map(({ to, words, icon: Shape, under }) => (
        <Link key={to} to={to} aria-current={under.test(path) ? "page" : undefined}>
          <Shape size={26} aria-hidden />
          {t(words)}
        </Link>
      ))}
    </nav>
  );
}
