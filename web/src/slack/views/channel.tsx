// The middle of the page: a channel, or the conversation with the app and its Home.

import { useEffect, useState } from "react";
import * as api from "../api";
import { Blocks } from "../blocks/blocks";
import { OnSurface } from "../blocks/surface";
import { usePage } from "../context";
import { channelName, inChannel } from "../store/select";
import { threadKey } from "../store/state";
import { Composer } from "./composer";
import { stateOf } from "./form";
import { Messages } from "./list";
import { useStickyEnd } from "./scroll";

export function ChannelPane({ channel, menu }: { channel: string; menu: () => void }) {
  const { state } = usePage();
  const [tab, setTab] = useState<"messages" | "home">("messages");
  const known = state.channels[channel];
  const direct = !known || known.kind === "im";
  const app = direct && channelName(state, channel) === state.users[state.app.user_id]?.real_name;
  const name = channelName(state, channel);
  const home = app && state.app.home && tab === "home";
  return (
    <main className="pane channel" aria-label={direct ? name : `#${name}`}>
      <header className="head">
        <button type="button" className="burger" aria-label="Channels and people" onClick={menu}>☰</button>
        <h1>{direct ? name : <><span className="hash">{known.kind === "private" ? "🔒" : "#"}</span>{name}</>}</h1>
        {app && state.app.home && (
          <nav className="tabs" aria-label="Parts of the app">
            {(["messages", "home"] as const).map((one) => (
              <button type="button" key={one} aria-pressed={tab === one} onClick={() => setTab(one)}>{one === "home" ? "Home" : "Messages"}</button>
            ))}
          </nav>
        )}
        {known?.topic && <p className="topic">{known.topic}</p>}
        {!direct && <Members ids={known.members} />}
      </header>
      {home ? <Home /> : <Conversation channel={channel} name={direct ? name : `#${name}`} />}
    </main>
  );
}

function Members({ ids }: { ids: string[] }) {
  const { state } = usePage();
  const names = ids.map((one) => state.users[one]?.real_name ?? one);
  return <span className="members" title={names.join(", ")}>{ids.length} members</span>;
}

function Conversation({ channel, name }: { channel: string; name: string }) {
  const { state, go } = usePage();
  const messages = inChannel(state.messages[channel] ?? []);
  const list = useStickyEnd(channel, messages.at(-1)?.ts ?? "");
  return (
    <>
      <Messages
        label={`Messages in ${name}`} messages={messages} list={list} open={(ts) => go(channel, ts)}
        status={state.statuses[threadKey(channel, "")]}
      >
        {!messages.length && <p className="nothing">Nothing has been said {name.startsWith("#") ? "in" : "to"} {name} yet.</p>}
      </Messages>
      <Foot channel={channel} name={name} />
    </>
  );
}

/** The composer, or why there is none. */
function Foot({ channel, name }: { channel: string; name: string }) {
  const { state, attempt } = usePage();
  const known = state.channels[channel];
  if (known?.archived) return <p className="foot">{name} is archived. Nobody can post in it.</p>;
  if (known && !known.members.includes(state.me))
    return (
      <p className="foot">
        You are looking at {name}.{" "}
        <button type="button" className="button primary" onClick={() => void attempt(api.join(state.me, channel))}>
          Join
        </button>
      </p>
    );
  return <Composer key={channel} place={{ channel }} hint={`Message ${name}`} />;
}

function Home() {
  const { state, attempt } = usePage();
  const { me, home } = state;
  useEffect(() => {
    void attempt(api.home(me, "home"));
  }, [me, attempt]);
  if (!home) return <p className="nothing">{state.app.name} has published no Home for you yet.</p>;
  return (
    <div className="list home">
      <OnSurface spot={{ view_id: home.id }}>
        <Blocks key={home.hash} blocks={home.blocks} held={(block, element) => stateOf(home.state.values, block.block_id, element.action_id ?? "")} />
      </OnSurface>
    </div>
  );
}
