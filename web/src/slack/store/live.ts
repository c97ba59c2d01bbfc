// The page's link to the server: the stream, and loading everything again where it has a gap.

import { useEffect, useReducer } from "react";
import * as api from "../api";
import { type Action, reduce, type Snapshot, type StreamEvent } from "./reduce";
import { empty, type State } from "./state";
import type { Clock } from "../types";

const NAMES: StreamEvent["name"][] = [
  "message", "changed", "deleted", "ephemeral", "ephemeral_gone", "views", "home", "channel", "status",
  "notification", "mark", "call", "envelope", "connections", "clock",
];

export async function snapshot(me: string): Promise<Snapshot> {
  const [people, channels, views, pings] = await Promise.all([
    api.people(), api.channels(me), api.views(me), api.pings(me),
  ]);
  const messages = await Promise.all(channels.map((one) => api.messages(me, one.id)));
  return {
    people,
    channels,
    messages: Object.fromEntries(channels.map((one, place) => [one.id, messages[place] ?? []])),
    stack: views.stack,
    home: views.home,
    pings,
  };
}

/** Follows the workspace as `me`; what happens while everything is loaded is told after it. */
function follow(me: string, dispatch: (action: Action) => void): () => void {
  const source = new EventSource(`/devslack/stream?${new URLSearchParams({ as: me })}`);
  let queued: StreamEvent[] | null = null;
  let turn = 0;
  const tell = (event: StreamEvent) => {
    if (queued) queued.push(event);
    else dispatch({ type: "event", event });
  };
  const load = async () => {
    const mine = ++turn;
    queued = [];
    try {
      const found = await snapshot(me);
      if (mine !== turn) return;
      dispatch({ type: "loaded", snapshot: found });
      const late: StreamEvent[] = queued;
      queued = null;
      for (const event of late) dispatch({ type: "event", event });
    } catch (error) {
      if (mine === turn) dispatch({ type: "failed", problem: (error as Error).message });
    }
  };
  const data = (event: Event) => JSON.parse((event as MessageEvent<string>).data) as never;
  source.addEventListener("hello", (event) => {
    const hello: { fresh: boolean; connections: number; clock: Clock } = data(event);
    dispatch({ type: "lost", lost: false });
    dispatch({ type: "event", event: { name: "hello", data: hello } });
    if (hello.fresh) void load();
  });
  source.addEventListener("reset", () => void load());
  source.addEventListener("people", () => {
    // Where this fails the server is gone, and everything is loaded again when it comes back.
    void api.people().then((people) => dispatch({ type: "people", people }), () => undefined);
  });
  for (const name of NAMES) source.addEventListener(name, (event) => tell({ name, data: data(event) }));
  source.onerror = () => dispatch({ type: "lost", lost: true });
  return () => {
    turn += 1;
    source.close();
  };
}

const markerKey = (me: string) => `devslack-read-${me}`;

function markers(me: string): Record<string, string> {
  try {
    return JSON.parse(window.localStorage.getItem(markerKey(me)) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

/** The workspace as `me` sees it, always up to date. */
export function useWorkspace(me: string): [State, (action: Action) => void] {
  const [state, dispatch] = useReducer(reduce, me, empty);
  useEffect(() => {
    dispatch({ type: "become", me, read: markers(me) });
    return me ? follow(me, dispatch) : undefined;
  }, [me]);
  useEffect(() => {
    if (state.ready && state.me === me) window.localStorage.setItem(markerKey(me), JSON.stringify(state.read));
  }, [state.ready, state.me, state.read, me]);
  return [state, dispatch];
}
