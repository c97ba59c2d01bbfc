// Text as React draws it: names looked up, links safe, dates in the reader's zone.

import { Fragment, type ReactNode } from "react";
import { usePage } from "../context";
import type { TextObject } from "../types";
import { slackDate } from "./dates";
import { emoji } from "./emoji";
import { type Node, parse } from "./mrkdwn";

const CODE = /:([a-z0-9_+'-]+):/g;
const SAFE = /^(https?:|mailto:)/i;
const ARCHIVE = /^https:\/\/([\w-]+)\.slack\.com\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?.*thread_ts=([\d.]+))?/;

/** Replaces the emoji names that are known by their characters. */
export function withEmoji(text: string): string {
  return text.replace(CODE, (whole, name: string) => emoji(name) ?? whole);
}

/** Draws a text object, or a bare string as plain text. */
export function Words({ of }: { of: TextObject | string | undefined }) {
  if (of === undefined) return null;
  if (typeof of === "string") return <>{withEmoji(of)}</>;
  if (of.type === "mrkdwn") return <Mrkdwn text={of.text} />;
  return <>{of.emoji === false ? of.text : withEmoji(of.text)}</>;
}

export function wordsOf(of: TextObject | string | undefined): string {
  return withEmoji(typeof of === "string" ? of : of?.text ?? "");
}

export function Mrkdwn({ text }: { text: string }) {
  return <Nodes nodes={parse(text)} />;
}

export function Nodes({ nodes }: { nodes: Node[] }): ReactNode {
  return nodes.map((node, place) => <Fragment key={place}>{drawn(node)}</Fragment>);
}

function drawn(node: Node): ReactNode {
  switch (node.kind) {
    case "text":
      return node.text;
    case "break":
      return <br />;
    case "bold":
      return <strong><Nodes nodes={node.children} /></strong>;
    case "italic":
      return <em><Nodes nodes={node.children} /></em>;
    case "strike":
      return <s><Nodes nodes={node.children} /></s>;
    case "quote":
      return <blockquote><Nodes nodes={node.children} /></blockquote>;
    case "code":
      return <code>{node.text}</code>;
    case "pre":
      return <pre tabIndex={0}>{node.text}</pre>;
    case "emoji":
      return <span className="emoji">{node.text}</span>;
    case "link":
      return <Link url={node.url}>{node.label ? withEmoji(node.label) : node.url}</Link>;
    case "date":
      return <Moment {...node} />;
    default:
      return <Mention node={node} />;
  }
}

type Named = Extract<Node, { kind: "user" | "channel" | "group" | "broadcast" }>;

export function Mention({ node }: { node: Named }) {
  const { state, go } = usePage();
  if (node.kind === "broadcast") return <span className="mention me">@{node.name}</span>;
  if (node.kind === "channel") {
    const name = state.channels[node.id]?.name ?? (node.label || node.id);
    return <button type="button" className="mention" onClick={() => go(node.id)}>#{name}</button>;
  }
  if (node.kind === "group") {
    const group = state.groups[node.id];
    const mine = group?.users.includes(state.me) ? " me" : "";
    return <span className={`mention${mine}`}>@{group?.handle ?? (node.label || node.id)}</span>;
  }
  const user = state.users[node.id];
  const name = user?.display_name || user?.name || node.label || node.id;
  return <span className={`mention${node.id === state.me ? " me" : ""}`} title={user?.real_name}>@{name}</span>;
}

function Moment({ at, format, url, fallback }: Extract<Node, { kind: "date" }>) {
  const words = slackDate(at, format, fallback, { now: new Date() });
  const when = Number.isFinite(at) ? new Date(at * 1000).toISOString() : undefined;
  const shown = <time dateTime={when} title={fallback}>{words}</time>;
  return url ? <Link url={url}>{shown}</Link> : shown;
}

/** A link to another page opens beside this one; one into this workspace leads there. */
export function Link({ url, children }: { url: string; children: ReactNode }) {
  const { state, go } = usePage();
  const archive = ARCHIVE.exec(url);
  if (archive && archive[1] === state.team.domain) {
    const [, , channel = "", seconds, fraction, thread] = archive;
    return <button type="button" className="link" onClick={() => go(channel, thread ?? `${seconds}.${fraction}`)}>{children}</button>;
  }
  if (!SAFE.test(url)) return <>{children}</>;
  return <a href={url} target="_blank" rel="noreferrer">{children}</a>;
}
