// Slack's text as a tree. Pure: who a mention names is looked up where the tree is drawn.

import { emoji } from "./emoji";

export type Node =
  | { kind: "text" | "code" | "pre" | "emoji"; text: string }
  | { kind: "bold" | "italic" | "strike" | "quote"; children: Node[] }
  | { kind: "break" }
  | { kind: "link"; url: string; label: string }
  | { kind: "user" | "channel" | "group"; id: string; label: string }
  | { kind: "broadcast"; name: string }
  | { kind: "date"; at: number; format: string; url: string; fallback: string };

const MARKS: Record<string, "bold" | "italic" | "strike"> = { "*": "bold", _: "italic", "~": "strike" };
const FENCE = /```\n?([\s\S]+?)\n?```/g;
const QUOTE = /^(?:>|&gt;) ?/;
const REFERENCE = /<([^<>\n]+)>/y;
const CODE = /`([^`\n]+)`/y;
const EMOJI = /:([a-z0-9_+'-]+):/y;
const ADDRESS = /(https?:\/\/[^\s<>|`*]*[^\s<>|`*_~.,:;!?)'"])/y;
const WORD = /[\p{L}\p{N}]/u;
const SPACE = /\s/;

export function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Reads mrkdwn. Whatever is not markup stays text, so nothing is ever lost. */
export function parse(source: string): Node[] {
  const nodes: Node[] = [];
  let end = 0;
  for (const fence of source.matchAll(FENCE)) {
    nodes.push(...paragraphs(source.slice(end, fence.index)));
    nodes.push({ kind: "pre", text: unescape(fence[1] ?? "") });
    end = fence.index + fence[0].length;
    if (source[end] === "\n") end += 1;
  }
  return [...nodes, ...paragraphs(source.slice(end))];
}

/** Splits text into what is quoted and what is not. */
function paragraphs(text: string): Node[] {
  const nodes: Node[] = [];
  let held: string[] = [];
  let quoted = false;
  const flush = () => {
    if (!held.length) return;
    const children = inline(held.join("\n"));
    if (quoted) nodes.push({ kind: "quote", children });
    else nodes.push(...children);
    held = [];
  };
  for (const line of text.split("\n")) {
    const quote = QUOTE.exec(line);
    if ((quote !== null) !== quoted) {
      flush();
      quoted = quote !== null;
    }
    held.push(quote ? line.slice(quote[0].length) : line);
  }
  flush();
  return nodes;
}

/** Reads one run of text: references, code, emoji, and the marks that may hold each other. */
function inline(text: string): Node[] {
  const nodes: Node[] = [];
  // For each mark, up to where it is known that nothing closes it: keeps hostile text linear.
  const hopeless: Record<string, number> = {};
  let held = "";
  let place = 0;
  const add = (node: Node, length: number) => {
    if (held) nodes.push({ kind: "text", text: unescape(held) });
    held = "";
    nodes.push(node);
    place += length;
  };
  while (place < text.length) {
    const found = token(text, place);
    if (found) {
      add(found.node, found.length);
      continue;
    }
    const mark = text[place] ?? "";
    const kind = MARKS[mark];
    if (kind && opens(text, place) && place >= (hopeless[mark] ?? 0)) {
      const end = closing(text, place);
      if (end.at > 0) {
        add({ kind, children: inline(text.slice(place + 1, end.at)) }, end.at - place + 1);
        continue;
      }
      hopeless[mark] = end.line;
    }
    held += mark;
    place += 1;
  }
  if (held) nodes.push({ kind: "text", text: unescape(held) });
  return nodes;
}

interface Token {
  node: Node;
  length: number;
}

/** Reads what cannot hold anything else. */
function token(text: string, place: number): Token | null {
  switch (text[place]) {
    case "\n":
      return { node: { kind: "break" }, length: 1 };
    case "<":
      return matched(REFERENCE, text, place, reference);
    case "`":
      return matched(CODE, text, place, (inner) => ({ kind: "code", text: unescape(inner) }));
    case ":":
      return matched(EMOJI, text, place, (name) => {
        const character = emoji(name);
        return character ? { kind: "emoji", text: character } : null;
      });
    case "h":
      if (WORD.test(text[place - 1] ?? " ")) return null;
      return matched(ADDRESS, text, place, (url) => ({ kind: "link", url: unescape(url), label: "" }));
    default:
      return null;
  }
}

function matched(pattern: RegExp, text: string, place: number, make: (inner: string) => Node | null): Token | null {
  pattern.lastIndex = place;
  const found = pattern.exec(text);
  const node = found ? make(found[1] ?? "") : null;
  return found && node ? { node, length: found[0].length } : null;
}

/** Reads what stands between angle brackets. */
export function reference(inner: string): Node {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? "" : unescape(inner.slice(bar + 1));
  if (target.startsWith("@")) return { kind: "user", id: target.slice(1), label };
  if (target.startsWith("#")) return { kind: "channel", id: target.slice(1), label };
  if (target.startsWith("!subteam^")) return { kind: "group", id: target.slice(9), label };
  if (target.startsWith("!date^")) {
    const [, at = "", format = "", url = ""] = target.split("^");
    return { kind: "date", at: Number(at), format, url, fallback: label };
  }
  if (target.startsWith("!")) return { kind: "broadcast", name: label || target.slice(1) };
  return { kind: "link", url: unescape(target), label };
}

function opens(text: string, place: number): boolean {
  const before = text[place - 1] ?? " ";
  const after = text[place + 1] ?? " ";
  return !WORD.test(before) && before !== text[place] && !SPACE.test(after) && after !== text[place];
}

/** Finds the mark that closes the one at `place`, on the same line and outside of code and references. */
function closing(text: string, place: number): { at: number; line: number } {
  const mark = text[place];
  let at = place + 1;
  for (; at < text.length && text[at] !== "\n"; at += 1) {
    const held = text[at] === mark ? null : token(text, at);
    if (held) at += held.length - 1;
    else if (text[at] === mark && closes(text, at)) return { at, line: at };
  }
  return { at: -1, line: at };
}

function closes(text: string, at: number): boolean {
  return !SPACE.test(text[at - 1] ?? " ") && !WORD.test(text[at + 1] ?? " ");
}
