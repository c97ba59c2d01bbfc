import { describe, expect, it } from "vitest";
import { type Node, parse } from "../src/slack/text/mrkdwn";

/** Everything a person reads in a tree, marks left out. */
function words(nodes: Node[]): string {
  return nodes
    .map((node) => {
      if ("children" in node) return words(node.children);
      if ("text" in node) return node.text;
      if (node.kind === "break") return "\n";
      if (node.kind === "link") return node.label || node.url;
      return "";
    })
    .join("");
}

const kinds = (text: string) => parse(text).map((node) => node.kind);

describe("marks", () => {
  it("reads bold, italic and strike, one in the other", () => {
    expect(parse("*a _b_ ~c~*")).toEqual([
      {
        kind: "bold",
        children: [
          { kind: "text", text: "a " },
          { kind: "italic", children: [{ kind: "text", text: "b" }] },
          { kind: "text", text: " " },
          { kind: "strike", children: [{ kind: "text", text: "c" }] },
        ],
      },
    ]);
  });

  it.each(["snake_case_name", "2 * 3 * 4", "a*b*c", "* not a list", "_", "**", "~ a ~"])("leaves %j as it is", (text) => {
    expect(parse(text)).toEqual([{ kind: "text", text }]);
  });

  it("does not carry a mark over the end of a line", () => {
    expect(kinds("*a\nb*")).toEqual(["text", "break", "text"]);
  });

  it("does not look for the closing mark inside of code or a reference", () => {
    expect(parse("*a `b*` c*")[0]).toMatchObject({ kind: "bold" });
    expect(words(parse("*see <https://x.example/*|it> now*"))).toBe("see it now");
  });

  it("stays fast on text that opens marks and never closes them", () => {
    const hostile = "*a _b ~c ".repeat(4000);
    const before = performance.now();
    expect(words(parse(hostile))).toBe(hostile);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

describe("code", () => {
  it("keeps what is in code as it stands, escapes undone", () => {
    expect(parse("`*a* &lt;b&gt; <@U1>`")).toEqual([{ kind: "code", text: "*a* <b> <@U1>" }]);
  });

  it("reads a block, also between lines of text", () => {
    expect(parse("one\n```\n a\n b\n```\ntwo")).toEqual([
      { kind: "text", text: "one" },
      { kind: "break" },
      { kind: "pre", text: " a\n b" },
      { kind: "text", text: "two" },
    ]);
  });
});

describe("references", () => {
  it("reads people, channels, groups and everybody", () => {
    expect(parse("<@U1><#C1|general><!subteam^S1|@sre><!here>")).toEqual([
      { kind: "user", id: "U1", label: "" },
      { kind: "channel", id: "C1", label: "general" },
      { kind: "group", id: "S1", label: "@sre" },
      { kind: "broadcast", name: "here" },
    ]);
  });

  it("reads links with and without words of their own", () => {
    expect(parse("<https://x.example/?a=1&amp;b=2|R-3>")).toEqual([
      { kind: "link", url: "https://x.example/?a=1&b=2", label: "R-3" },
    ]);
    expect(parse("<mailto:a@x.example>")).toEqual([{ kind: "link", url: "mailto:a@x.example", label: "" }]);
  });

  it("reads a date with its fallback and its link", () => {
    expect(parse("<!date^1700000000^{date} at {time}^https://x.example|then>")).toEqual([
      { kind: "date", at: 1700000000, format: "{date} at {time}", url: "https://x.example", fallback: "then" },
    ]);
  });

  it("finds an address that somebody just typed, without the full stop after it", () => {
    expect(parse("see https://x.example/a?b=1&amp;c=2.")).toEqual([
      { kind: "text", text: "see " },
      { kind: "link", url: "https://x.example/a?b=1&c=2", label: "" },
      { kind: "text", text: "." },
    ]);
    expect(parse("nohttps://x.example")).toEqual([{ kind: "text", text: "nohttps://x.example" }]);
  });

  it("makes no reference of text that was escaped", () => {
    expect(parse("&lt;@U1&gt;")).toEqual([{ kind: "text", text: "<@U1>" }]);
  });
});

describe("the rest", () => {
  it("quotes lines, escaped or not, and stops quoting where they do", () => {
    expect(parse("a\n> b\n&gt; *c*\nd")).toEqual([
      { kind: "text", text: "a" },
      { kind: "quote", children: [{ kind: "text", text: "b" }, { kind: "break" }, { kind: "bold", children: [{ kind: "text", text: "c" }] }] },
      { kind: "text", text: "d" },
    ]);
  });

  it("replaces the emoji it knows and keeps the names of others", () => {
    expect(words(parse(":tada: :no_such_thing: 12:30:45 :constructor:"))).toBe("🎉 :no_such_thing: 12:30:45 :constructor:");
  });
});
