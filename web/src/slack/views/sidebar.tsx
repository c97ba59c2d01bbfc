// The left of the page: who one is, and where one can go.

import { usePage } from "../context";
import { appChannel, channelName, listed, pingCount, unread } from "../store/select";
import type { Channel } from "../types";
import { Avatar } from "./avatar";

interface Props {
  channel: string;
  open: boolean;
  close: () => void;
  become: (user: string) => void;
}

export function Sidebar({ channel, open, close, become }: Props) {
  const { state, go } = usePage();
  const rows = listed(state);
  const pick = (id: string) => {
    go(id);
    close();
  };
  const row = (one: Channel) => (
    <Row key={one.id} id={one.id} current={channel} pick={pick}>
      <span className="sign" aria-hidden="true">{one.kind === "private" ? "🔒" : one.kind === "im" ? "●" : "#"}</span>
      <span className="name">{channelName(state, one.id)}</span>
    </Row>
  );
  const app = appChannel(state)?.id ?? state.app.user_id;
  return (
    <nav className={`sidebar${open ? " open" : ""}`} aria-label="Channels and people"
      onKeyDown={(event) => event.key === "Escape" && close()}>
      <p className="team"><strong>{state.team.name}</strong><small>local Slack</small></p>
      <Persona become={become} />
      <div className="rooms">
        <h2>Channels</h2>
        <ul>{rows.open.map(row)}</ul>
        {rows.direct.length > 0 && <><h2>Direct messages</h2><ul>{rows.direct.map(row)}</ul></>}
        <h2>Apps</h2>
        <ul>
          <Row id={app} current={channel} pick={pick}>
            <Avatar user={state.app.user_id} size="tiny" /> <span className="name">{state.app.name}</span>
          </Row>
        </ul>
        {rows.archived.length > 0 && <><h2>Archived</h2><ul>{rows.archived.map(row)}</ul></>}
      </div>
      <button type="button" className="shut" aria-label="Put the list away" onClick={close}>✕</button>
    </nav>
  );
}

interface RowProps {
  id: string;
  current: string;
  pick: (id: string) => void;
  children: React.ReactNode;
}

function Row({ id, current, pick, children }: RowProps) {
  const { state } = usePage();
  const fresh = unread(state, id);
  const count = pingCount(state, id);
  return (
    <li>
      <button type="button" className={fresh ? "fresh" : ""} aria-current={id === current ? "page" : undefined} onClick={() => pick(id)}>
        {children}
        {fresh && <span className="hidden">, unread</span>}
        {count > 0 && <span className="count" aria-label={`${count} ${count === 1 ? "ping" : "pings"}`}>{count}</span>}
      </button>
    </li>
  );
}

/** Chooses which person one is: the same workspace looks and behaves differently for each. */
function Persona({ become }: { become: (user: string) => void }) {
  const { state } = usePage();
  const people = Object.values(state.users).filter((one) => !one.is_bot && !one.deleted);
  const me = state.users[state.me];
  return (
    <div className="persona">
      <Avatar user={state.me} size="small" />
      <span className="is" aria-hidden="true"><strong>{me?.real_name || me?.name}</strong><small>{me?.title}</small></span>
      <span className="faint" aria-hidden="true">▾</span>
      <select aria-label="Who you are" value={state.me} onChange={(event) => become(event.target.value)}>
        {people.map((one) => (
          <option key={one.id} value={one.id}>{one.real_name || one.name}{one.title ? ` · ${one.title}` : ""}</option>
        ))}
      </select>
    </div>
  );
}

/** A narrow strip in place of the list, where there is no room for it. */
export function Rail({ open }: { open: () => void }) {
  const { state } = usePage();
  const calls = Object.keys(state.channels).reduce((sum, id) => sum + pingCount(state, id), 0);
  const me = state.users[state.me]?.real_name ?? state.me;
  return (
    <div className="rail">
      <button type="button" title="Channels and people" onClick={open}>
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path d="M3 5.5h14M3 10h14M3 14.5h14" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" /></svg>
        <span className="hidden">Channels and people</span>
        {calls > 0 && <span className="count">{calls}</span>}
      </button>
      <button type="button" className="who" title={`You are ${me}`} onClick={open}>
        <Avatar user={state.me} size="small" />
        <span className="hidden">You are {me}. Change</span>
      </button>
    </div>
  );
}
