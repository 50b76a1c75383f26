// The language of the app, and of letters and messages.
import { languages, speak } from "@kit/i18n";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { tell, useMe } from "../app/api";
import { Title } from "../ui/parts";

export default function Language() {
  const { t, i18n } = useTranslation();
  const { data: me } = useMe();
  const choose = useMutation({
    mutationFn: async (code: string) => {
      await speak(code);
      // The page speaks it already; that letters do too can wait for a network.
      if (me) await tell("PATCH", "/me", { language: code }).catch(() => undefined);
    },
  });
  return (
    <>
      <Title up="/account">{t("account.language")}</Title>
      <fieldset className="stack">
        <legend className="unseen">{t("account.language")}</legend>
        {languages().map((language) => (
          <label key={language.code} className="card check" style={{ alignItems: "center" }}>
            <input
              type="radio"
              name="language"
              checked={i18n.language === language.code}
              onChange={() => choose.mutate(language.code)}
            />
            <span lang={language.code} dir={language.direction}>
              {language.name}
            </span>
          </label>
        ))}
      </fieldset>
    </>
  );
}
