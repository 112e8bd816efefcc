import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { allowSound, silence } from "../core/attention";

/** Browsers ring only after a tap, so this is it. */
export function Sound({ off }: { off: string }): VNode {
  const [on, setOn] = useState(false);
  const toggle = (): void => {
    if (on) silence();
    else allowSound();
    setOn(!on);
  };
  return (
    <button type="button" class="quiet" onClick={toggle}>
      {on ? "Sound is on" : off}
    </button>
  );
}
