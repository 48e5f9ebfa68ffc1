// SPDX-License-Identifier: MIT

/** How a registry takes content in chunks (PATCH), rather than in one PUT. */
export interface ChunkHabits {
  /**
   * `never`: it refuses chunks or loses them. `large`: content of {@link ChunkHabits.from} bytes and more is sent in
   * chunks. `always`: it takes nothing else.
   */
  readonly use: "never" | "large" | "always";
  /** Bytes of one chunk. */
  readonly length: number;
  /** The bytes from which on `large` content is sent in chunks. */
  readonly from: number;
  /** The most bytes of one chunk, where there is a limit. */
  readonly most?: number | undefined;
}

/** What one registry, or one kind of registry, does and does not do beyond what the specification says. */
export interface RegistryHabits {
  /** What messages call it. */
  readonly name: string;
  /** The most bytes of one blob. Larger ones are refused before they are sent. */
  readonly blobBytes?: number | undefined;
  /** The milliseconds after which it ends an upload that is under way. */
  readonly uploadTime?: number | undefined;
  readonly chunks: ChunkHabits;
  /** Whether it mounts blobs from other repositories. `false` saves a request for each blob. */
  readonly mounts: boolean;
  /** The largest `n` that its lists take. */
  readonly pageSize?: number | undefined;
  /** Whether a tag can be deleted without its manifest; undefined where that depends on the installation. */
  readonly deletesTags?: boolean | undefined;
  /**
   * Whether it refuses a manifest that names a blob which the repository lacks, as the specification lets it. `true` saves a
   * request for each layer that an image of the same repository has; undefined where that is not known.
   */
  readonly checksManifests?: boolean | undefined;
}

/** What is known of the registries whose host fits one of the patterns; what is left out is as everywhere. */
export interface HostHabits extends Partial<Omit<RegistryHabits, "chunks">> {
  /** Hosts without a port. `*` stands for any characters but dots, `**` for any at all: `*.azurecr.io`. */
  readonly hosts: readonly string[];
  readonly chunks?: Partial<ChunkHabits> | undefined;
}

const MIB = 1024 * 1024;

/**
 * What is assumed of a registry of which nothing is known. Chunks are for uploads that break: some registries forget a
 * request that did, and keep only whole chunks. Measured with distribution 2.8 on loopback, chunks of 64 MiB take a
 * fifth longer than one PUT.
 */
export const DEFAULT_HABITS: RegistryHabits = Object.freeze({
  name: "this registry",
  chunks: Object.freeze({ use: "large", length: 64 * MIB, from: 1024 * MIB }),
  mounts: true,
});

/**
 * What is known of the registry at a host: the first entry of `known` with a pattern that fits, completed by
 * {@link DEFAULT_HABITS}.
 * @param registry host and optional port
 */
export function habitsOf(registry: string, known: readonly HostHabits[]): RegistryHabits {
  const host = registry.replace(/:\d+$/, "").toLowerCase();
  const found = known.find(({ hosts }) => hosts.some((pattern) => fits(host, pattern)));
  if (found === undefined) return DEFAULT_HABITS;
  const { hosts, chunks, ...rest } = found;
  return {
    ...DEFAULT_HABITS,
    name: hosts[0] === undefined ? DEFAULT_HABITS.name : host,
    ...rest,
    chunks: { ...DEFAULT_HABITS.chunks, ...chunks },
  };
}

function fits(host: string, pattern: string): boolean {
  const expression = pattern
    .toLowerCase()
    .split(/(\*\*?)/)
    .map((part) => {
      if (part === "**") return ".*";
      return part === "*" ? "[^.]*" : part.replace(/[^a-z0-9_-]/g, "\\$&");
    })
    .join("");
  return new RegExp(`^${expression}$`).test(host);
}
