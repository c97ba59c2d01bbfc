// Three things to try. What Baton can see to be done is ticked by itself; put away once, the list stays away.

import { useState } from "react";

const KEPT = "baton-demo-checklist";
const REPORT = 'curl -d process_id=hello -d name=Hello -d status=started -H "Authorization: Bearer $BATON_TOKEN" $BATON_URL/v1/notify';

interface Kept {
  away: boolean;
  asked: boolean;
}

function kept(): Kept {
  try {
    return { away: false, asked: false, ...(JSON.parse(window.localStorage.getItem(KEPT) ?? "{}") as Partial<Kept>) };
  } catch {
    return { away: false, asked: false };
  }
}

export function Checklist({ decided, reported }: { decided: boolean; reported: boolean }) {
  const [own, setOwn] = useState(kept);
  const put = (part: Partial<Kept>) => {
    const next = { ...own, ...part };
    window.localStorage.setItem(KEPT, JSON.stringify(next));
    setOwn(next);
  };
  if (own.away) return null;
  return (
    <aside className="checklist" aria-label="Things to try">
      <header>
        <h2>Three things to try</h2>
        <button type="button" onClick={() => put({ away: true })}>Put away</button>
      </header>
      <ol>
        <Item done={decided}>Press <strong>Approve</strong> in the thread on the left, and watch the run go on here.</Item>
        <li className={own.asked ? "done" : ""}>
          <input type="checkbox" id="asked" checked={own.asked} onChange={(event) => put({ asked: event.target.checked })} />
          <label htmlFor="asked">Type <code>/baton status last</code> into the channel.</label>
        </li>
        <Item done={reported}>
          Report something yourself, with the token that the demo printed in your terminal. <Line text={REPORT} />
        </Item>
      </ol>
    </aside>
  );
}

function Item({ done, children }: { done: boolean; children: React.ReactNode }) {
  return (
    <li className={done ? "done" : ""}>
      <span className="tick" role="img" aria-label={done ? "done" : "to do"}>{done ? "✓" : ""}</span>
      <span>{children}</span>
    </li>
  );
}

function Line({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true), () => undefined);
  return (
    <span className="line">
      <code tabIndex={0}>{text}</code>
      <button type="button" onClick={copy} aria-live="polite">{copied ? "Copied" : "Copy"}</button>
    </span>
  );
}
