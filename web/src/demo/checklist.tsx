import { useState } from "react";

const KEPT = "baton-demo-checklist";
const CURL = "curl -d process_id=hello -d name='Hello' -d status=started -H \"Authorization: Bearer $BATON_TOKEN\" $BATON_URL/v1/notify";

/** Three things to try. Put away once, it stays away. */
export function Checklist({ decided }: { decided: boolean }) {
  const [away, setAway] = useState(() => window.localStorage.getItem(KEPT) === "away");
  if (away) return null;
  const dismiss = () => {
    window.localStorage.setItem(KEPT, "away");
    setAway(true);
  };
  return (
    <aside className="checklist" aria-label="Things to try">
      <ol>
        <li className={decided ? "done" : ""}>Click <em>Approve</em> in the thread on the left, and watch the run go on here.</li>
        <li>Type <code>/baton status last</code> into the channel.</li>
        <li>Report something yourself: the demo printed a token and this line in your terminal. <code>{CURL}</code></li>
      </ol>
      <button onClick={dismiss} aria-label="Put the list away">Got it</button>
    </aside>
  );
}
