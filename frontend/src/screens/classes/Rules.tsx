import { NumberInput, Slider } from "@mantine/core";
import { Term } from "@/ui";
import { number } from "@/units";
import type { Choice } from "./choosing";
import styles from "./classes.module.css";

interface RulesProps {
  choice: Choice;
  onChange: (choice: Choice) => void;
  disabled: boolean;
}

/** The rule for classes of which nobody has decided. */
export function Rules({ choice, onChange, disabled }: RulesProps) {
  return (
    <div className={styles.rules}>
      <div className={styles.rule}>
        <Term means="Smallest score of a class that is taken when nobody has decided on it. Higher looks more like a particle.">
          Score at least
        </Term>
        <Slider
          min={0}
          max={1}
          step={0.01}
          value={choice.score_min}
          disabled={disabled}
          onChange={(value) => onChange({ ...choice, score_min: value })}
          label={null}
          size="sm"
          thumbLabel="Smallest score"
        />
        <span className={styles.value}>{number(choice.score_min, 2)}</span>
      </div>
      <NumberInput
        size="xs"
        label="Resolution at worst, Å"
        min={0.1}
        placeholder="any"
        value={choice.resolution_max ?? ""}
        disabled={disabled}
        onChange={(value) =>
          onChange({ ...choice, resolution_max: value === "" ? null : Number(value) })
        }
      />
      <NumberInput
        size="xs"
        label="Particles at least"
        min={1}
        allowDecimal={false}
        placeholder="any"
        value={choice.particles_min ?? ""}
        disabled={disabled}
        onChange={(value) =>
          onChange({ ...choice, particles_min: value === "" ? null : Number(value) })
        }
      />
    </div>
  );
}
