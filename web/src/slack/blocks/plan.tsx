// Plans and their tasks: what an app is doing, a line a task.

import type { Block, Task } from "../types";
import { Rich } from "./rich";

const SIGNS: Record<string, [string, string]> = {
  pending: ["○", "to come"],
  in_progress: ["◔", "under way"],
  complete: ["✓", "done"],
  error: ["✕", "failed"],
};

export function Plan({ block }: { block: Block }) {
  return (
    <details className="block plan" open>
      <summary>{String(block.title ?? "")}</summary>
      <ul>
        {(block.tasks ?? []).map((task) => <li key={task.task_id}><TaskLine task={task} /></li>)}
      </ul>
    </details>
  );
}

export function TaskLine({ task }: { task: Task }) {
  const [sign, meaning] = SIGNS[task.status ?? "pending"] ?? ["·", task.status ?? ""];
  return (
    <div className={`task ${task.status ?? "pending"}`}>
      <span className="sign" role="img" aria-label={meaning}>{sign}</span>
      <div className="text">
        {task.title}
        {[task.details, task.output].map((one, place) => one && <Rich key={place} parts={one.elements ?? []} />)}
      </div>
    </div>
  );
}
