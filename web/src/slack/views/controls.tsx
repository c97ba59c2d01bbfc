// The inspector's other face: faults, the clock, and what is left of the rate limits.

import { useEffect, useState } from "react";
import * as api from "../api";
import { usePage } from "../context";
import { channelName } from "../store/select";
import type { Fault } from "../types";
import { bucketText, bucketTone, clockText, FAULTS, faultText, STEPS } from "./steer";

export function Controls() {
  return (
    <div className="controls" tabIndex={0} role="region" aria-label="Controls">
      <Faults />
      <Time />
      <Buckets />
    </div>
  );
}

function Faults() {
  const { state, attempt } = usePage();
  const [armed, setArmed] = useState<Fault[]>([]);
  const newest = Math.max(state.calls.at(-1)?.seq ?? 0, state.envelopes.at(-1)?.seq ?? 0);
  const show = (doing: Promise<Fault[]>) => void attempt(doing.then(setArmed));
  useEffect(() => {
    void api.faults().then(setArmed, () => undefined); // the bar says already that the server is gone
  }, [newest]);
  return (
    <section aria-label="Faults">
      <h3>Faults</h3>
      <p className="switches">
        {FAULTS.map((one) => (
          <button type="button" key={one.label} title={one.title} onClick={() => show(api.arm(one.arm))}>{one.label}</button>
        ))}
        <button type="button" className="clear" disabled={!armed.length} onClick={() => show(api.disarm())}>Clear all</button>
      </p>
      <ul>{armed.map((one, place) => <li key={place}>{faultText(one)}</li>)}</ul>
    </section>
  );
}

function Time() {
  const { state, attempt } = usePage();
  const { clock } = state;
  const turn = (how: Parameters<typeof api.turnClock>[0]) => void attempt(api.turnClock(how));
  return (
    <section aria-label="Clock">
      <h3>Clock</h3>
      <p className="moment">{clockText(clock)}</p>
      <p className="switches">
        {clock.mode === "real" ? (
          <button type="button" title="The clock stands still until it is moved" onClick={() => turn({ mode: "virtual" })}>Stop the clock</button>
        ) : (
          <>
            {STEPS.map((one) => (
              <button type="button" key={one.label} onClick={() => turn({ advance_s: one.seconds })}>{one.label}</button>
            ))}
            <button type="button" onClick={() => turn({ mode: "real" })}>Real time</button>
          </>
        )}
      </p>
    </section>
  );
}

function Buckets() {
  const { state, attempt } = usePage();
  const [limits, setLimits] = useState<api.Limits>({ enabled: false, buckets: [] });
  const newest = state.calls.at(-1)?.seq ?? 0;
  useEffect(() => {
    void api.limits().then(setLimits, () => undefined);
  }, [newest, state.clock.now]);
  const turn = (on: boolean) => void attempt(api.limited(on).then(api.limits).then(setLimits));
  return (
    <section aria-label="Rate limits">
      <h3>Rate limits</h3>
      <label><input type="checkbox" checked={limits.enabled} onChange={(event) => turn(event.target.checked)} /> as strict as Slack</label>
      <ul className="buckets">
        {limits.buckets.map((one) => {
          const channel = one.channel ? `#${channelName(state, one.channel)}` : "";
          return (
            <li key={`${one.method}/${one.channel ?? ""}`}>
              <meter min={0} max={one.most} value={one.left} aria-hidden="true" />
              <span className={`outcome ${bucketTone(one)}`}>{bucketText(one, channel)}</span>
            </li>
          );
        })}
      </ul>
      {limits.enabled && !limits.buckets.length && <p className="nothing">Nothing was called yet.</p>}
    </section>
  );
}
