import { useEffect, useState } from "react";

interface Loaded {
  url: string;
  image: HTMLImageElement | null;
  failed: string;
}

/** The picture of an address; until it has come, the one before, so that nothing flickers. */
export function usePicture(url: string | null): {
  image: HTMLImageElement | null;
  failed: string;
  coming: boolean;
} {
  const [loaded, setLoaded] = useState<Loaded>({ url: "", image: null, failed: "" });
  useEffect(() => {
    if (url === null) return;
    let wanted = true;
    const image = new Image();
    image.onload = () => wanted && setLoaded({ url, image, failed: "" });
    image.onerror = () =>
      wanted &&
      setLoaded((before) => ({ url, image: before.image, failed: "the server does not send it" }));
    image.src = url;
    return () => {
      wanted = false;
    };
  }, [url]);
  return { image: loaded.image, failed: loaded.failed, coming: url !== null && loaded.url !== url };
}
