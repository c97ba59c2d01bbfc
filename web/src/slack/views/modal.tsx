// Modals: the one on top of the stack, its fields, what is wrong with them, and what the app did not answer.

import { type FormEvent, type RefObject, useEffect, useRef, useState } from "react";
import * as api from "../api";
import { Blocks } from "../blocks/blocks";
import { Control } from "../blocks/control";
import { Dialog } from "../blocks/dialog";
import { CONTROLS } from "../blocks/elements";
import { OnSurface, useSurface } from "../blocks/surface";
import { Unknown } from "../blocks/unknown";
import { usePage } from "../context";
import { Words, wordsOf } from "../text/render";
import type { Block, Value, Values, View } from "../types";
import { objections, shown, stateOf, submitBody, withValue } from "./form";

export function Modals() {
  const { state } = usePage();
  // What was typed into a modal stays while another one lies on top of it.
  const [typed, setTyped] = useState<Record<string, Values>>({});
  const view = state.stack.at(-1);
  if (!view) return null;
  return (
    <Modal
      key={view.id} view={view} under={state.stack.length - 1} typed={typed[view.id] ?? {}}
      change={(values) => setTyped({ ...typed, [view.id]: values })}
    />
  );
}

interface Props {
  view: View;
  under: number;
  typed: Values;
  change: (values: Values) => void;
}

function Modal({ view, under, typed, change }: Props) {
  const { state, attempt, say } = usePage();
  const [sending, setSending] = useState(false);
  const [own, setOwn] = useState<Record<string, string>>({});
  const errors = { ...view.errors, ...own };
  const form = useRef<HTMLFormElement>(null);
  const close = () => void attempt(api.close(state.me, view.id));
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const found = objections(view, typed);
    setOwn(found);
    if (sending || Object.keys(found).length) return;
    setSending(true);
    try {
      await api.submit(state.me, view.id, submitBody(view, typed));
    } catch (error) {
      // What is wrong with fields comes with the view; anything else has no other place.
      if (!(error instanceof api.Refusal) || error.code !== "invalid_input") say((error as Error).message);
    }
    setSending(false);
  };
  useFirstProblem(form, errors);
  const title = wordsOf(view.title ?? undefined);
  return (
    <Dialog label={title} className="modal" close={close}>
      <form ref={form} noValidate onSubmit={(event) => void send(event)}>
        <header>
          <h2>{title}</h2>
          {under > 0 && <small>on top of {under === 1 ? "another" : `${under} others`}</small>}
          <button type="button" className="close" aria-label="Close" onClick={close}>✕</button>
        </header>
        <div className="fill" tabIndex={-1}>
          <OnSurface spot={{ view_id: view.id }}>
            <Blocks
              blocks={view.blocks}
              held={(block, element) => stateOf(view.state.values, block.block_id, element.action_id ?? "")}
              input={(block) => <Field view={view} block={block} error={errors[block.block_id] ?? ""} typed={typed} change={change} />}
            />
          </OnSurface>
        </div>
        <footer>
          {view.notice && <p className="notice" role="alert">{view.notice}</p>}
          <button type="button" className="button" onClick={close}>{wordsOf(view.close ?? undefined) || (view.submit ? "Cancel" : "Close")}</button>
          {view.submit && (
            <button type="submit" className={`button primary${sending ? " pending" : ""}`} aria-busy={sending}>{wordsOf(view.submit)}</button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}

function useFirstProblem(form: RefObject<HTMLFormElement | null>, errors: Record<string, string>): void {
  const said = Object.keys(errors).join(" ");
  useEffect(() => {
    if (said) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [form, said]);
}

interface FieldProps {
  view: View;
  block: Block;
  error: string;
  typed: Values;
  change: (values: Values) => void;
}

function Field({ view, block, error, typed, change }: FieldProps) {
  const surface = useSurface();
  const { element } = block;
  if (!element) return null;
  if (!CONTROLS.has(element.type)) return <Unknown type={element.type} value={block} />;
  const id = `${view.id}-${block.block_id}`;
  const boxes = element.type === "checkboxes" || element.type === "radio_buttons";
  const Label = boxes ? "span" : "label";
  const tell = (value: Value) => block.dispatch_action && void surface.use(block, element, value);
  const changed = (value: Value) => {
    change(withValue(typed, block.block_id, element.action_id ?? "", value));
    if (!element.type.endsWith("_input")) tell(value);
  };
  const value = shown(view, typed, block.block_id, element);
  const label = wordsOf(block.label);
  return (
    <div className={`block field${error ? " wrong" : ""}`}>
      <Label className="label" {...(boxes ? {} : { htmlFor: id })}>
        <Words of={block.label} />{block.optional && <small> (optional)</small>}
      </Label>
      <Control
        block={block} element={element} value={value} change={changed} label={label} id={id} invalid={Boolean(error)}
        describedBy={error ? `${id}-error` : block.hint ? `${id}-hint` : undefined}
        enter={block.dispatch_action ? () => tell(value) : undefined}
      />
      {error && <p className="error" id={`${id}-error`}><span aria-hidden="true">⚠</span> {error}</p>}
      {block.hint && <small id={`${id}-hint`}><Words of={block.hint} /></small>}
    </div>
  );
}
