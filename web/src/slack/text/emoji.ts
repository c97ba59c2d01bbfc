// Emoji by the names that Slack gives them: those Baton writes, and those people use most.

const NAMES: Record<string, string> = {
  white_circle: "⚪️", large_blue_circle: "🔵", red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡",
  black_circle: "⚫️", hand: "✋️", raised_hand: "✋️", hourglass: "⌛️", hourglass_flowing_sand: "⏳️",
  double_vertical_bar: "⏸️", leftwards_arrow_with_hook: "↩️", white_check_mark: "✅️", heavy_check_mark: "✔️",
  ballot_box_with_check: "☑️", x: "❌️", no_entry: "⛔️", no_entry_sign: "🚫", fast_forward: "⏩️",
  rotating_light: "🚨", warning: "⚠️", heavy_minus_sign: "➖️", heavy_plus_sign: "➕️", question: "❓️",
  grey_question: "❔️", exclamation: "❗️", bell: "🔔", no_bell: "🔕", rocket: "🚀", tada: "🎉", eyes: "👀",
  thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", wave: "👋", clap: "👏", pray: "🙏", muscle: "💪",
  ok_hand: "👌", point_right: "👉", smile: "😄", slightly_smiling_face: "🙂", grinning: "😀", joy: "😂", wink: "😉",
  thinking_face: "🤔", sob: "😭", heart: "❤️", fire: "🔥", star: "⭐️", sparkles: "✨️", zap: "⚡️", bulb: "💡",
  memo: "📝", package: "📦", lock: "🔒", unlock: "🔓", key: "🔑", link: "🔗", mag: "🔍", hammer_and_wrench: "🛠️",
  wrench: "🔧", gear: "⚙️", bug: "🐛", robot_face: "🤖", construction: "🚧", test_tube: "🧪", clipboard: "📋",
  calendar: "📆", alarm_clock: "⏰️", stopwatch: "⏱️", stop_sign: "🛑", octagonal_sign: "🛑", arrow_right: "➡️",
  arrow_up: "⬆️", arrow_down: "⬇️", arrows_counterclockwise: "🔄", repeat: "🔁", information_source: "ℹ️",
  speech_balloon: "💬", email: "✉️", chart_with_upwards_trend: "📈", bar_chart: "📊", checkered_flag: "🏁",
};

/** The reactions that the menu of a message offers. */
export const QUICK = ["+1", "white_check_mark", "eyes"] as const;

/** Returns the character of an emoji's name, or nothing where the name is not known. */
export function emoji(name: string): string | undefined {
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}
