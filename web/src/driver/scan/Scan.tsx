// To a charger by its code: seen by the camera, or typed.
import { IconQrcode } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { go } from "../app/router";
import { Button, Field, Title } from "../ui/parts";
import { Camera } from "./Camera";
import { codeOf } from "./code";

export default function Scan() {
  const { t } = useTranslation();
  const [camera, setCamera] = useState(false);
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const open = (read: string): boolean => {
    const code = codeOf(read);
    if (code) go(`/at/${encodeURIComponent(code)}`);
    return code !== null;
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!open(text)) setWrong(t("scan.no_code"));
  };
  return (
    <>
      <Title>{t("scan.title")}</Title>
      {camera ? (
        <Camera onRead={open} onClose={() => setCamera(false)} />
      ) : (
        <>
          <p>{t("scan.how")}</p>
          <Button kind="main" size="huge" onClick={() => setCamera(true)}>
            <IconQrcode size={30} aria-hidden /> {t("scan.with_camera")}
          </Button>
        </>
      )}
      <form className="stack" onSubmit={submit} noValidate>
        <Field
          label={t("scan.type")}
          hint={t("scan.hint")}
          wrong={wrong}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setWrong("");
          }}
          dir="ltr"
          autoCapitalize="characters"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="go"
          className="code"
        />
        <Button type="submit" size="wide">
          {t("scan.go")}
        </Button>
      </form>
    </>
  );
}
