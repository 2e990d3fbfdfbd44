import { useQuery } from "@tanstack/react-query";
import { api, type ApiError } from "@/api/client";
import { sessionPath } from "@/api/queries";
import type { Part } from "./types";
import type { Volume } from "./volume/volume";

interface Header {
  shape: [number, number, number];
  low: number;
  high: number;
  voxel_size: number;
  whole: number;
}

/** The voxels of a map's file, as bytes; a result never changes, so they are asked for once. */
export function useCube(id: string, result: number, port: string, part: Part) {
  return useQuery<Volume, ApiError>({
    queryKey: ["cube", id, result, port, part],
    staleTime: Infinity,
    gcTime: 120_000,
    queryFn: async ({ signal }) => {
      const path = sessionPath(id, `/results/${result}/volume/${port}`);
      const answer = await api.raw(path, { part }, signal);
      const header = JSON.parse(answer.headers.get("X-Icestream-Volume") ?? "{}") as Header;
      return cubeOf(header, new Uint8Array(await answer.arrayBuffer()));
    },
  });
}

/** A cube of what the server sent; a map with unlike sides is filled up with its lowest density. */
export function cubeOf(header: Header, data: Uint8Array): Volume {
  const [depth, height, width] = header.shape;
  const rest = { spacing: header.voxel_size, low: header.low, high: header.high };
  const side = Math.max(depth, height, width);
  if (depth === side && height === side && width === side) return { ...rest, side, data };
  const filled = new Uint8Array(side ** 3);
  for (let z = 0; z < depth; z += 1)
    for (let y = 0; y < height; y += 1) {
      const row = data.subarray((z * height + y) * width, (z * height + y + 1) * width);
      filled.set(row, (z * side + y) * side);
    }
  return { ...rest, side, data: filled };
}
