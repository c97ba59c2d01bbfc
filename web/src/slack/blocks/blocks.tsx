// Block Kit: one function for each type of block.

import { Fragment, type ReactNode } from "react";
import { Words } from "../text/render";
import type { Block, Element, Task, TextObject, Value } from "../types";
import { Interactive, Picture } from "./elements";
import { Plan, TaskLine } from "./plan";
import { Rich } from "./rich";
import { Unknown } from "./unknown";

interface Props {
  blocks: Block[];
  /** Draws an input, which only a modal knows how to fill in. */
  input?: (block: Block) => ReactNode;
  /** What the server says an element holds. */
  held?: (block: Block, element: Element) => Value | undefined;
}

export function Blocks({ blocks, input, held }: Props) {
  return blocks.map((block, place) => (
    <Fragment key={block.block_id || place}>
      {block.type === "input" && input ? input(block) : drawn(block, held ?? nothing)}
    </Fragment>
  ));
}

const nothing = () => undefined;

type Held = NonNullable<Props["held"]>;

function drawn(block: Block, held: Held): ReactNode {
  switch (block.type) {
    case "header":
      return <h2 className="block header"><Words of={block.text} /></h2>;
    case "divider":
      return <hr className="block" />;
    case "section":
      return <Section block={block} held={held} />;
    case "context":
      return <Context block={block} />;
    case "actions":
      return (
        <div className="block actions" role="group" aria-label="Actions">
          {(block.elements as Element[] | undefined)?.map((element, place) => (
            <Interactive key={place} block={block} element={element} held={held(block, element)} />
          ))}
        </div>
      );
    case "image":
      return (
        <figure className="block">
          {block.title && <figcaption><Words of={block.title} /></figcaption>}
          <Picture url={block.image_url} alt={block.alt_text} />
        </figure>
      );
    case "input":
      return <InputInMessage block={block} held={held} />;
    case "rich_text":
      return <div className="block text"><Rich parts={block.elements ?? []} /></div>;
    case "plan":
      return <Plan block={block} />;
    case "task_card":
      return <div className="block"><TaskLine task={block as unknown as Task} /></div>;
    default:
      return <Unknown type={block.type} value={block} />;
  }
}

function Section({ block, held }: { block: Block; held: Held }) {
  return (
    <div className={`block section${block.accessory ? " beside" : ""}`}>
      <div>
        {block.text && <div className="text"><Words of={block.text} /></div>}
        {block.fields && (
          <div className="fields">
            {block.fields.map((field, place) => <div className="text" key={place}><Words of={field} /></div>)}
          </div>
        )}
      </div>
      {block.accessory && <Interactive block={block} element={block.accessory} held={held(block, block.accessory)} />}
    </div>
  );
}

function Context({ block }: { block: Block }) {
  return (
    <div className="block context">
      {(block.elements as (TextObject | Element)[] | undefined)?.map((one, place) =>
        one.type === "image" ? (
          <Picture key={place} url={(one as Element).image_url} alt={(one as Element).alt_text} small />
        ) : (
          <span className="text" key={place}><Words of={one as TextObject} /></span>
        ),
      )}
    </div>
  );
}

function InputInMessage({ block, held }: { block: Block; held: Held }) {
  if (!block.element) return null;
  return (
    <div className="block field">
      <span className="label"><Words of={block.label} /></span>
      <Interactive block={block} element={block.element} held={held(block, block.element)} />
      {block.hint && <small><Words of={block.hint} /></small>}
    </div>
  );
}
