// Rich text: what a person's editor writes, and what apps may send.

import { Fragment, type ReactNode } from "react";
import { slackDate } from "../text/dates";
import { emoji } from "../text/emoji";
import { Link, Mention } from "../text/render";

interface Style {
  bold?: boolean;
  italic?: boolean;
  strike?: boolean;
  code?: boolean;
}

interface Piece {
  type: string;
  text?: string;
  name?: string;
  url?: string;
  user_id?: string;
  usergroup_id?: string;
  channel_id?: string;
  range?: string;
  timestamp?: number;
  format?: string;
  fallback?: string;
  value?: string;
  style?: Style;
}

interface Part {
  type: string;
  style?: string;
  indent?: number;
  offset?: number;
  elements?: (Piece | Part)[];
}

export function Rich({ parts }: { parts: unknown[] }) {
  return (parts as Part[]).map((part, place) => <Fragment key={place}>{drawn(part)}</Fragment>);
}

function drawn(part: Part): ReactNode {
  const pieces = <Pieces of={(part.elements ?? []) as Piece[]} />;
  if (part.type === "rich_text_quote") return <blockquote>{pieces}</blockquote>;
  if (part.type === "rich_text_preformatted") return <pre tabIndex={0}>{pieces}</pre>;
  if (part.type === "rich_text_list") return <List part={part} />;
  return <p className="rich">{pieces}</p>;
}

function List({ part }: { part: Part }) {
  const items = ((part.elements ?? []) as Part[]).map((one, place) => (
    <li key={place}><Pieces of={(one.elements ?? []) as Piece[]} /></li>
  ));
  const indent = `indent-${Math.min(part.indent ?? 0, 8)}`;
  if (part.style === "ordered") return <ol className={indent} start={(part.offset ?? 0) + 1}>{items}</ol>;
  return <ul className={indent}>{items}</ul>;
}

function Pieces({ of }: { of: Piece[] }) {
  return of.map((piece, place) => <Fragment key={place}>{styled(piece.style ?? {}, content(piece))}</Fragment>);
}

function styled(style: Style, children: ReactNode): ReactNode {
  let shown = children;
  if (style.code) shown = <code>{shown}</code>;
  if (style.strike) shown = <s>{shown}</s>;
  if (style.italic) shown = <em>{shown}</em>;
  if (style.bold) shown = <strong>{shown}</strong>;
  return shown;
}

function content(piece: Piece): ReactNode {
  switch (piece.type) {
    case "user":
      return <Mention node={{ kind: "user", id: piece.user_id ?? "", label: "" }} />;
    case "usergroup":
      return <Mention node={{ kind: "group", id: piece.usergroup_id ?? "", label: "" }} />;
    case "channel":
      return <Mention node={{ kind: "channel", id: piece.channel_id ?? "", label: "" }} />;
    case "broadcast":
      return <Mention node={{ kind: "broadcast", name: piece.range ?? "" }} />;
    case "emoji":
      return <span className="emoji">{emoji(piece.name ?? "") ?? `:${piece.name}:`}</span>;
    case "link":
      return <Link url={piece.url ?? ""}>{piece.text || piece.url}</Link>;
    case "date":
      return slackDate(piece.timestamp ?? Number.NaN, piece.format ?? "", piece.fallback ?? "", { now: new Date() });
    default:
      return lines(piece.text ?? piece.value ?? "");
  }
}

function lines(text: string): ReactNode {
  return text.split("\n").map((line, place) => (
    <Fragment key={place}>{place > 0 && <br />}{line}</Fragment>
  ));
}
