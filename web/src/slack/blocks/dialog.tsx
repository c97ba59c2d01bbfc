// Dialogs: the browser's own element keeps the focus inside and the rest of the page quiet.

import { type ReactNode, useEffect, useRef } from "react";
import { Words } from "../text/render";
import type { Confirm } from "../types";

interface Props {
  label: string;
  className?: string;
  close: () => void;
  children: ReactNode;
}

export function Dialog({ label, className = "", close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>("input, textarea, select")?.focus();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault(); // what is open is the server's to say
        close();
      }}
    >
      {children}
    </dialog>
  );
}

export function ConfirmDialog({ confirm, answer }: { confirm: Confirm; answer: (yes: boolean) => void }) {
  return (
    <Dialog label={confirm.title.text} className="confirm" close={() => answer(false)}>
      <h2><Words of={confirm.title} /></h2>
      <p><Words of={confirm.text} /></p>
      <div className="buttons">
        <button type="button" className="button" onClick={() => answer(false)}><Words of={confirm.deny} /></button>
        <button type="button" className={`button ${confirm.style === "danger" ? "danger solid" : "primary"}`} onClick={() => answer(true)}>
          <Words of={confirm.confirm} />
        </button>
      </div>
    </Dialog>
  );
}
