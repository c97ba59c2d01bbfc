// The local Slack as one page.

import { useCallback, useEffect, useMemo, useState } from "react";
import { type Address, readAddress, WAITING, writeAddress } from "./address";
import * as api from "./api";
import { type Page, PageContext } from "./context";
import { chosen, pingCount, threadsOf, waiting } from "./store/select";
import { useWorkspace } from "./store/live";
import { type State, threadKey } from "./store/state";
import { ChannelPane } from "./views/channel";
import { Inspector } from "./views/inspector";
import { Modals } from "./views/modal";
import { Rail, Sidebar } from "./views/sidebar";
import { ThreadPane } from "./views/thread";

const SAID = 7000; // ms that a sentence stays
const LOOKED = 12; // threads that are read to find the one that waits

export function SlackPage() {
  const [address, setAddress] = useState<Address>(() => readAddress(window.location.search));
  const me = usePersona(address.as);
  const [state, dispatch] = useWorkspace(me);
  const [said, say] = useNotice();
  const [aside, setAside] = useState(false);
  const channel = state.ready ? chosen(state, address.channel) : "";
  const thread = address.thread === WAITING ? "" : address.thread;

  const attempt = useCallback<Page["attempt"]>(
    (doing) => doing.catch((error: Error) => void say(error.message)) as never,
    [say],
  );
  const go = useCallback<Page["go"]>((to, ts = null) => {
    setAddress((now) => ({ ...now, channel: to, thread: ts ?? "" }));
  }, []);
  const closeThread = useCallback(() => setAddress((now) => ({ ...now, thread: "" })), []);
  const become = (user: string) => setAddress((now) => ({ ...now, as: user, thread: "" }));

  useEffect(() => {
    window.history.replaceState(null, "", writeAddress(address));
  }, [address]);
  useWaitingThread(state, address.thread === WAITING ? channel : "", (ts) => setAddress((now) => ({ ...now, thread: ts })), dispatch);
  useSeen(state, channel, dispatch);
  useTitle(state, channel);

  const page = useMemo(() => ({ state, dispatch, say, attempt, go }), [state, dispatch, say, attempt, go]);
  if (!state.ready) {
    const gone = "The local Slack does not answer. Trying again…";
    return <p className="loading" role="status">{state.problem || (state.lost ? gone : "Loading…")}</p>;
  }
  return (
    <PageContext value={page}>
      <div className={`workspace${thread ? " with-thread" : ""}`}>
        <Rail open={() => setAside(true)} />
        <Sidebar channel={channel} open={aside} close={() => setAside(false)} become={become} />
        <ChannelPane channel={channel} menu={() => setAside(true)} />
        {thread && <ThreadPane channel={channel} ts={thread} close={closeThread} />}
        <Inspector />
      </div>
      <Modals />
      {said && <p className="said" role="alert">{said}</p>}
    </PageContext>
  );
}

/** Who one is: whom the address names, or the first person of the workspace. */
function usePersona(wanted: string): string {
  const [me, setMe] = useState("");
  useEffect(() => {
    let current = true;
    const find = () =>
      api.people().then(
        ({ users }) => {
          const people = users.filter((one) => !one.is_bot && !one.deleted);
          const found = people.find((one) => one.id === wanted || one.name === wanted) ?? people[0];
          if (current) setMe(found?.id ?? "");
        },
        () => current && window.setTimeout(find, 1000),
      );
    void find();
    return () => {
      current = false;
    };
  }, [wanted]);
  return me;
}

/** A sentence that goes away by itself, and how to say one. */
function useNotice(): [string, (sentence: string) => void] {
  const [said, say] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = window.setTimeout(() => say(""), SAID);
    return () => window.clearTimeout(timer);
  }, [said]);
  return [said, say];
}

/** Opens the thread whose reply asks somebody something, as soon as there is one in `channel`. */
function useWaitingThread(state: State, channel: string, open: (ts: string) => void, dispatch: Page["dispatch"]): void {
  const messages = state.messages[channel];
  const { me, threads } = state;
  useEffect(() => {
    if (!channel || !messages) return;
    const found = waiting(messages);
    const unseen = threadsOf(messages).slice(0, LOOKED).filter((one) => !threads[threadKey(channel, one.ts)]);
    if (!unseen.length && found?.thread_ts) return open(found.thread_ts);
    const reads = unseen.map(async ({ ts }) => ({ ts, replies: await api.messages(me, channel, ts) }));
    void Promise.allSettled(reads).then((done) => {
      for (const one of done) // one that failed was deleted meanwhile
        if (one.status === "fulfilled")
          dispatch({ type: "thread", channel, ts: one.value.ts, messages: one.value.replies });
    });
  }, [channel, messages, threads, me]);
}

/** What is on the screen counts as read, while somebody looks at the page. */
function useSeen(state: State, channel: string, dispatch: Page["dispatch"]): void {
  const messages = state.messages[channel];
  const [visible, setVisible] = useState(() => !document.hidden);
  useEffect(() => {
    const look = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  useEffect(() => {
    if (visible && channel) dispatch({ type: "seen", channel });
  }, [visible, channel, messages, state.pings, dispatch]);
}

function useTitle(state: State, channel: string): void {
  const calls = Object.keys(state.channels).reduce((sum, id) => sum + pingCount(state, id), 0);
  const name = state.channels[channel]?.name;
  useEffect(() => {
    document.title = `${calls ? `(${calls}) ` : ""}${name ? `#${name} · ` : ""}${state.team.name || "Local Slack"}`;
  }, [calls, name, state.team.name]);
}
