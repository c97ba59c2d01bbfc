import { expect, it } from "vitest";
import { ago, dayName, slackDate } from "../src/slack/text/dates";

const noon = Date.UTC(2026, 10, 20, 12) / 1000;
const reader = { now: new Date(noon * 1000), zone: "UTC", locale: "en-GB" };

it("names the days around today, and writes out the others", () => {
  expect(slackDate(noon, "{date_short_pretty} at {time}", "", reader)).toBe("today at 12:00");
  expect(slackDate(noon - 86_400, "{date_pretty}", "", reader)).toBe("yesterday");
  expect(slackDate(noon + 86_400, "{date_long_pretty}", "", reader)).toBe("tomorrow");
  expect(slackDate(noon - 9 * 86_400, "{date_short_pretty}", "", reader)).toBe("11 Nov 2026");
});

it("shows the reader's own zone: the same moment is another day elsewhere", () => {
  const late = noon + 11 * 3600;
  expect(slackDate(late, "{date_num} {time}", "", reader)).toBe("20/11/2026 23:00");
  expect(slackDate(late, "{date_num} {time}", "", { ...reader, zone: "Asia/Tokyo" })).toMatch(/^21\/11\/2026 0?8:00$/);
});

it("keeps what it does not know, and falls back where there is no moment", () => {
  expect(slackDate(noon, "{moon} {time_secs}", "", reader)).toBe("{moon} 12:00:00");
  expect(slackDate(Number.NaN, "{date}", "some day", reader)).toBe("some day");
});

it("says how long ago, in the largest unit", () => {
  expect(ago(new Date((noon - 45) * 1000), reader)).toBe("45 seconds ago");
  expect(ago(new Date((noon - 7200) * 1000), reader)).toBe("2 hours ago");
});

it("puts a name on the line between two days", () => {
  expect(dayName(new Date(noon * 1000), reader)).toBe("Today");
  expect(dayName(new Date((noon - 5 * 86_400) * 1000), reader)).toBe("Sunday 15 November");
});
