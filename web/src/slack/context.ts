// What is handed down to every part of the page.

import { createContext, useContext } from "react";
import type { Action } from "./store/reduce";
import type { State } from "./store/state";

export interface Page {
  state: State;
  dispatch: (action: Action) => void;
  /** Shows a sentence that goes away by itself. */
  say: (sentence: string) => void;
  /** Does something on the server; a refusal is said, and `undefined` comes back. */
  attempt: <T>(doing: Promise<T>) => Promise<T | undefined>;
  /** Opens a channel, and perhaps a thread in it. */
  go: (channel: string, thread?: string | null) => void;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error("This part stands outside of the page.");
  return page;
}
