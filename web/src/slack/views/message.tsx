// One message: who, when, what, what others did with it, and a menu.

import { memo, useState } from "react";
import * as api from "../api";
import { Blocks } from "../blocks/blocks";
import { OnSurface } from "../blocks/surface";
import { usePage } from "../context";
import { clock, momentOf } from "../text/dates";
import { emoji, QUICK } from "../text/emoji";
import { Link, Mrkdwn, withEmoji } from "../text/render";
import type { Attachment, Message } from "../types";
import { Avatar } from "./avatar";

interface Props {
  message: Message;
  compact?: boolean;
  /** Opens the thread; absent where the message already stands in it. */
  open?: ((ts: string) => void) | undefined;
}

export const MessageView = memo(function MessageView({ message, compact = false, open }: Props) {
  const { state } = usePage();
  const author = state.users[message.user];
  // An app may post under another name than its own.
  const name = author && (!message.bot_id || message.username === author.name) ? author.real_name || author.name : message.username;
  const kind = `message${compact ? " compact" : ""}${message.ephemeral ? " private" : ""}`;
  return (
    <article className={kind} data-ts={message.ts} aria-label={`${name}: ${message.plain.slice(0, 120)}`}>
      {compact ? <Stamp ts={message.ts} faint /> : <Avatar user={message.user} name={name} />}
      <div className="body">
        {message.ephemeral && <p className="only-you"><span aria-hidden="true">👁</span> Only visible to you</p>}
        {!compact && (
          <header>
            <strong>{name}</strong>
            {message.bot_id && <span className="badge">APP</span>}
            {author?.is_guest && <span className="badge">Guest</span>}
            <Stamp ts={message.ts} />
            {message.blocks && message.edited && <small className="edited">edited</small>}
          </header>
        )}
        <Content message={message} />
        <Reactions message={message} />
        {open && message.reply_count > 0 && <Replies message={message} open={open} />}
      </div>
      {message.subtype !== "tombstone" && <Menu message={message} open={open} />}
    </article>
  );
});

function Stamp({ ts, faint = false }: { ts: string; faint?: boolean }) {
  const at = momentOf(ts);
  return (
    <time className={faint ? "stamp faint" : "stamp"} dateTime={at.toISOString()} title={at.toLocaleString()}>
      {clock(at, { now: at })}
    </time>
  );
}

function Content({ message }: { message: Message }) {
  const { thread_ts: root } = message;
  const { go } = usePage();
  if (message.subtype === "tombstone") return <p className="gone">This message was deleted.</p>;
  return (
    <OnSurface spot={{ channel: message.channel, ts: message.ts }}>
      {message.subtype === "thread_broadcast" && root && (
        <p className="broadcast">
          <button type="button" className="link" onClick={() => go(message.channel, root)}>replied to a thread</button>
        </p>
      )}
      <div className={message.blocks ? "blocks" : "text"}>
        {message.blocks ? <Blocks blocks={message.blocks} /> : <Mrkdwn text={message.text} />}
        {message.edited && !message.blocks && <small className="edited"> (edited)</small>}
      </div>
      {message.attachments?.map((one, place) => <Attached key={place} attachment={one} />)}
    </OnSurface>
  );
}

function Attached({ attachment }: { attachment: Attachment }) {
  const colour = /^#?[0-9a-f]{6}$/i.test(attachment.color ?? "") ? `#${attachment.color?.replace("#", "")}` : undefined;
  return (
    <>
      {attachment.pretext && <p className="text"><Mrkdwn text={attachment.pretext} /></p>}
      <div className="attachment" style={{ borderColor: colour }}>
        {attachment.title && (
          <strong>{attachment.title_link ? <Link url={attachment.title_link}>{attachment.title}</Link> : withEmoji(attachment.title)}</strong>
        )}
        {attachment.text && <div className="text"><Mrkdwn text={attachment.text} /></div>}
        {attachment.blocks && <Blocks blocks={attachment.blocks} />}
      </div>
    </>
  );
}

function Reactions({ message }: { message: Message }) {
  const { state, attempt } = usePage();
  if (!message.reactions.length) return null;
  return (
    <div className="reactions">
      {message.reactions.map((one) => {
        const mine = one.users.includes(state.me);
        const who = one.users.map((id) => state.users[id]?.real_name || id).join(", ");
        return (
          <button
            type="button" key={one.name} aria-pressed={mine} title={`${who}: :${one.name}:`}
            onClick={() => void attempt(api.react(state.me, message, one.name, mine ? "remove" : "add"))}
          >
            {emoji(one.name) ?? `:${one.name}:`} {one.count}
          </button>
        );
      })}
    </div>
  );
}

function Replies({ message, open }: { message: Message; open: (ts: string) => void }) {
  const count = message.reply_count;
  return (
    <button type="button" className="replies" onClick={() => open(message.ts)}>
      <span className="faces">{message.reply_users.slice(0, 3).map((user) => <Avatar key={user} user={user} size="tiny" />)}</span>
      <strong>{count === 1 ? "1 reply" : `${count} replies`}</strong>
      {message.latest_reply && <span className="last">Last reply at {clock(momentOf(message.latest_reply), { now: new Date() })}</span>}
    </button>
  );
}

function Menu({ message, open }: Props) {
  const { state, attempt } = usePage();
  const [more, setMore] = useState(false);
  const shortcuts = state.app.shortcuts.filter((one) => one.type === "message");
  const deletable = message.user === state.me || message.bot_id === state.app.bot_id;
  const run = (doing: Promise<unknown>) => {
    setMore(false);
    void attempt(doing);
  };
  return (
    <div className="tools" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setMore(false)}
      onKeyDown={(event) => event.key === "Escape" && setMore(false)}>
      {!message.ephemeral && QUICK.map((name) => (
        <button type="button" key={name} aria-label={`React with ${name}`} onClick={() => run(api.react(state.me, message, name, "add"))}>
          {emoji(name)}
        </button>
      ))}
      {open && !message.ephemeral && (
        <button type="button" aria-label="Reply in a thread" title="Reply in a thread"
          onClick={() => open(message.thread_ts ?? message.ts)}>
          💬
        </button>
      )}
      {(shortcuts.length > 0 || deletable) && (
        <button type="button" aria-label="More actions" aria-haspopup="menu" aria-expanded={more} onClick={() => setMore(!more)}>⋯</button>
      )}
      {more && (
        <div className="menu" role="menu">
          {!message.ephemeral && shortcuts.map((one) => (
            <button type="button" role="menuitem" key={one.callback_id} title={one.description}
              onClick={() => run(api.shortcut(state.me, one.callback_id, message))}>
              {one.name} <small>{state.app.name}</small>
            </button>
          ))}
          {deletable && (
            <button type="button" role="menuitem" className="danger" onClick={() => run(api.remove(state.me, message))}>Delete</button>
          )}
        </div>
      )}
    </div>
  );
}
