// What the law wants said, in the operator's own words.
import { useTranslation } from "react-i18next";
import { useSite } from "../app/api";
import { Bones, Note, Problem, Title } from "../ui/parts";

const KINDS = ["imprint", "privacy", "terms"] as const;
type Kind = (typeof KINDS)[number];

export default function Legal({ kind }: { kind: string }) {
  const { t, i18n } = useTranslation();
  const site = useSite();
  const known: Kind = KINDS.find((each) => each === kind) ?? "imprint";
  const texts = site.data?.branding.legal[known] ?? {};
  const language = [i18n.language, "en", ...Object.keys(texts)].find((each) => texts[each]);
  return (
    <>
      <Title up="/account">{t(`legal.${known}`)}</Title>
      {!site.data ? (
        site.error ? (
          <Problem error={site.error} retry={() => site.refetch()} />
        ) : (
          <Bones />
        )
      ) : language ? (
        <div lang={language} className="stack" dir="auto">
          {texts[language]!.split(/\n\s*\n/).map((paragraph, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change its order
            <p key={at} className="pre">
              {paragraph}
            </p>
          ))}
        </div>
      ) : (
        <Note>
          <p>{t("legal.none")}</p>
        </Note>
      )}
    </>
  );
}
