import { Modal, TextInput } from "@mantine/core";
import { useState, type KeyboardEvent } from "react";
import type { Protocol } from "@/api/types";
import { Icon } from "@/ui";
import type { End, Port } from "@/workflow/model";
import { offers, type Offer } from "@/workflow/typing";
import styles from "./workflow.module.css";

/** From which port a step is to be added; null: from none. */
export interface Loose {
  end: End;
  side: "source" | "target";
  port: Port | undefined;
}

interface PaletteProps {
  opened: boolean;
  loose: Loose | null;
  protocols: ReadonlyMap<string, Protocol>;
  onChoose: (protocol: Protocol) => void;
  onClose: () => void;
}

/** Find a protocol by words; those that fit the chosen port come first. */
export function Palette({ opened, loose, protocols, onChoose, onClose }: PaletteProps) {
  const title = loose
    ? `Add a step ${loose.side === "source" ? "after" : "before"} ${loose.end.step}.${loose.end.port}`
    : "Add a step";
  return (
    <Modal opened={opened} onClose={onClose} title={title} size="lg">
      {opened && <Search loose={loose} protocols={protocols} onChoose={onChoose} />}
    </Modal>
  );
}

function Search({
  loose,
  protocols,
  onChoose,
}: Pick<PaletteProps, "loose" | "protocols" | "onChoose">) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = offers(typed, protocols, loose?.port) as (Offer & { protocol: Protocol })[];
  const chosen = Math.min(at, found.length - 1);
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(found.length - 1, chosen + step));
      setAt(next);
      document.getElementById(`offer-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && found[chosen]) {
      event.preventDefault();
      onChoose(found[chosen].protocol);
    }
  };
  return (
    <>
      <TextInput
        placeholder="What it does, or its name"
        aria-label="Search protocols"
        role="combobox"
        aria-expanded="true"
        aria-controls="offers"
        aria-activedescendant={found.length > 0 ? `offer-${chosen}` : undefined}
        leftSection={<Icon name="search" size={14} />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
        data-autofocus
      />
      <ul className={styles.offers} id="offers" role="listbox" aria-label="Protocols">
        {found.map((offer, index) => (
          <li
            key={offer.protocol.name}
            id={`offer-${index}`}
            role="option"
            aria-selected={index === chosen}
            className={styles.offer}
            onClick={() => onChoose(offer.protocol)}
            onPointerMove={() => setAt(index)}
          >
            <span className={styles.offerHead}>
              <strong>{offer.protocol.title}</strong>
              <code>{offer.protocol.name}</code>
              <span className={styles.offerKind}>{offer.fits ? "fits" : offer.protocol.kind}</span>
            </span>
            <span className={styles.offerText}>{offer.protocol.summary}</span>
            <span className={styles.offerText}>{portsWords(offer.protocol)}</span>
          </li>
        ))}
        {found.length === 0 && <li className={styles.offerText}>No protocol has these words.</li>}
      </ul>
    </>
  );
}

function portsWords(protocol: Protocol): string {
  const inputs = protocol.inputs.map((port) => port.type + (port.optional ? "?" : ""));
  const outputs = protocol.outputs.map((port) => port.type);
  return `${inputs.join(", ") || "nothing"} → ${outputs.join(", ") || "nothing"}`;
}
