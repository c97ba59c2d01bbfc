// The messages of a channel or a thread, with a line between days.

import { Fragment, type RefObject } from "react";
import { continues } from "../store/select";
import { dayName, momentOf } from "../text/dates";
import type { Message, ThreadStatus } from "../types";
import { MessageView } from "./message";

interface Props {
  label: string;
  messages: Message[];
  list: RefObject<HTMLDivElement | null>;
  open?: ((ts: string) => void) | undefined;
  status?: ThreadStatus | undefined;
  /** What stands before the first message. */
  children?: React.ReactNode;
}

export function Messages({ label, messages, list, open, status, children }: Props) {
  const now = new Date();
  const day = (message: Message) => dayName(momentOf(message.ts), { now });
  return (
    <div className="list" ref={list} role="log" aria-label={label} tabIndex={0}>
      <div className="inner">
        {children}
        {messages.map((message, place) => {
          const before = messages[place - 1];
          const newDay = !before || day(before) !== day(message);
          return (
            <Fragment key={message.ts}>
              {newDay && <p className="day"><span>{day(message)}</span></p>}
              <MessageView message={message} compact={!newDay && continues(before, message)} open={open} />
            </Fragment>
          );
        })}
        {status && <p className="typing" role="status">{status.loading_messages[0] || status.status}</p>}
      </div>
    </div>
  );
}
