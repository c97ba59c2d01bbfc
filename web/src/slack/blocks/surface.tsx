// The message, modal or Home that a block stands on: what happens when somebody uses an element of it.

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { click, type Spot } from "../api";
import { usePage } from "../context";
import { markKey } from "../store/state";
import type { Block, Confirm, Element, Value } from "../types";

export interface Surface {
  spot: Spot;
  /** Tells the server; true once the app has acked. */
  use: (block: Block, element: Element, value: Value | undefined) => Promise<boolean>;
  /** Why the last use of an element was not acked. */
  problem: (element: Element) => string;
}

const SurfaceContext = createContext<Surface | null>(null);

export function useSurface(): Surface {
  const surface = useContext(SurfaceContext);
  if (!surface) throw new Error("An element stands outside of any surface.");
  return surface;
}

const address = (spot: Spot) => ("view_id" in spot ? spot.view_id : `${spot.channel}/${spot.ts}`);

export function OnSurface({ spot, children }: { spot: Spot; children: ReactNode }) {
  const { state, dispatch, say, attempt } = usePage();
  const { me, marks } = state;
  const place = address(spot);
  const surface = useMemo<Surface>(() => {
    const marked = (element: Element) => ({ ...spot, action_id: element.action_id ?? "" });
    return {
      spot,
      problem: (element) => marks[markKey(marked(element))] ?? "",
      use: async (block, element, value) => {
        dispatch({ type: "unmark", where: marked(element) });
        const pressed = {
          action_id: element.action_id ?? "",
          block_id: block.block_id,
          ...(value === undefined ? {} : { value }),
        };
        const done = await attempt(click(me, spot, pressed));
        if (done?.ack.state === "not_sent" && done.ack.problem) say(done.ack.problem);
        return done?.ack.state === "acked";
      },
    };
    // A spot is made anew with each drawing; its address says whether it is another one.
  }, [place, me, marks, dispatch, say, attempt]);
  return <SurfaceContext value={surface}>{children}</SurfaceContext>;
}

export interface Using {
  pending: boolean;
  problem: string;
  asking: { confirm: Confirm; answer: (yes: boolean) => void } | null;
  use: (value?: Value) => void;
}

/** Uses an element: asks first where the app wants that, and shows that it is under way. */
export function useElement(block: Block, element: Element): Using {
  const surface = useSurface();
  const [pending, setPending] = useState(false);
  const [asked, setAsked] = useState<{ value: Value | undefined } | null>(null);
  const send = async (value: Value | undefined) => {
    setPending(true);
    await surface.use(block, element, value);
    setPending(false);
  };
  const { confirm } = element;
  return {
    pending,
    problem: surface.problem(element),
    use: (value) => (confirm ? setAsked({ value }) : void send(value)),
    asking:
      confirm && asked
        ? {
            confirm,
            answer: (yes) => {
              setAsked(null);
              if (yes) void send(asked.value);
            },
          }
        : null,
  };
}
