// Moments as their reader sees them: in the reader's zone, near days by name. Pure.

export interface Reader {
  now: Date;
  zone?: string | undefined;
  locale?: string | undefined;
}

const DAY = 86_400_000;
const TOKEN = /\{(\w+)\}/g;

type Style = Intl.DateTimeFormatOptions;

const DATES: Record<string, Style> = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

function written(at: Date, style: Style, reader: Reader): string {
  return new Intl.DateTimeFormat(reader.locale, { ...style, timeZone: reader.zone }).format(at);
}

function dayKey(at: Date, reader: Reader): string {
  return written(at, { year: "numeric", month: "2-digit", day: "2-digit" }, { ...reader, locale: "en-CA" });
}

/** Names the days around today; nothing for any other day. */
export function nearDay(at: Date, reader: Reader): string {
  const day = dayKey(at, reader);
  for (const [name, days] of [["today", 0], ["yesterday", -1], ["tomorrow", 1]] as const)
    if (day === dayKey(new Date(reader.now.getTime() + days * DAY), reader)) return name;
  return "";
}

function part(name: string, at: Date, reader: Reader): string | undefined {
  if (name === "ago") return ago(at, reader);
  const pretty = name.endsWith("_pretty");
  const style = DATES[pretty ? name.slice(0, -7) : name];
  if (!style) return undefined;
  return (pretty && nearDay(at, reader)) || written(at, style, reader);
}

/** Says how long ago something was, in the largest unit that fits. */
export function ago(at: Date, reader: Reader): string {
  const seconds = Math.round((at.getTime() - reader.now.getTime()) / 1000);
  const words = new Intl.RelativeTimeFormat(reader.locale, { numeric: "auto" });
  const units = [["day", 86_400], ["hour", 3600], ["minute", 60]] as const;
  const unit = units.find(([, size]) => Math.abs(seconds) >= size);
  return unit ? words.format(Math.round(seconds / unit[1]), unit[0]) : words.format(seconds, "second");
}

/** Fills in the format of a `<!date^…>`; what it does not know stays, a bad moment gives the fallback. */
export function slackDate(seconds: number, format: string, fallback: string, reader: Reader): string {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime()) || !format) return fallback;
  return format.replace(TOKEN, (whole, name: string) => part(name, at, reader) ?? whole);
}

/** The moment that a message's ts names. */
export function momentOf(ts: string): Date {
  return new Date(Number(ts) * 1000);
}

export function clock(at: Date, reader: Reader): string {
  return written(at, { hour: "numeric", minute: "2-digit" }, reader);
}

/** The words on the line between two days. */
export function dayName(at: Date, reader: Reader): string {
  const near = nearDay(at, reader);
  if (near) return near[0]?.toUpperCase() + near.slice(1);
  return written(at, { weekday: "long", month: "long", day: "numeric" }, reader);
}
