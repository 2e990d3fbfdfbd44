import { Button } from "@mantine/core";
import { useState } from "react";

/** Put a text on the clipboard, also where the page is not served over TLS. */
export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    const words = text();
    try {
      await navigator.clipboard.writeText(words);
      setSaid("Copied");
    } catch {
      setSaid(copiedByHand(words) ? "Copied" : "Not allowed here");
    }
    setTimeout(() => setSaid(""), 2000);
  };
  return (
    <Button size="compact-xs" variant="default" onClick={() => void copy()} aria-live="polite">
      {said || label}
    </Button>
  );
}

function copiedByHand(text: string): boolean {
  const area = Object.assign(document.createElement("textarea"), { value: text });
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
