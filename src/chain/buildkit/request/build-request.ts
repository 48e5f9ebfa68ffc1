// SPDX-License-Identifier: MIT
import type { Digest } from "../../../oci/digest.ts";
import type { Platform } from "../../../oci/platform.ts";

/** Where a build takes a context of its own name from; `FROM name` and `COPY --from=name` read it. */
export type NamedContext =
  | { readonly kind: "directory"; readonly path: string }
  /** One image of an OCI layout, or an index of it, by its digest. */
  | { readonly kind: "layout"; readonly path: string; readonly digest: Digest }
  /** An image of a registry: `host/repository@sha256:…`. */
  | { readonly kind: "image"; readonly reference: string };

/** A secret by the id that `RUN --mount=type=secret,id=…` names. Its value is never on a command line. */
export type BuildSecret =
  /** The value of an environment variable of this process. */
  { readonly id: string; readonly env: string } | { readonly id: string; readonly file: string };

/** A socket of an SSH agent for `RUN --mount=type=ssh,id=…`. */
export interface SshForward {
  /** `default` is what a mount without an id asks for. */
  readonly id: string;
  /** Default: the agent that `SSH_AUTH_SOCK` names. */
  readonly socket?: string | undefined;
}

/** Where the builder keeps its own cache between builds, one place a scope. */
export type CachePlace =
  | { readonly kind: "registry"; readonly reference: string }
  /** Replaced as a whole by each export, so that it does not grow for ever. */
  | { readonly kind: "local"; readonly directory: string };

/** How new layers are compressed. Layers of a parent stay as they are. */
export type LayerCompression = "zstd" | "gzip" | "uncompressed";

/**
 * What becomes of the built image. It always comes here: what pushes it later (`pushBuilt`) can push it again without
 * a build, and docker's own BuildKit can't push by digest.
 */
export type BuildOutput = (
  | {
      readonly kind: "layout";
      /** A directory that is missing or empty. It appears when it is whole. */
      readonly directory: string;
    }
  /** A tar of an OCI layout. It appears when it is whole. */
  | { readonly kind: "archive"; readonly file: string }
) & { readonly compression?: LayerCompression | undefined };

/** Everything that decides what is built, as plain values. Paths are of this machine. */
export interface BuildRequest {
  readonly context: string;
  readonly dockerfile: string;
  readonly platform: Platform;
  readonly target?: string | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  readonly contexts?: Readonly<Record<string, NamedContext>> | undefined;
  readonly secrets?: readonly BuildSecret[] | undefined;
  readonly ssh?: readonly SshForward[] | undefined;
  /** The network of RUN. Default: the builder's own. */
  readonly network?: "none" | "host" | undefined;
  /** Addresses by host name, for RUN. */
  readonly addHosts?: Readonly<Record<string, string>> | undefined;
  readonly cacheFrom?: readonly CachePlace[] | undefined;
  readonly cacheTo?: readonly CachePlace[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** In bytes: the most that each RUN may use. It counts where the builder has `caps`. */
  readonly memory?: number | undefined;
  /** The most processors of each RUN, such as 1.5. It counts where the builder has `caps`. */
  readonly cpus?: number | undefined;
  /** The cgroup of RUN, which caps what all of them use; one that its machine has. */
  readonly cgroupParent?: string | undefined;
  /** Run every step again. */
  readonly noCache?: boolean | undefined;
  /** Ask registries even for images that the builder has. */
  readonly pull?: boolean | undefined;
  /** Default: none, and then the output is a single image. */
  readonly attestations?: "none" | "provenance" | undefined;
  readonly output: BuildOutput;
}
