// Releases, erasures and legal holds as the server has them now.

import type { Api } from "./api";
import type { Erasure, Hold, Named, Release } from "./types";

export interface Course {
  releases: Release[];
  erasures: Erasure[];
  holds: Hold[];
  names: Record<string, string>;
}

export async function courseNow(api: Api, signal?: AbortSignal): Promise<Course> {
  const [releases, erasures, holds] = await Promise.all([
    api.json<Named<Release>>("/releases", { signal }),
    api.json<Named<Erasure>>("/erasures", { signal }),
    api.json<Named<Hold>>("/holds", { signal }),
  ]);
  return {
    releases: releases.items,
    erasures: erasures.items,
    holds: holds.items,
    names: { ...releases.names, ...erasures.names, ...holds.names },
  };
}
