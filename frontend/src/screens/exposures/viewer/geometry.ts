// Where a picture lies in its window: zooming about a point, moving, and staying in sight.

/** Pixels of the window = pixels of the picture x scale + offset. */
export interface Frame {
  scale: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

const MOST = 16;

/** The whole picture in the middle of the window. */
export function fitted(picture: Size, window: Size): Frame {
  const scale = Math.min(window.width / picture.width, window.height / picture.height);
  return {
    scale,
    x: (window.width - picture.width * scale) / 2,
    y: (window.height - picture.height * scale) / 2,
  };
}

/** Kept so that the picture fills the window, or lies in its middle where it is smaller. */
export function kept(frame: Frame, picture: Size, window: Size): Frame {
  const along = (offset: number, length: number, room: number): number => {
    const size = length * frame.scale;
    if (size <= room) return (room - size) / 2;
    return Math.min(0, Math.max(room - size, offset));
  };
  return {
    scale: frame.scale,
    x: along(frame.x, picture.width, window.width),
    y: along(frame.y, picture.height, window.height),
  };
}

/** Larger or smaller by a factor, with the point (x, y) of the window staying where it is. */
export function zoomed(
  frame: Frame,
  factor: number,
  at: { x: number; y: number },
  picture: Size,
  window: Size,
): Frame {
  const least = fitted(picture, window).scale;
  const scale = Math.min(Math.max(MOST, least), Math.max(least, frame.scale * factor));
  const grown = scale / frame.scale;
  const moved = { scale, x: at.x - (at.x - frame.x) * grown, y: at.y - (at.y - frame.y) * grown };
  return kept(moved, picture, window);
}

/** Moved by pixels of the window. */
export const moved = (frame: Frame, dx: number, dy: number, picture: Size, window: Size): Frame =>
  kept({ scale: frame.scale, x: frame.x + dx, y: frame.y + dy }, picture, window);

/** The pixel of the picture under a point of the window. */
export const pixelAt = (frame: Frame, x: number, y: number): { x: number; y: number } => ({
  x: (x - frame.x) / frame.scale,
  y: (y - frame.y) / frame.scale,
});

/** Edge in pixels of the picture that the server should make for so many pixels of the window. */
export function wantedSize(frame: Frame, picture: Size, density: number): number {
  const longest = Math.max(picture.width, picture.height);
  const shown = longest * frame.scale * density;
  const steps = [512, 1024, 2048, 4096, 8192];
  const step = steps.find((each) => each >= shown * 0.9) ?? longest;
  return Math.min(step, longest);
}

/** A round length in Å whose bar is at most so many pixels of the window long. */
export function scaleBar(frame: Frame, pixelSize: number, most: number): number {
  const room = (most / frame.scale) * pixelSize;
  const power = 10 ** Math.floor(Math.log10(room));
  const factor = [5, 2, 1].find((each) => each * power <= room) ?? 1;
  return factor * power;
}
