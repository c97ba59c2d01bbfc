// A list that stays at its newest line while somebody looks at that, and stays put while they read above it.

import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";

const NEAR = 60; // px

export function useStickyEnd(place: string, content: unknown): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  useLayoutEffect(() => {
    sticks.current = true;
  }, [place]);
  useLayoutEffect(() => {
    const element = list.current;
    if (element && sticks.current) element.scrollTop = element.scrollHeight;
  }, [place, content]);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const look = () => {
      sticks.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    };
    // A card that grows, or a pane that changes its size, must not push the newest line out of sight.
    const watcher = new ResizeObserver(() => {
      if (sticks.current) element.scrollTop = element.scrollHeight;
    });
    watcher.observe(element);
    for (const child of element.children) watcher.observe(child);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      watcher.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [place]);
  return list;
}
