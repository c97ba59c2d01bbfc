// The right of the page: one thread, its replies, and a composer of its own.

import { useEffect } from "react";
import * as api from "../api";
import { usePage } from "../context";
import { channelName, inThread } from "../store/select";
import { threadKey } from "../store/state";
import { Composer } from "./composer";
import { Messages } from "./list";
import { useStickyEnd } from "./scroll";

export function ThreadPane({ channel, ts, close }: { channel: string; ts: string; close: () => void }) {
  const { state, dispatch, attempt } = usePage();
  const key = threadKey(channel, ts);
  const here = state.threads[key] === true;
  const messages = inThread(state.messages[channel] ?? [], ts);
  const list = useStickyEnd(key, `${here}${messages.at(-1)?.ts ?? ""}`);
  useEffect(() => {
    if (here) return;
    void attempt(api.messages(state.me, channel, ts)).then((found) => {
      if (found) dispatch({ type: "thread", channel, ts, messages: found });
      else close();
    });
  }, [here, state.me, channel, ts, attempt, dispatch, close]);
  const archived = state.channels[channel]?.archived;
  const replies = messages.length - 1;
  return (
    <aside className="pane thread" aria-label="Thread" onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && close()}>
      <header className="head">
        <button type="button" className="back" aria-label="Back to the channel" onClick={close}>←</button>
        <h2>Thread</h2>
        <p className="topic">#{channelName(state, channel)}{replies > 0 && ` · ${replies === 1 ? "1 reply" : `${replies} replies`}`}</p>
        <button type="button" className="close" aria-label="Close the thread" onClick={close}>✕</button>
      </header>
      <Messages label="Messages in the thread" messages={messages} list={list} status={state.statuses[key]} />
      {archived ? <p className="foot">The channel is archived.</p> : <Composer key={key} place={{ channel, thread: ts }} hint="Reply…" />}
    </aside>
  );
}
