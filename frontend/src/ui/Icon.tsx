const PATHS = {
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  sun: "M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9L13 13M13 3l-1.1 1.1M4.1 11.9L3 13",
  help: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M8 12.6v.4",
  person: "M8 8a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM2.5 14a5.5 5.5 0 0 1 11 0",
  play: "M4.5 2.5l8.5 5.5l-8.5 5.5z",
  pause: "M5 3v10M11 3v10",
  stop: "M3.5 3.5h9v9h-9z",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  plus: "M8 3v10M3 8h10",
  folder: "M1.5 4.5v8h13v-7h-7l-1.5-2h-4.5z",
  file: "M4 1.5h5l3.5 3.5v9.5h-8.5zM9 1.5v3.5h3.5",
  up: "M8 13V3.5M4 7.5l4-4l4 4",
  down: "M4 6l4 4l4-4",
  right: "M6 4l4 4l-4 4",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.5 10.5L14 14",
  check: "M3 8.5l3.5 3.5L13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  download: "M8 2v8.5M4.5 7L8 10.5L11.5 7M2.5 13.5h11",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.5 4.2L11.5 9M9 11.5L7.500 13a3 3 0 0 1-4.500-4.2L4.500 7",
} as const;

export type IconName = keyof typeof PATHS;

/** A small drawing that goes with a word, or with the label of its button. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
