// Small things that several tabs show.

import { codeParts, tone } from "./timeline";

export function Word({ word }: { word: string }) {
  return <span className={`word ${tone(word)}`}>{word}</span>;
}

export function Sentence({ text }: { text: string }) {
  return codeParts(text).map((part, place) => (place % 2 ? <code key={place}>{part}</code> : part));
}

export function At({ at }: { at: string | null }) {
  if (!at) return null;
  const moment = new Date(at);
  return <time dateTime={at} title={moment.toLocaleString()}>{moment.toLocaleTimeString()}</time>;
}
