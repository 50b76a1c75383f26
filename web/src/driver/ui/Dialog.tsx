// A question before what cannot be undone.
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./parts";

interface Props {
  open: boolean;
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  busy?: boolean;
  onYes: () => void;
  onNo: () => void;
}

export function Dialog({ open, title, children, action, danger, busy, onYes, onNo }: Props) {
  const { t } = useTranslation();
  const place = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = place.current;
    if (open && !dialog?.open) dialog?.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={place} aria-labelledby={id} onClose={onNo}>
      {open && (
        <div className="stack">
          <h2 id={id}>{title}</h2>
          <div>{children}</div>
          <Button kind={danger ? "danger" : "main"} size="wide" busy={busy} onClick={onYes}>
            {action}
          </Button>
          <Button size="wide" onClick={onNo}>
            {t("app.cancel")}
          </Button>
        </div>
      )}
    </dialog>
  );
}
