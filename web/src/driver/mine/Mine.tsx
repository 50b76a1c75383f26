// What only somebody with an account has.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../app/api";
import { Link } from "../app/router";
import type { Me } from "../app/types";
import { Bones, Note, Problem } from "../ui/parts";

export function Mine({ guests, children }: { guests?: boolean; children: (me: Me) => ReactNode }) {
  const { t } = useTranslation();
  const me = useMe();
  if (me.data && (guests || !me.data.guest)) return children(me.data);
  if (me.data === undefined)
    return me.error ? <Problem error={me.error} retry={() => me.refetch()} /> : <Bones count={2} />;
  const here = location.pathname.replace(/^\/charge/, "") + location.search;
  return (
    <Note>
      <p>{t("account.only_signed_in")}</p>
      <div>
        <Link to={`/sign-in?then=${encodeURIComponent(here)}`} className="button main">
          {t("place.sign_in")}
        </Link>
      </div>
    </Note>
  );
}
